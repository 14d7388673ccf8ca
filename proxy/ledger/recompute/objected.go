package recompute

import (
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/rules"
)

// objected are the acts that stand for subjects, as the records say: never more than stand. Each takes
// some 60 bytes, and no object of its own.
type objected struct {
	first   map[hash]uint32 // by subject: its first entry, by place, from 1
	entries []entry
	free    uint32 // the first of the entries that are free, likewise
	acts    texts
	scopes  texts

	now  int // for whom something stands
	past map[hash][]past
	kept int // how many past ones there are
}

// past is an entry that was taken back.
type past struct {
	entry
	until   uint64 // number of the record that says so
	untilAt time.Time
}

// entry is one scope of one act of a subject.
type entry struct {
	act, scope uint32 // in acts and scopes
	next       uint32 // of the same subject; 0: none
	at         uint32 // when it was recorded, Unix seconds
	since      uint64 // number of the record that said it first
	seq        uint64 // of the act, in the log of objections
}

// texts are texts that are kept once.
type texts struct {
	of  map[string]uint32
	all []string
}

func (t *texts) number(text string) uint32 {
	n, known := t.of[text]
	if !known {
		text = strings.Clone(text)
		n = uint32(len(t.all))
		t.all = append(t.all, text)
		if t.of == nil {
			t.of = map[string]uint32{}
		}
		t.of[text] = n
	}
	return n
}

// lasting is a text as it was kept first: it may be the key of a map, where a view of a record may not.
func (t *texts) lasting(text string) string { return t.all[t.number(text)] }

const restriction = "restriction:"

// act is a record about objections: the parts of it put together.
type act struct {
	number               uint64
	kind                 string
	at                   uint32
	seq, last            uint64
	scopes, stands       []string
	restriction, every   bool
	recovered            bool
	says                 bool // what stands afterwards: records of a version before do not
	holder, source, site string
	times                uint64
	subjects             []hash
	decision             decision
	ends                 uint64
}

// actOf reads the lines of such a record.
func actOf(number uint64, kind string, at int64, lines []string) (a act) {
	a = act{number: number, kind: kind, at: uint32(max(at, 0))}
	for _, text := range lines {
		gjson.Parse(text).ForEach(func(key, value gjson.Result) bool {
			switch key.Str {
			case "seq":
				a.seq = value.Uint()
			case "last_seq":
				a.last = value.Uint()
			case "times":
				a.times = value.Uint()
			case "scopes":
				a.scopes = appendTexts(a.scopes, value)
			case "stands":
				a.stands, a.says = appendTexts(a.stands, value), true
			case "restriction":
				a.restriction = value.Bool()
			case "recovered":
				a.recovered = value.Bool()
			case "every_act":
				a.every = value.Bool()
			case "act":
				a.holder = value.Str
			case "source":
				a.source = value.Str
			case "site":
				a.site = value.Str
			case "subjects":
				a.subjects = appendHashes(a.subjects, value)
			case "ends":
				a.ends = value.Uint()
			default:
				a.decision.read(key.Str, value)
			}
			return true
		})
	}
	a.last = max(a.last, a.seq)
	a.says = a.says || a.holder != "" // nothing stands: an empty list is left out
	return a
}

// add has an act be in force for its subjects.
func (o *objected) add(a *act) {
	for _, scope := range a.scopes {
		if a.restriction {
			scope = restriction + scope
		}
		o.put(a, scope)
	}
	if a.kind == ledger.KindKeptOptOut && len(a.scopes) == 0 {
		o.put(a, rules.KeptOptOutScope)
	}
}

func (o *objected) put(a *act, scope string) {
	one := entry{act: o.acts.number(a.holder), scope: o.scopes.number(scope), at: a.at, since: a.number, seq: a.last}
	for _, subject := range a.subjects {
		o.putFor(subject, one)
	}
}

func (o *objected) putFor(subject hash, one entry) {
	first := o.first[subject]
	for at := first; at != 0; at = o.entries[at-1].next {
		if e := &o.entries[at-1]; e.act == one.act && e.scope == one.scope {
			return // it stands since before
		}
	}
	if first == 0 {
		o.now++
	}
	one.next = first
	at := o.free
	if at != 0 {
		o.free = o.entries[at-1].next
		o.entries[at-1] = one
	} else {
		o.entries = append(o.entries, one)
		at = uint32(len(o.entries))
	}
	o.first[subject] = at
}

// remove takes away the entries of a subject that are gone.
func (o *objected) remove(subject hash, gone func(*entry) bool) {
	first, known := o.first[subject]
	if !known {
		return
	}
	kept := uint32(0)
	for at := first; at != 0; {
		e := &o.entries[at-1]
		next := e.next
		if gone(e) {
			e.next, o.free = o.free, at
		} else {
			e.next, kept = kept, at
		}
		at = next
	}
	if kept == 0 {
		delete(o.first, subject)
		o.now--
		return
	}
	o.first[subject] = kept
}

// takeBack ends what a withdrawal ends. What stands for its subjects afterwards is said for all of them together:
// whatever is not among it stands for none.
func (o *objected) takeBack(a *act, at time.Time) {
	all := slices.Contains(a.scopes, "all")
	for _, subject := range a.subjects {
		o.remove(subject, func(e *entry) bool {
			scope, holder := o.scopes.all[e.scope], o.acts.all[e.act]
			gone := a.says && !slices.Contains(a.stands, scope) || (a.every || ends(a.holder, holder)) &&
				(slices.Contains(a.scopes, scope) || all && (a.holder != "link" || scope != rules.KeptOptOutScope))
			if gone && !a.recovered { // else nobody knows since when
				o.past[subject], o.kept = append(o.past[subject], past{*e, a.number, at}), o.kept+1
			}
			return gone
		})
	}
}

// forgetPast forgets what was taken back before a record: nobody asks for it any more.
func (o *objected) forgetPast(before uint64) {
	for subject, all := range o.past {
		left := slices.DeleteFunc(all, func(p past) bool { return p.until <= before })
		if o.kept -= len(all) - len(left); len(left) == 0 {
			delete(o.past, subject)
		} else {
			o.past[subject] = left
		}
	}
}

// ends tells whether what one holder takes back ends an act of another one. Where either is not known, as in
// records of a version before, it does.
func ends(by, of string) bool {
	switch {
	case by == of, by == "", of == "":
		return true
	case by == "role":
		return of == "link" || of == "earlier" || of == rules.KeptOptOutScope
	case by == "link":
		return of == rules.KeptOptOutScope
	default:
		return false
	}
}

// forget ends what acts behind a number of the log of objections said: an older copy of it was accepted, which does not
// hold them.
func (o *objected) forget(behind uint64) {
	var gone []hash
	for subject, first := range o.first {
		for at := first; at != 0; at = o.entries[at-1].next {
			if o.entries[at-1].seq > behind {
				gone = append(gone, subject)
				break
			}
		}
	}
	for _, subject := range gone {
		o.remove(subject, func(e *entry) bool { return e.seq > behind })
	}
}

// each calls f with what stands for a subject.
func (o *objected) each(subject hash, f func(e *entry)) {
	for at := o.first[subject]; at != 0; at = o.entries[at-1].next {
		f(&o.entries[at-1])
	}
}

// lead is whom an act follows, if it follows anybody.
func (o *objected) lead(e *entry) (hash, bool) {
	name, follows := strings.CutPrefix(o.acts.all[e.act], "seen_with:")
	if !follows {
		return hash{}, false
	}
	return parseHash(name)
}
