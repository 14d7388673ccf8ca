package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
	"github.com/tagwarden/tagwarden/rules/plural"
)

func digest(text []byte) string {
	d := sha256.Sum256(text)
	return hex.EncodeToString(d[:])
}

// judge tells whether all that is stored makes the tree that was signed, and finds the place where it does not.
func (v *verification) judge() error {
	var got tlog.Tree
	trouble := false
	for i, r := range v.read {
		trouble = trouble || r.bad || r.short || r.noEntry || r.badNode != nil
		if p := v.parts[i]; p.sum != nil && r.edge.Tree() != p.sum.Edge.Tree() && p.sum.End == p.first+r.n {
			trouble = true
		}
		if r.tree.N > 0 {
			got = r.tree
		}
		if r.behind >= 0 {
			v.report.add(Finding{Kind: Inserted, File: v.parts[i].name(), Offset: r.behind, Packed: v.parts[i].packed,
				First: v.parts[i].end, End: v.parts[i].end, Count: 1,
				What: "a line stands behind the segment's last record that is none of the log's"})
		}
	}
	if !trouble && got == v.signed.Tree {
		v.trees()
		return nil
	}
	p := &placing{verification: v}
	defer func() { p.shelf.unpacker.done() }()
	p.place()
	v.trees()
	return nil
}

// placing finds out where a ledger differs from what was signed.
type placing struct {
	*verification
	shelf    shelf
	entries  entries // that are stored
	byHash   *source
	byLine   *source
	known    []known
	fixed    map[int64][][]byte // by the first record: entries that lines and files make up together
	changed  []changedLine
	reported map[int64]bool // by its first record: what is not known, and was reported
}

// changedLine is a line that was found to be another one.
type changedLine struct {
	finding    int
	have, want tree.Entry
}

// place finds and reports.
func (p *placing) place() {
	p.shelf.verification, p.shelf.stored = p.verification, entries{from: p.stored}
	p.entries, p.fixed, p.reported = entries{from: p.stored}, map[int64][][]byte{}, map[int64]bool{}
	p.byHash = &source{name: "hashes", entry: p.entries.at, tiles: map[int64]*tlog.Hash{}}
	p.byLine = &source{name: "lines", entry: p.shelf.lineEntry, tiles: map[int64]*tlog.Hash{}}
	p.known = p.find(p.signed.Tree)
	for _, s := range p.also {
		if s.N < p.signed.N {
			p.known = better(p.known, p.find(s.Tree))
		}
	}
	for i := range p.parts {
		p.part(i)
	}
	p.acrossSegments()
	p.files()
	p.nodes()
	p.unplaced()
}

// find finds out what is known of a tree.
func (p *placing) find(of tlog.Tree) []known {
	if of.N == 0 {
		return nil
	}
	k := knowing{entries: []*source{p.byHash, p.byLine}, all: []*source{p.byHash, p.byLine}}
	for _, below := range k.entries {
		for level := 1; level <= topLevel && len(p.levels[level]) > 0; level++ {
			below = &source{level: level, nodes: p.levels, below: below}
			k.all = append(k.all, below)
		}
	}
	k.find(0, of.N, of.Hash)
	for i := range k.got {
		if of := &k.got[i]; of.by == nil {
			if all := mixed(p.byHash, p.byLine, *of); all != nil {
				p.fixed[of.lo] = all
			}
		}
	}
	return k.got
}

// better takes out of what is not known what an older tree says.
func better(all, older []known) []known {
	var got []known
	for _, of := range all {
		if of.by != nil {
			got = append(got, of)
			continue
		}
		at := of.lo
		for _, o := range older {
			if lo, hi := max(at, o.lo), min(of.hi, o.hi); o.by != nil && lo < hi {
				if lo > at {
					got = append(got, known{at, lo, nil, tlog.Hash{}})
				}
				got = append(got, known{lo, hi, o.by, o.hash})
				at = hi
			}
		}
		if at == of.lo {
			got = append(got, of)
		} else if at < of.hi {
			got = append(got, known{at, of.hi, nil, tlog.Hash{}})
		}
	}
	return got
}

