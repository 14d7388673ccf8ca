package iab

// Restriction is what a publisher asks of a vendor for a purpose.
type Restriction uint8

// The types of publisher restrictions, by their number on the wire. There is no type 3.
const (
	NotAllowed Restriction = iota
	RequireConsent
	RequireLI

	numRestrictions
)

// restrictionOf is what the spans of a restriction are of. Purpose 0 does not occur, so
// that it is never what vendors are of.
func restrictionOf(purpose int, kind Restriction) uint16 { return uint16(purpose)<<2 | uint16(kind) }

// restrictions reads NumPubRestrictions 12 and the restrictions, {PurposeId 6, RestrictionType 2,
// ranges}, and merges those of one purpose and type. Their ids may lie outside the vendor list. With
// Fibonacci codes the ranges are a whole set.
func (s *idStore) restrictions(r *bitReader, c coding) (lo, hi uint16) {
	const shortest = 6 + 2 + 12
	from := len(s.spans)
	n := int(r.take(12))
	if n*shortest > r.left() {
		r.fail(truncated)
	}
	for ; n > 0 && r.fault == fine; n-- {
		purpose, kind := int(r.take(6)), Restriction(r.take(2))
		switch {
		case r.fault != fine:
		case purpose == 0:
			r.fail(restrictsNothing)
		case kind >= numRestrictions:
			r.fail(restrictionType)
		case c == fibonacci:
			s.restrictedSet(r, restrictionOf(purpose, kind))
		default:
			s.ranges(r, c, restrictionOf(purpose, kind), 65535)
		}
	}
	s.merge(from)
	return uint16(from), uint16(len(s.spans))
}

// restrictedSet reads the vendors of a restriction as GPP writes them, max 16, IsRange 1 and so on (N-ArrayOfRanges).
func (s *idStore) restrictedSet(r *bitReader, of uint16) {
	highest := uint16(r.take(16))
	if r.bit() {
		s.ranges(r, fibonacci, of, highest)
		return
	}
	for id := uint16(1); id <= highest && id != 0 && r.fault == fine; id++ {
		if r.bit() {
			s.spans = append(s.spans, span{of, id, id})
		}
	}
}

// Restricted tells whether the publisher restricts the vendor so for that purpose.
func (t *TCString) Restricted(vendor, purpose int, kind Restriction) bool {
	if purpose < 1 || purpose > 63 || kind >= numRestrictions {
		return false
	}
	return covers(t.restrictions(), restrictionOf(purpose, kind), vendor)
}

// restricted yields the vendors that are restricted so for that purpose, as runs.
func restricted(all []span, purpose int, kind Restriction) func(yield func(first, last int) bool) {
	of := restrictionOf(purpose, kind)
	lo := 0
	for lo < len(all) && all[lo].of < of {
		lo++
	}
	hi := lo
	for hi < len(all) && all[hi].of == of {
		hi++
	}
	return joined(all[lo:hi])
}

func (t *TCString) restrictions() []span { return t.ids.spans[t.restrictLo:t.restrictHi] }
