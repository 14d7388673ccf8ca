package signal

import (
	"encoding/binary"

	"github.com/tagwarden/tagwarden/rules/signal/iab"
)

// AppendFacts appends all that the signals say, but for when, so that those that say the same are the same bytes. Every
// source that is there is in it, in the order of [Signals.AppendDates].
func (s *Signals) AppendFacts(dst []byte) []byte {
	dst = append(dst, byte(s.GPC), byte(s.DNT), s.N)
	for i := range s.Sources[:s.N] {
		said := &s.Sources[i]
		if said.State == Absent {
			continue
		}
		dst = append(dst, byte(i), byte(said.Kind), byte(said.State), byte(said.Service))
		for _, set := range [...]Categories{
			said.Granted, said.Refused, said.Declined, said.TCFOnly, said.Doubt, said.Objected,
		} {
			dst = binary.AppendUvarint(dst, uint64(set))
		}
	}
	dst = s.TCF.appendFacts(dst)
	dst = append(dst, byte(s.AC.State), oneIf(s.AC.Listed), oneIf(s.AC.Consented), oneIf(s.AC.Disclosed))
	for _, o := range [...]*OptOuts{&s.GPP, &s.USP, &s.Payload} {
		dst = append(dst, byte(o.State), byte(o.Of), oneIf(o.GPC))
	}
	return dst
}

func (t *TCF) appendFacts(dst []byte) []byte {
	dst = append(dst, byte(t.State))
	if t.State != Valid {
		return dst
	}
	dst = append(dst, t.Policy)
	dst = binary.BigEndian.AppendUint16(dst, t.Vendor)
	dst = binary.BigEndian.AppendUint16(dst, uint16(t.Consents))
	dst = binary.BigEndian.AppendUint16(dst, uint16(t.Interests))
	for p := 1; p <= iab.NumPurposes; p++ {
		dst = append(dst, byte(t.Consent[p]), byte(t.Interest[p]))
	}
	return dst
}

// AppendDates appends when the visitor chose what each source that is there says, Unix seconds, 0 where it does not
// tell: Global Privacy Control, Do Not Track, the site's sources in their order, the TC string, Google's additional
// consent, the GPP string, the US privacy string, the SDK's own opt-outs.
func (s *Signals) AppendDates(dst []int64) []int64 {
	for _, state := range [...]State{s.GPC, s.DNT} {
		if state != Absent {
			dst = append(dst, 0)
		}
	}
	for i := range s.Sources[:s.N] {
		if s.Sources[i].State != Absent {
			dst = append(dst, s.Sources[i].At)
		}
	}
	if s.TCF.State != Absent {
		dst = append(dst, s.TCF.At)
	}
	for _, state := range [...]State{s.AC.State, s.GPP.State, s.USP.State, s.Payload.State} {
		if state != Absent {
			dst = append(dst, 0)
		}
	}
	return dst
}

func oneIf(set bool) byte {
	if set {
		return 1
	}
	return 0
}