// stuck tells whether it is not known of all records what they are.
func (p *placing) stuck() bool {
	return slices.ContainsFunc(p.known, func(k known) bool { return k.by == nil && p.fixed[k.lo] == nil })
}

// of is what is known of a record; nil: nothing was signed of it.
func (p *placing) of(number int64) *known {
	for i := range p.known {
		if k := &p.known[i]; number >= k.lo && number < k.hi {
			return k
		}
	}
	return nil
}

// want is what the entry of a record is; nil: that is not known.
func (p *placing) want(number int64) []byte {
	k := p.of(number)
	switch {
	case k == nil && number < p.signed.N:
		return nil
	case k == nil:
		return p.entries.at(number)
	case k.by != nil:
		return k.by.entry(number)
	}
	if fixed := p.fixed[k.lo]; fixed != nil {
		return fixed[number-k.lo]
	}
	return nil
}

// part finds the first record of a part that is not what it should be.
func (p *placing) part(i int) {
	of, r := p.parts[i], p.read[i]
	if r.gone {
		return
	}
	end := int64(of.end)
	if of.end == 0 {
		end = max(p.signed.N, int64(of.first)+int64(r.n))
	}
	lo, hi := int64(of.first), end // of what is known
	var unknown *known
	for j := range p.known {
		if k := &p.known[j]; k.by == nil && p.fixed[k.lo] == nil && k.lo < end && k.hi > lo {
			unknown, hi = k, max(k.lo, lo)
			break
		}
	}
	if !r.bad && unknown == nil && !p.otherwise(lo, hi) {
		return
	}
	h := p.shelf.hold(i)
	want := make([]tree.Entry, 0, hi-lo)
	for n := lo; n < hi; n++ {
		e := p.want(n)
		if e == nil {
			break // not signed yet
		}
		want = append(want, tree.Entry(e))
	}
	have, more := h.entries, of.end == 0 || len(want) < int(hi-lo)
	if unknown != nil {
		more = true
		const ahead = 1024
		have = have[:min(len(have), len(want)+ahead)]
	}
	if unknown != nil && slices.Equal(have[:min(len(have), len(want))], want) {
		p.unknown(unknown)
		return
	}
	d, found := align(have, want, more)
	switch {
	case h.failed != nil:
		p.unreadable(i, h, want)
	case found:
		p.report(i, h, d, have, want)
	case r.bad:
		p.odd(i, h, want)
	}
}

// odd reports what is as it was signed, and no record, or not signed, and missing.
func (p *placing) odd(i int, h *held, want []tree.Entry) {
	of := p.parts[i]
	f := Finding{Kind: CutShort, File: of.name(), Packed: of.packed, What: "the segment ends here, and another one goes " +
		"on behind it"}
	at := slices.Index(h.good, false)
	if at >= 0 {
		f.Kind, f.What = Changed, "the line is no record: its checksum or its form is wrong"
		if at < len(want) {
			f.Kind, f.What = Unreadable, "the line is no record, and was signed as it stands"
		}
	} else if at = len(h.at); of.end == 0 || uint64(at) >= of.end-of.first {
		return
	}
	f.Offset, f.First = h.offset(at), of.first+uint64(at)
	f.End = f.First + 1
	p.verification.report.add(f)
}

// otherwise tells whether it is known of some of the records that they are not as they are stored.
func (p *placing) otherwise(lo, hi int64) bool {
	return slices.ContainsFunc(p.known, func(k known) bool { return k.by != p.byHash && k.lo < hi && k.hi > lo })
}

