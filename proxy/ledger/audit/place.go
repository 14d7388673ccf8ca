package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
	"github.com/tagwarden/tagwarden/proxy/segment"
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
	defer p.unpacker.done()
	p.place()
	v.trees()
	return nil
}

// placing finds out where a ledger differs from what was signed.
type placing struct {
	*verification
	unpacker unpacker
	entries  entries // that are stored
	byHash   *source
	byLine   *source
	known    []known
	fixed    map[int64][][]byte // by the first record: entries that lines and files make up together
	held     []*held            // the last parts that were read
	changed  []changedLine
	reported map[int64]bool // by its first record: what is not known, and was reported
}

// held are a part's lines, by their entries.
type held struct {
	part    int
	entries []tree.Entry
	at      []int64
	good    []bool // they are records
	end     int64
	failed  error
}

// changedLine is a line that was found to be another one.
type changedLine struct {
	finding    int
	have, want tree.Entry
}

// place finds and reports.
func (p *placing) place() {
	p.entries, p.fixed, p.reported = entries{from: p.stored}, map[int64][][]byte{}, map[int64]bool{}
	p.byHash = &source{name: "hashes", entry: p.entries.at, tiles: map[int64]*tlog.Hash{}}
	p.byLine = &source{name: "lines", entry: p.lineEntry, tiles: map[int64]*tlog.Hash{}}
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

// lineEntry is the entry of the line that stands where a record's should; nil: none does.
func (p *placing) lineEntry(number int64) []byte {
	i, found := slices.BinarySearchFunc(p.parts, uint64(number), func(of *part, n uint64) int {
		switch {
		case of.first > n:
			return 1
		case of.first < n:
			return -1
		}
		return 0
	})
	if !found {
		i--
	}
	if i < 0 || p.parts[i].end != 0 && uint64(number) >= p.parts[i].end {
		return nil
	}
	if r := p.read[i]; r.gone || !r.bad && !r.noEntry {
		return p.entries.at(number)
	}
	h := p.hold(i)
	if at := number - int64(p.parts[i].first); at < int64(len(h.entries)) {
		return h.entries[at][:]
	}
	return nil
}

// hold reads a part's lines.
func (p *placing) hold(i int) *held {
	const most = 2
	for _, h := range p.held {
		if h.part == i {
			return h
		}
	}
	h := &held{part: i}
	if len(p.held) == most {
		p.held = p.held[1:]
	}
	p.held = append(p.held, h)
	of := p.parts[i]
	from, err := p.open(of, &p.unpacker)
	if err != nil {
		h.failed = err
		return h
	}
	defer from.Close()
	var l lines
	l.reset(from)
	defer l.done()
	for l.next() {
		if d := of.set(l.place); d != nil {
			for _, e := range d.Entries {
				h.entries, h.at, h.good = append(h.entries, e), append(h.at, l.place), append(h.good, true)
			}
			l.skip(d.To)
			h.end = l.at
			continue
		}
		if !l.whole {
			continue
		}
		h.end = l.at
		h.entries, h.at = append(h.entries, tree.EntryOf(l.line)), append(h.at, l.place)
		h.good = append(h.good, isRecord(l.line, of.plain()))
	}
	h.failed = l.failed()
	// What lies behind the last record of a segment are no records: what was being written, or was written once more.
	n := len(h.entries)
	for of.end != 0 && n > int(of.end-of.first) || of.end == 0 && n > 0 && int64(of.first)+int64(n) > p.signed.N {
		e := p.entries.at(int64(of.first) + int64(n) - 1)
		again := of.end != 0 && e != nil && bytes.Equal(e, h.entries[n-1][:])
		if h.good[n-1] && !again {
			break
		}
		n--
	}
	if n < len(h.entries) {
		h.end = h.at[n]
		h.entries, h.at = h.entries[:n], h.at[:n]
	}
	return h
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
	h := p.hold(i)
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
	f := Finding{Kind: CutShort, File: of.name(), Packed: of.packed, What: "the segment ends here, and another one goes on behind it"}
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
	p.verification.report.add(Finding{Kind: Unreadable, File: p.parts[i].name(), Offset: h.offset(at), First: number, End: number + 1,
		Packed: p.parts[i].packed, What: "what follows cannot be read: " + h.failed.Error()})
}

// offset is where a line begins, or the last one ends.
func (h *held) offset(at int) int64 {
	if at < len(h.at) {
		return h.at[at]
	}
	return h.end
}

// report reports a difference.
func (p *placing) report(i int, h *held, d difference, have, want []tree.Entry) {
	of := p.parts[i]
	number := of.first + uint64(d.at)
	f := Finding{Kind: d.kind, File: of.name(), Offset: h.offset(d.at), First: number, End: number + 1, Packed: of.packed}
	switch d.kind {
	case Swapped:
		f.Other = of.first + uint64(d.other)
		f.What = fmt.Sprintf("the line of record %d stands here: lines are in another order than they were written in", f.Other)
	case Removed:
		f.Count = uint64(d.count)
		f.What = fmt.Sprintf("%s missing, and what comes behind is there", are(d.count))
	case CutShort:
		f.Count = uint64(d.count)
		f.What = fmt.Sprintf("the segment ends here, and %s missing", are(d.count))
	case Inserted:
		f.Count = uint64(d.count)
		f.What = fmt.Sprintf("lines stand here that were never recorded: %d", d.count)
	case Changed:
		f.What = "the line is another one than was recorded"
		p.changed = append(p.changed, changedLine{len(p.verification.report.Findings), have[d.at], want[d.at]})
	}
	p.verification.report.add(f)
}

// are says how many records something is about.
func are(n int) string {
	if n == 1 {
		return "1 record is"
	}
	return fmt.Sprintf("%d records are", n)
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
				f.What = fmt.Sprintf("the line of record %d stands here: lines are in another order than they were written in", f.Other)
			}
		}
	}
}

