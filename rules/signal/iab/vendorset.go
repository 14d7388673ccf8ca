package iab

import (
	"cmp"
	"slices"
)

// span is a run of ids. Of is 0 for vendors, and for publisher restrictions what they are of: see restrictionOf.
type span struct{ of, first, last uint16 }

// idStore keeps the sets of ids of one string: fields of bits stay where they were decoded,
// ranges stand sorted and merged in one slab.
type idStore struct {
	data  []byte // the decoded string, slack included
	spans []span
}

// idSet is a set of ids in an idStore. Its zero value is empty.
type idSet struct {
	at     uint32 // first bit of the field, where it is one
	max    uint16 // the highest id that the field, or the ranges, could name
	lo, hi uint16 // of the spans
	ranged bool
}

// coding is how range entries are written.
type coding bool

const (
	fixed     coding = false // Start 16, End 16 (TCF)
	fibonacci coding = true  // distance to the id before, both as Fibonacci codes (GPP)
)

// entryBits is the length of the shortest range entry.
func (c coding) entryBits() int {
	if c == fibonacci {
		return 3
	}
	return 17
}

// set reads a vendor section: MaxVendorId 16, IsRange 1, then a field of that many bits or ranges.
func (s *idStore) set(r *bitReader, c coding) idSet {
	set := idSet{max: uint16(r.take(16))}
	if !r.bit() {
		set.at = uint32(r.skip(int(set.max)))
		return set
	}
	from := len(s.spans)
	s.ranges(r, c, 0, set.max)
	s.merge(from)
	set.ranged, set.lo, set.hi = true, uint16(from), uint16(len(s.spans))
	return set
}

// ranges reads NumEntries 12 and the entries, {IsARange 1, first, last if so}. They may be in any order and overlap.
func (s *idStore) ranges(r *bitReader, c coding, of, highest uint16) {
	n := int(r.take(12))
	if n*c.entryBits() > r.left() {
		r.fail(truncated)
		return
	}
	if s.spans == nil && n > 0 { // as many as the rest of the string could hold: no range is ever copied
		s.spans = make([]span, 0, (8*(len(s.data)-slack)-r.at)/c.entryBits()+1)
	}
	before := 0
	for ; n > 0; n-- {
		first, last := c.entry(r, before)
		switch {
		case r.fault != fine:
			return
		case first == 0 || last < first:
			r.fail(backwardRange)
			return
		case last > int(highest):
			r.fail(highRange)
			return
		}
		s.spans = append(s.spans, span{of, uint16(first), uint16(last)})
		before = last
	}
}

func (c coding) entry(r *bitReader, before int) (first, last int) {
	isRange := r.bit()
	if c == fibonacci {
		first = before + r.fibonacci()
		if last = first; isRange {
			last += r.fibonacci()
		}
		return first, last
	}
	first = int(r.take(16))
	if last = first; isRange {
		last = int(r.take(16))
	}
	return first, last
}

// merge sorts and merges the spans from there on. As encoders write them there is nothing to do.
func (s *idStore) merge(from int) {
	spans := s.spans[from:]
	if ascending(spans) {
		return
	}
	slices.SortFunc(spans, func(a, b span) int {
		return cmp.Or(cmp.Compare(a.of, b.of), cmp.Compare(a.first, b.first))
	})
	n := 0
	for _, next := range spans[1:] {
		if last := &spans[n]; last.of == next.of && next.first <= last.last {
			last.last = max(last.last, next.last)
			continue
		}
		n++
		spans[n] = next
	}
	s.spans = s.spans[:from+n+1]
}

func ascending(spans []span) bool {
	for i := 1; i < len(spans); i++ {
		a, b := &spans[i-1], &spans[i]
		if a.of > b.of || a.of == b.of && a.last >= b.first {
			return false
		}
	}
	return true
}

// has tells whether the id is in the set.
func (s *idStore) has(set *idSet, id int) bool {
	if id < 1 || id > int(set.max) {
		return false
	}
	if !set.ranged {
		bit := int(set.at) + id - 1
		return s.data[bit>>3]>>(7-bit&7)&1 == 1
	}
	return covers(s.spans[set.lo:set.hi], 0, id)
}

// covers finds the id among sorted spans that do not overlap.
func covers(spans []span, of uint16, id int) bool {
	lo, hi := 0, len(spans)
	for lo < hi {
		mid := int(uint(lo+hi) / 2)
		at := &spans[mid]
		switch {
		case at.of < of || at.of == of && int(at.last) < id:
			lo = mid + 1
		case at.of > of || int(at.first) > id:
			hi = mid
		default:
			return true
		}
	}
	return false
}

// runs yields the ids of the set as runs, ascending, neighbours put together.
func (s *idStore) runs(set *idSet) func(yield func(first, last int) bool) {
	return func(yield func(first, last int) bool) {
		if set.ranged {
			joined(s.spans[set.lo:set.hi])(yield)
			return
		}
		first := 0
		for id := 1; id <= int(set.max)+1; id++ {
			in := s.has(set, id)
			switch {
			case in && first == 0:
				first = id
			case !in && first != 0:
				if !yield(first, id-1) {
					return
				}
				first = 0
			}
		}
	}
}

// joined yields spans of one kind as runs, neighbours put together.
func joined(spans []span) func(yield func(first, last int) bool) {
	return func(yield func(first, last int) bool) {
		for i := 0; i < len(spans); {
			first, last := int(spans[i].first), int(spans[i].last)
			for i++; i < len(spans) && int(spans[i].first) == last+1; i++ {
				last = int(spans[i].last)
			}
			if !yield(first, last) {
				return
			}
		}
	}
}

// size is how many ids the set has.
func (s *idStore) size(set *idSet) (n int) {
	for first, last := range s.runs(set) {
		n += last - first + 1
	}
	return n
}