// unreadable reports a part that cannot be read to its end.
func (p *placing) unreadable(i int, h *held, want []tree.Entry) {
	at := 0
	for at < min(len(want), len(h.entries)) && h.entries[at] == want[at] {
		at++
	}
	number := p.parts[i].first + uint64(at)
	p.verification.report.add(Finding{Kind: Unreadable, File: p.parts[i].name(), Offset: h.offset(at),
		First: number, End: number + 1,
		Packed: p.parts[i].packed, What: "what follows cannot be read: " + h.failed.Error()})
}

// report reports a difference.
func (p *placing) report(i int, h *held, d difference, have, want []tree.Entry) {
	of := p.parts[i]
	number := of.first + uint64(d.at)
	f := Finding{Kind: d.kind, File: of.name(), Offset: h.offset(d.at), First: number, End: number + 1, Packed: of.packed}
	switch d.kind {
	case Swapped:
		f.Other = of.first + uint64(d.other)
		f.What = fmt.Sprintf("the line of record %d stands here: lines are in another order than they were written in",
			f.Other)
	case Removed:
		f.Count = uint64(d.count)
		f.What = plural.Are(d.count, "record") + " missing, and what comes behind is there"
	case CutShort:
		f.Count = uint64(d.count)
		f.What = fmt.Sprintf("the segment ends here, and %s missing", plural.Are(d.count, "record"))
	case Inserted:
		f.Count = uint64(d.count)
		f.What = fmt.Sprintf("lines stand here that were never recorded: %d", d.count)
	default: // Changed
		f.What = "the line is another one than was recorded"
		p.changed = append(p.changed, changedLine{len(p.verification.report.Findings), have[d.at], want[d.at]})
	}
	p.verification.report.add(f)
}

// acrossSegments finds lines of two segments that stand in each other's place.
func (p *placing) acrossSegments() {
	for i := range p.changed {
		for j := range p.changed[:i] {
			a, b := &p.changed[j], &p.changed[i]
			if a.have != b.want || b.have != a.want {
				continue
			}
			all := p.verification.report.Findings
			for _, pair := range [][2]int{{a.finding, b.finding}, {b.finding, a.finding}} {
				f := &all[pair[0]]
				f.Kind, f.Other = Swapped, all[pair[1]].First
				f.What = fmt.Sprintf("the line of record %d stands here: lines are in another order than they were written in",
					f.Other)
			}
		}
	}
}

// goneWithin tells whether lines are missing of some of the records, and nobody says why: which is reported as such.
func (p *placing) goneWithin(k *known) bool {
	var erased uint64
	for _, r := range p.read {
		erased = max(erased, acts(r.acts).erasedBefore())
	}
	for i, of := range p.parts {
		if p.read[i].gone && of.end > erased && int64(of.first) < k.hi && int64(of.end) > k.lo {
			return true
		}
	}
	return false
}

// unplaced reports what is not known of records whose lines are not there.
func (p *placing) unplaced() {
	for _, k := range p.known {
		if k.by != nil || p.fixed[k.lo] != nil || p.reported[k.lo] || p.goneWithin(&k) || k.hi > int64(p.total()) {
			continue
		}
		p.verification.report.add(Finding{Kind: Changed, File: filepath.Base(p.hashFile(k.lo)), Offset: -1,
			First: uint64(k.lo), End: uint64(k.hi),
			What: "the stored hashes of these records, whose lines are not there, are not those that were signed"})
	}
	if p.signed.N > int64(p.total()) && len(p.parts) > 0 && p.parts[len(p.parts)-1].end != 0 {
		first := p.total()
		p.verification.report.add(Finding{Kind: CutShort, File: ledger.CheckpointFile, Offset: -1,
			First: first, End: first + 1,
			Count: uint64(p.signed.N) - first, What: fmt.Sprintf("it is of %s, and %s missing at the end: the log was cut "+
				"short, or an older copy was put in its place", plural.Of(p.signed.N, "record"),
				plural.Are(uint64(p.signed.N)-first, "record"))})
	}
}