// files reports entries that are stored and are not what they should be: the first one of each file.
func (p *placing) files() {
	said := map[string]bool{}
	for _, k := range p.known {
		if k.by == p.byHash {
			continue
		}
		for n := k.lo; n < k.hi; n++ {
			want := p.want(n)
			if want == nil {
				break
			}
			stored := p.entries.at(n)
			if bytes.Equal(stored, want) {
				continue
			}
			if stored == nil && p.again(uint64(n)) {
				p.verification.report.note("%s: entries from record %d on are missing; their lines are there and right: the next "+
					"start of the server makes them again", segment.FileName(p.first(n), tree.Suffix(0)), n)
				break
			}
			f := Finding{Kind: Changed, First: uint64(n), End: uint64(n), File: segment.FileName(uint64(n), tree.Suffix(0)),
				What: fmt.Sprintf("the entry of record %d is not that of its line, which is right: remove the file, it is made again", n)}
			if file := p.stored.of(n); file != nil {
				f.File, f.Offset = filepath.Base(file.path), (n-file.first)*tlog.HashSize
			}
			if stored == nil {
				f.Kind = CutShort
				f.What = fmt.Sprintf("the entry of record %d is missing; its line is there: remove the file, it is made again", n)
				if p.stored.of(n) == nil || f.Offset == 0 || uint64(n) == p.first(n) {
					f.Kind = Removed
				}
			}
			if !said[f.File] {
				said[f.File] = true
				p.verification.report.add(f)
			}
		}
	}
}

// again tells whether a start makes the hashes of a record again anyway: no record says that its segment is sealed. One that
// is killed meanwhile leaves them missing.
func (p *placing) again(number uint64) bool { return p.sealedBy(p.first(int64(number))) == "" }

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

// hashFile is the file that should hold a record's entry.
func (p *placing) hashFile(number int64) string {
	if f := p.stored.of(number); f != nil {
		return f.path
	}
	return segment.FileName(uint64(number), tree.Suffix(0))
}

// first is the number of the first record of the part that holds a record.
func (p *placing) first(number int64) (first uint64) {
	for _, of := range p.parts {
		if of.first <= uint64(number) {
			first = of.first
		}
	}
	return first
}

// nodes reports stored nodes of the tree that are not what its entries make: the first of each level.
func (p *placing) nodes() {
	if p.stuck() || !slices.ContainsFunc(p.read, func(r *reading) bool { return r.badNode != nil }) {
		return
	}
	var edge tree.Edge
	var full []tree.Node
	said := [topLevel + 1]bool{}
	for n := range p.signed.N {
		want := p.want(n)
		if want == nil {
			return
		}
		full = edge.Append(want, full[:0])
		for _, node := range full {
			at := edge.Size()>>(tree.Height*node.Level) - 1
			stored := p.levels.at(node.Level, at)
			if said[node.Level] || bytes.Equal(stored, node.Hash[:]) {
				continue
			}
			said[node.Level] = true
			if stored == nil && p.again(uint64(n)) {
				p.verification.report.note("node %d of level %d of the tree is missing: the next start of the server makes it again",
					at, node.Level)
				continue
			}
			path, offset := p.levels.file(node.Level, at)
			f := Finding{Kind: Changed, File: filepath.Base(path), Offset: offset, First: uint64(n), End: uint64(n),
				What: fmt.Sprintf("node %d of the tree is not what its entries make, which are right: remove the file, it is made again", at)}
			if stored == nil {
				f.Kind, f.What = CutShort, fmt.Sprintf("node %d of the tree is missing: remove the file, it is made again", at)
			}
			p.verification.report.add(f)
		}
	}
}

// unplaced reports what is not known of records whose lines are not there.
func (p *placing) unplaced() {
	for _, k := range p.known {
		if k.by != nil || p.fixed[k.lo] != nil || p.reported[k.lo] || p.goneWithin(&k) || k.hi > int64(p.total()) {
			continue
		}
		p.verification.report.add(Finding{Kind: Changed, File: filepath.Base(p.hashFile(k.lo)), Offset: -1, First: uint64(k.lo), End: uint64(k.hi),
			What: "the stored hashes of these records, whose lines are not there, are not those that were signed"})
	}
	if p.signed.N > int64(p.total()) && len(p.parts) > 0 && p.parts[len(p.parts)-1].end != 0 {
		first := p.total()
		p.verification.report.add(Finding{Kind: CutShort, File: ledger.CheckpointFile, Offset: -1, First: first, End: first + 1,
			Count: uint64(p.signed.N) - first, What: fmt.Sprintf("it is of %d records, and %s missing at the end: the log was cut short, "+
				"or an older copy was put in its place", p.signed.N, are(int(uint64(p.signed.N)-first)))})
	}
}
