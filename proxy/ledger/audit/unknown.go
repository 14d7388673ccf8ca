package audit

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/tagwarden/tagwarden/proxy/ledger"
)

// alike says that an edit was carried on to what is stored beside the lines.
const alike = "; its stored hash was changed alike"

// unknown reports records of which neither the lines nor their stored entries are what was signed: whoever changed the
// one changed the other as well. How near the place can be told depends on which nodes of the tree are still right.
func (p *placing) unknown(k *known) {
	if p.reported[k.lo] || p.goneWithin(k) {
		return
	}
	p.reported[k.lo] = true
	f := Finding{Kind: Changed, Offset: -1, First: uint64(k.lo), End: uint64(k.hi)}
	if !p.damaged(k, &f) && !p.swapped(k, &f) && !p.inserted(k, &f) {
		p.near(k, &f)
	}
	p.verification.report.add(f)
}

// within calls with each part that has lines and holds some of the records, and with which of its records they are,
// until one says that it has found something.
func (p *placing) within(k *known, each func(i int, lo, hi int64) bool) bool {
	for i, of := range p.parts {
		lo, hi := max(k.lo-int64(of.first), 0), k.hi-int64(of.first)
		if of.end != 0 {
			hi = min(hi, int64(of.end-of.first))
		}
		if lo < hi && !p.read[i].gone && each(i, lo, hi) {
			return true
		}
	}
	return false
}

// at makes a finding one about a line of a part, by its place among the lines.
func (p *placing) at(i int, line int64, kind Kind, f *Finding) {
	of := p.parts[i]
	f.Kind, f.File, f.Packed, f.Offset = kind, of.name(), of.packed, p.shelf.hold(i).offset(int(line))
	f.First = of.first + uint64(line)
	f.End = f.First + 1
}

// damaged looks for a line that is no record: whoever made its stored hash fit forgot its checksum.
func (p *placing) damaged(k *known, f *Finding) bool {
	return p.within(k, func(i int, lo, hi int64) bool {
		if !p.read[i].bad {
			return false
		}
		h := p.shelf.hold(i)
		for at := lo; at < min(int64(len(h.good)), hi); at++ {
			if !h.good[at] {
				p.at(i, at, Changed, f)
				f.What = "the line is no record: its checksum or its form is wrong" + alike
				return true
			}
		}
		return false
	})
}

// swapped tries whether two lines that change their places make the tree right.
func (p *placing) swapped(k *known, f *Finding) bool {
	if k.hi-k.lo > width {
		return false
	}
	lines := p.shelf.lines(k.lo, k.hi)
	a, b, found := swappedIn(lines, k.hash)
	if !found {
		return false
	}
	number := k.lo + int64(a)
	one := known{number, number + 1, nil, tlog.Hash{}}
	f.Other = uint64(k.lo) + uint64(b)
	f.What = fmt.Sprintf("the line of record %d stands here: lines are in another order than they were written in",
		f.Other) + alike
	return p.within(&one, func(i int, at, _ int64) bool {
		p.at(i, at, Swapped, f)
		return true
	})
}

// more is how many lines a part has that it should not have; below 0: how many are missing. Of a part that may be
// written nothing says so, unless records are missing that are signed.
func (p *placing) more(i int) int {
	of := p.parts[i]
	have := len(p.shelf.hold(i).entries)
	if of.end == 0 {
		return min(have-int(p.signed.N-int64(of.first)), 0)
	}
	return have - int(of.end-of.first)
}

// inserted tries whether the tree is right without some lines.
func (p *placing) inserted(k *known, f *Finding) bool {
	const most = 8 // lines, one behind the other
	if k.hi-k.lo > width {
		return false
	}
	return p.within(k, func(i int, lo, hi int64) bool {
		counts := []int{p.more(i)}
		if p.parts[i].end == 0 {
			counts = []int{1, 2, 3}
		}
		first := int64(p.parts[i].first)
		before, behind := p.shelf.lines(k.lo, first+lo), p.shelf.lines(first+hi, k.hi)
		if before == nil && k.lo < first+lo || behind == nil && first+hi < k.hi {
			return false
		}
		have := p.shelf.hold(i).entries
		for _, count := range counts {
			if count < 1 || count > most || hi+int64(count) > int64(len(have)) {
				continue
			}
			if at, found := insertedIn(before, have[lo:hi+int64(count)], behind, count, k.hash); found {
				p.at(i, lo+int64(at), Inserted, f)
				f.Count = uint64(count)
				f.What = fmt.Sprintf("lines stand here that were never recorded: %d", count) + alike
				return true
			}
		}
		return false
	})
}

// near says as near as it can be told which records it is about: by how many lines segments have, and else by what
// their summaries say, which nobody signed as it stands.
func (p *placing) near(k *known, f *Finding) {
	f.What = "lines and their stored hashes were changed alike: by the tree the first bad record is one of these"
	if k.hi-k.lo > width {
		f.What = "lines, their stored hashes and the tree's nodes were changed alike, or too few of those are left: only " +
			"the signed root differs, and the first bad record is one of these"
	}
	few := "; the segment has too few lines"
	if total := p.total(); k.hi == p.signed.N && total < uint64(k.hi) {
		f.What, few = fmt.Sprintf(
			"the log ends before record %d, and more was signed: it was cut short, or is a copy from before that",
			total), ""
	}
	found := p.within(k, func(i int, lo, hi int64) bool {
		more := p.more(i)
		if more == 0 {
			return false
		}
		p.narrow(i, lo, hi, f)
		f.Kind, f.Count = Inserted, uint64(max(more, -more))
		if more < 0 {
			f.Kind = Removed
			if int64(len(p.shelf.hold(i).entries)) <= hi {
				f.Kind = CutShort
			}
			f.What += few
		} else {
			f.What += "; the segment has too many lines"
		}
		return true
	})
	found = found || p.within(k, func(i int, lo, hi int64) bool {
		of, again := p.parts[i], p.read[i].sum
		if of.sum == nil || again == nil {
			return false
		}
		if by := p.sealedBy(of.first); again.Digest == of.sum.Digest && (by == "" || by == again.Digest) {
			return false
		}
		p.narrow(i, lo, hi, f)
		f.What += "; by the digest that was made when it was sealed, which nobody signed as it stands, in this segment"
		return true
	})
	if found || p.within(k, func(i int, lo, _ int64) bool {
		if p.parts[i].sum != nil && p.read[i].sum != nil {
			return false
		}
		if lo == 0 && int64(p.parts[i].first) > k.lo {
			f.What += "; segments before agree with the digests that were made when they were sealed"
		}
		p.begin(i, lo, f)
		return true
	}) {
		return
	}
	p.within(k, func(i int, lo, _ int64) bool {
		p.begin(i, lo, f)
		return true
	})
}

// begin has a finding begin at a line of a part.
func (p *placing) begin(i int, line int64, f *Finding) {
	end := f.End
	p.at(i, line, f.Kind, f)
	f.End = end
}

// narrow makes a finding one about some records of a part.
func (p *placing) narrow(i int, lo, hi int64, f *Finding) {
	p.at(i, lo, f.Kind, f)
	f.End = p.parts[i].first + uint64(hi)
}

// sealedBy is the digest of a segment's lines that a record says; "": none does.
func (p *placing) sealedBy(first uint64) (segment string) {
	for _, r := range p.read {
		for i := range r.acts {
			if a := &r.acts[i]; a.kind == ledger.KindSealed && a.first == first {
				segment = a.segment
			}
		}
	}
	return segment
}
