// Package words says in one line of words what a record of the ledger says, for people who read the log on a terminal
// or on a page. It holds what the record holds, cut to a length where somebody wrote at length; what in it would do
// something to a terminal or a page is for whoever shows it to escape.
package words

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// Names are what the names in the record of an event stand for, where that is known.
type Names struct {
	Shape *ledger.Shape
	Rungs []byte // the record of the rungs
	Wide  bool   // fields and rungs are named, and not only counted
}

// record is what is put into words.
type record struct {
	raw   []byte
	all   gjson.Result
	names Names
}

// of are the words of each kind. One that is not among them is said by the names of its members.
var of = map[string]func(r *record) string{
	ledger.KindEvent:   event,
	ledger.KindOutcome: outcome,
	ledger.KindAttempt: attempt,
	ledger.KindRungs:   rungs,
	ledger.KindShape:   shape,
	ledger.KindRefused: func(r *record) string {
		return fmt.Sprintf("refused %s×: %s", r.get("count"), r.get("reason"))
	},
	ledger.KindApproval:    assessed,
	ledger.KindRevocation:  assessed,
	ledger.KindDue:         due,
	ledger.KindObjection:   act,
	ledger.KindWithdrawal:  act,
	ledger.KindKeptOptOut:  act,
	ledger.KindComplaint:   act,
	ledger.KindChoice:      choice,
	ledger.KindDecided:     decided,
	ledger.KindDecisionEnd: decisionEnd,
	ledger.KindHead:        head,
	ledger.KindStart:       note,
	ledger.KindSegment:     note,
	ledger.KindStop:        note,
	ledger.KindReload:      note,
	ledger.KindKey:         note,
	ledger.KindQueue:       note,
	ledger.KindBackup:      note,
	ledger.KindExport:      note,
	ledger.KindCluster:     note,
	ledger.KindSealed:      func(r *record) string { return joined("sealed", numbersIn(r.all)) },
	ledger.KindRetention:   func(r *record) string { return joined("retention", numbersIn(r.all), r.long("text")) },
	ledger.KindErasure:     erasure,
	ledger.KindPromises:    promises,
	ledger.KindErased: func(r *record) string {
		return fmt.Sprintf("erased: %s of the segment that begins with %s are gone",
			plural.Of(int(r.all.Get("records").Int()), "line"), r.get("segment"))
	},
	ledger.KindPeriods: func(r *record) string {
		return fmt.Sprintf("periods: records are kept %s; that counts a day later", cmp.Or(r.long("text"), "for good"))
	},
	ledger.KindReading: reading,
	ledger.KindReadingEnd: func(r *record) string {
		return fmt.Sprintf("reading_end of %s by %s: %s", r.get("reading"), r.get("by"),
			plural.Of(r.all.Get("records").Int(), "record"))
	},
	ledger.KindTurnedAway: func(r *record) string {
		return fmt.Sprintf("turned_away %s×: %s %s %s", r.get("count"), r.get("why"), cmp.Or(r.get("permission"), "-"),
			cmp.Or(r.get("by"), "-"))
	},
	ledger.KindToken:    token,
	ledger.KindSetAside: others,
	ledger.KindLogKey:   logKey,
	ledger.KindRestored: restored,
}

// Line says what a record says: when, and what. Of a kind that it has no words for, it says the members by their names.
func Line(raw []byte, names Names) string {
	r := &record{raw: raw, all: gjson.ParseBytes(raw), names: names}
	at := r.get("time")
	if parsed, err := time.Parse(time.RFC3339Nano, at); err == nil {
		at = parsed.Format("2006-01-02 15:04:05.000")
	}
	say := of[r.all.Get("kind").Str]
	if say == nil {
		say = others
	}
	return at + "  " + say(r)
}

// How many characters are shown of a value, and of what somebody wrote.
const (
	mostShort = 60
	mostLong  = 200
)

// get is a member as it is shown.
func (r *record) get(name string) string { return cut(r.all.Get(name).String(), mostShort) }

// long is a member that somebody wrote.
func (r *record) long(name string) string { return cut(r.all.Get(name).String(), mostLong) }

// list is a member's values.
func (r *record) list(name string) string { return listOf(r.all.Get(name)) }

func listOf(list gjson.Result) string {
	var all []string
	for _, one := range list.Array() {
		all = append(all, cut(one.String(), mostShort))
	}
	return cut(strings.Join(all, ", "), mostLong)
}

// cut is at most so many characters of a text.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}

// joined are the words that are not empty, with a space between them.
func joined(all ...string) string {
	var b strings.Builder
	for _, word := range all {
		if word == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(word)
	}
	return b.String()
}

// before is a text with something before it, where there is one.
func before(what, text string) string {
	if text == "" {
		return ""
	}
	return what + text
}

func note(r *record) string { return joined(r.get("kind"), r.long("text"), r.get("policy")) }

func head(r *record) string {
	return joined(r.get("kind")+":", r.get("size"), "acts, root", r.get("root"),
		before("restored because ", r.long("restored")))
}

func logKey(r *record) string {
	return joined("log_key", r.get("key"), before("in place of ", r.get("was")))
}

func restored(r *record) string {
	return joined("restored: the log was accepted with", r.get("size"), "records, where", r.get("was_size"),
		"were signed", before("because ", r.long("because")))
}

func assessed(r *record) string {
	return fmt.Sprintf("%s %s version %s: %s %s", r.get("kind"), r.get("assessment"), r.get("assessment_version"),
		cmp.Or(r.long("because"), "-"), r.get("key"))
}

func promises(r *record) string {
	text := fmt.Sprintf("promises version %s, signed by %s at %s: %s", r.get("promises_version"),
		r.get("key"), r.get("approved"),
		plural.Of(len(r.all.Get("promises").Array()), "promise"))
	if r.all.Get("again").Bool() {
		text += ", as before"
	}
	return text
}

func due(r *record) string {
	return fmt.Sprintf("%s %s by %s: mark %s, told %s", r.get("kind"), r.get("assessment"),
		r.get("review_by"), r.get("days"),
		r.get("told"))
}

// everyRecord are members that records of every kind have, or that stand for themselves.
var everyRecord = map[string]bool{
	"time": true, "kind": true, "node": true, "salt": true, "crc": true, "first": true, "end": true, "text": true,
}

// others is what a record of a kind without words of its own says: of which records, the
// text, and whatever else it has, by name.
func others(r *record) string {
	var b strings.Builder
	b.WriteString(r.get("kind") + before(" ", numbersIn(r.all)))
	if text := r.all.Get("text"); text.Exists() {
		b.WriteString(" " + r.long("text"))
	}
	r.all.ForEach(func(name, value gjson.Result) bool {
		switch {
		case everyRecord[name.Str]:
		case value.IsArray():
			fmt.Fprintf(&b, " %s=[%d]", cut(name.Str, mostShort), len(value.Array()))
		default:
			b.WriteString(" " + cut(name.Str, mostShort) + "=" + cut(value.String(), 100))
		}
		return true
	})
	return b.String()
}

// numbersIn is of which records a record says something; "" where it is of none.
func numbersIn(r gjson.Result) string {
	first, end := r.Get("first").Uint(), r.Get("end").Uint()
	if end <= first {
		return ""
	}
	return fmt.Sprintf("records %d to %d", first, end-1)
}

// Has tells whether records of a kind are said in words of their own.
func Has(kind string) bool { return of[kind] != nil }
