package signal

import (
	"strconv"

	"github.com/tagwarden/tagwarden/rules/signal/iab"
)

// Append puts what the string says into words that hold nothing of it: versions,
// purposes, and what the vendor may rely on.
func (t *TCF) Append(dst []byte) []byte {
	switch t.State {
	case Absent:
		return append(dst, "nothing"...)
	case Malformed:
		return append(dst, "cannot be read: no consent, and no legitimate interest for what it may speak of"...)
	case Valid:
	}
	dst = append(dst, "policy "...)
	dst = strconv.AppendUint(dst, uint64(t.Policy), 10)
	dst = appendPurposes(append(dst, ", consent to "...), t.Consents)
	dst = appendPurposes(append(dst, ", interest in "...), t.Interests)
	var consent, interest iab.Purposes
	failed := iab.TCFOK
	for p := 1; p <= iab.NumPurposes; p++ {
		if t.Consent[p] == iab.TCFOK {
			consent = consent.With(p)
		}
		if t.Interest[p] == iab.TCFOK {
			interest = interest.With(p)
		}
		if failed == iab.TCFOK {
			failed = t.Consent[p]
		}
	}
	if t.Vendor != 0 {
		dst = append(dst, ", vendor "...)
		dst = strconv.AppendUint(dst, uint64(t.Vendor), 10)
	}
	dst = appendPurposes(append(dst, ": may rely on consent to "...), consent)
	dst = appendPurposes(append(dst, ", on interest in "...), interest)
	if consent == 0 && interest == 0 {
		dst = append(append(dst, ", "...), failed.String()...)
	}
	return dst
}

// appendPurposes lists purposes: "1 2 7", or "none".
func appendPurposes(dst []byte, set iab.Purposes) []byte {
	if set == 0 {
		return append(dst, "none"...)
	}
	first := true
	for p := 1; p <= iab.NumPurposes; p++ {
		if !set.Has(p) {
			continue
		}
		if !first {
			dst = append(dst, ' ')
		}
		dst, first = strconv.AppendInt(dst, int64(p), 10), false
	}
	return dst
}

// Append puts what the string says into words.
func (o *OptOuts) Append(dst []byte) []byte {
	switch o.State {
	case Absent:
		return append(dst, "nothing"...)
	case Malformed:
		return append(dst, "cannot be read: taken for an opt-out"...)
	case Valid:
	}
	from := len(dst)
	for _, part := range [...]struct {
		on   bool
		word string
	}{{o.Of&Sale != 0, "sale"}, {o.Of&Sharing != 0, "sharing"}, {o.Of&TargetedAdvertising != 0, "targeted advertising"},
		{o.GPC, "Global Privacy Control"}} {
		switch {
		case !part.on:
			continue
		case len(dst) == from:
			dst = append(dst, "opted out of "...)
		default:
			dst = append(dst, ", "...)
		}
		dst = append(dst, part.word...)
	}
	if len(dst) == from {
		dst = append(dst, "no opt-out"...)
	}
	return dst
}

// Append puts what the string says of the vendor into words.
func (a *AC) Append(dst []byte) []byte {
	switch {
	case a.State == Absent:
		return append(dst, "nothing"...)
	case a.State == Malformed:
		return append(dst, "cannot be read: no consent"...)
	case !a.Listed:
		return append(dst, "nothing of this vendor: the catalog knows no id of it among Google's providers"...)
	case a.Consented:
		return append(dst, "consents to the vendor"...)
	case a.Disclosed:
		return append(dst, "the vendor was shown and not consented to"...)
	default:
		return append(dst, "does not name the vendor"...)
	}
}
