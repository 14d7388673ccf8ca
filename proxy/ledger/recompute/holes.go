package recompute

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/tagwarden/tagwarden/proxy/ledger"
)

// span are numbers of records: from first on, before end.
type span struct{ first, end uint64 }

// holes are the records that are not there, and what records say of that.
type holes struct {
	all       []span
	explained []explanation
	erased    spans // lines of events that went one by one
	damaged   []damaged
}

// spans are spans that may be many.
type spans struct {
	all    []span
	sorted bool
}

func (s *spans) add(of span) { s.all, s.sorted = append(s.all, of), false }

// without is what is left of a span.
func (s *spans) without(of span) (left []span) {
	if !s.sorted {
		slices.SortFunc(s.all, func(a, b span) int { return cmp.Compare(a.first, b.first) })
		s.all, s.sorted = merged(s.all), true
	}
	at, _ := slices.BinarySearchFunc(s.all, of.first, func(a span, first uint64) int {
		return cmp.Compare(a.end, first+1)
	})
	for ; at < len(s.all) && s.all[at].first < of.end; at++ {
		if of.first < s.all[at].first {
			left = append(left, span{of.first, s.all[at].first})
		}
		of.first = max(of.first, s.all[at].end)
	}
	if of.first < of.end {
		left = append(left, of)
	}
	return left
}

// merged puts spans together that touch, which are in order.
func merged(all []span) []span {
	to := all[:0]
	for _, s := range all {
		if n := len(to); n > 0 && s.first <= to[n-1].end {
			to[n-1].end = max(to[n-1].end, s.end)
			continue
		}
		to = append(to, s)
	}
	return to
}

// damaged are records that cannot be read, and why not.
type damaged struct {
	span
	why  string
	gone bool // they are not there
}

// explanation is a record that says why others are not there.
type explanation struct {
	span
	kind string
}

// explain notes what a record says of others that are gone. Of what is deleted because it is old all before it went,
// too; of any other kind, exactly what it names.
func (h *holes) explain(l *line) {
	switch l.kind {
	case ledger.KindSealed, ledger.KindEvent:
		return
	case ledger.KindErasure:
		if of, err := ledger.ParseErasure([]byte(l.text)); err == nil {
			of.Runs(func(first, end uint64) { h.erased.add(span{first, end}) })
		}
		return
	}
	said := lineOf(l)
	of := span{said.Get("first").Uint(), said.Get("end").Uint()}
	if of.end <= of.first {
		return
	}
	if l.kind == ledger.KindRetention {
		of.first = 0
	}
	h.explained = append(h.explained, explanation{of, l.kind})
}

// left is what of some records is missing and not accounted for.
func (h *holes) left(of span) (all []span) {
	all = h.erased.without(of)
	for _, by := range h.explained {
		var rest []span
		for _, s := range all {
			if by.end <= s.first || by.first >= s.end {
				rest = append(rest, s)
				continue
			}
			if s.first < by.first {
				rest = append(rest, span{s.first, by.first})
			}
			if by.end < s.end {
				rest = append(rest, span{by.end, s.end})
			}
		}
		all = rest
	}
	return all
}

// doubtful tells whether what was taken back between two records may not be known: some are missing there, or were set
// aside, whatever they said. What was deleted by a window or for somebody are no acts.
func (h *holes) doubtful(from, to uint64) bool {
	within := func(s span) bool { return s.first < to && s.end > from }
	return slices.ContainsFunc(h.damaged, func(d damaged) bool {
		return within(d.span)
	}) || slices.ContainsFunc(h.all, func(s span) bool {
		if !within(s) {
			return false
		}
		if len(h.left(s)) > 0 {
			return true
		}
		return slices.ContainsFunc(h.explained, func(by explanation) bool {
			return by.kind == ledger.KindSetAside && by.first < s.end && by.end > s.first
		})
	})
}

// mostUnder is how many hits are under way at once, at most: numbers of hits stand in the log in about their order.
const mostUnder = 100_000

// whole tells whether the log holds what was decided of a hit, if anything was.
func (h *holes) whole(hit, firstHit uint64) bool {
	if len(h.all)+len(h.damaged) == 0 {
		return true
	}
	return len(h.all) == 1 && len(h.damaged) == 0 && h.all[0].first == 0 && firstHit != 0 && hit > firstHit+mostUnder
}

// missing says which records are missing, and no record says why.
func (w closing) missing() {
	slices.SortFunc(w.holes.all, func(a, b span) int { return cmp.Compare(a.first, b.first) })
	for _, hole := range w.holes.all {
		w.report.Gone += hole.end - hole.first
		for _, s := range w.holes.left(hole) {
			w.found(Finding{
				Kind: Missing, Records: []uint64{s.first}, End: s.end,
				What: fmt.Sprintf("%d of them are not there, and no record says that they were deleted", s.end-s.first),
			})
		}
	}
	for _, d := range w.holes.damaged {
		w.report.Gone += d.end - d.first
		kind := Unreadable
		if d.gone {
			kind = Missing
		}
		for _, s := range w.holes.left(d.span) {
			w.found(Finding{
				Kind: kind, Records: []uint64{s.first}, End: s.end,
				What: d.why + ", and no record says that they were deleted or set aside",
			})
		}
	}
}
