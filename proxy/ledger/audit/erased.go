package audit

import (
	"fmt"
	"maps"
	"slices"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// accountErased tells whether records say of the lines of a part that went that they were to go, and
// whether those went that records say did.
func (v *verification) accountErased(p *part, got *reading) {
	of := v.acts.erasures(p.first)
	if len(got.erased) == 0 && len(of.said) == 0 && of.done == nil {
		return
	}
	strange := numbersWithout(got.erased, of.said)
	v.report.ErasedLines += uint64(len(got.erased) - len(strange))
	if n := uint64(len(strange)); n > 0 {
		v.report.add(Finding{Kind: Removed, File: p.name(), Offset: -1, Packed: p.packed, First: strange[0],
			End: strange[0] + 1, Count: n,
			What: theLines(n) + " gone, and no signed record says that it was to be erased"})
		return
	}
	went := of.done != nil && of.done.digest == ledger.NumbersDigest(got.erased)
	gone := setOf(got.erased)
	there := numbersWithout(slices.Sorted(maps.Keys(of.said)), gone)
	switch {
	case went && of.done.number > of.last, of.done == nil && len(there) == 0:
	case of.done != nil && of.done.number > of.last,
		of.done != nil && !went && len(numbersWithout(slices.Sorted(maps.Keys(of.before)), gone)) > 0:
		f := Finding{Kind: Changed, File: p.name(), Offset: -1, Packed: p.packed, First: p.first,
			End: p.first, What: fmt.Sprintf(
				"record %d says which lines were erased of it, and others are: another file was put in its place", of.done.number)}
		if len(there) > 0 {
			f.First, f.End, f.Count = there[0], there[0]+1, uint64(len(there))
		}
		v.report.add(f)
	case len(there) > 0:
		v.report.note("%s: %s to be erased, as record %d says, and there still: the server erases what it was kept from, "+
			"at the latest when it starts", p.name(), theLines(uint64(len(there))), of.last)
	}
}

// theLines says that so many lines are something.
func theLines(n uint64) string {
	return plural.Verb(n, "the line", "the lines") + " of " + plural.Of(n, "record") + " " + plural.Verb(n, "is", "are")
}

// erasureActs are what records say of the lines of a segment.
type erasureActs struct {
	said   map[uint64]bool // records whose lines are to go
	before map[uint64]bool // those that were to before it was recorded last that lines went
	last   uint64          // number of the last record that says that some are to go
	done   *act            // the last that says that they went; nil: none does
}

func (a acts) erasures(segment uint64) erasureActs {
	of := erasureActs{said: map[uint64]bool{}}
	for i := range a {
		switch {
		case a[i].first != segment:
		case a[i].kind == ledger.KindErasure:
			a[i].erasure.Each(func(n uint64) { of.said[n] = true })
			of.last = a[i].number
		case a[i].kind == ledger.KindErased:
			of.done, of.before = &a[i], maps.Clone(of.said)
		}
	}
	return of
}

// numbersWithout are numbers without some.
func numbersWithout(all []uint64, without map[uint64]bool) (left []uint64) {
	for _, n := range all {
		if !without[n] {
			left = append(left, n)
		}
	}
	return left
}

func setOf(numbers []uint64) map[uint64]bool {
	set := make(map[uint64]bool, len(numbers))
	for _, n := range numbers {
		set[n] = true
	}
	return set
}
