package signal

import (
	"encoding/binary"

	"github.com/tagwarden/tagwarden/rules/signal/iab"
	"github.com/tagwarden/tagwarden/rules/signal/read"
)

// Matter is what signals are kept about: the consent categories of an activity, in an order that does not depend on how
// a policy numbers them, and its purposes of the TCF.
type Matter struct {
	Categories []int // numbers of the policy
	TCF        iab.Purposes
}

// AppendKept appends all that the signals say of a matter, with dates: what [ReadKept] needs to find the same answers
// to every question about that matter. What they say of other matters is not in it, nor what only a report needs. The
// numbers of states, refusals and rules of the TCF stand in it, and so on disk.
func (s *Signals) AppendKept(dst []byte, m *Matter) []byte {
	dst = append(dst, byte(s.GPC)|byte(s.DNT)<<2)
	var of Categories
	for _, n := range m.Categories {
		of |= 1 << n
	}
	at := len(dst)
	dst = append(dst, 0)
	for i := range s.Sources[:s.N] {
		said := &s.Sources[i]
		if said.Kind == Receipts { // those that stand when it is judged again are asked
			continue
		}
		sets := said.sets()
		var speaks Categories
		for _, set := range sets {
			speaks |= *set
		}
		if !speaks.Has(of) && said.Service == NotRefused {
			continue
		}
		dst[at]++
		dst = append(dst, byte(said.Service))
		for _, set := range sets {
			dst = binary.AppendUvarint(dst, m.pack(*set))
		}
		dst = binary.AppendVarint(binary.AppendVarint(dst, said.At), said.Last)
	}
	if m.TCF != 0 {
		dst = s.TCF.appendKept(dst, m.TCF)
	}
	dst = append(dst, byte(s.AC.State)|oneIf(s.AC.Listed)<<2|oneIf(s.AC.Consented)<<3|oneIf(s.AC.Disclosed)<<4)
	for _, o := range [...]*OptOuts{&s.GPP, &s.USP, &s.Payload} {
		dst = append(dst, byte(o.State)|byte(o.Of)<<2|oneIf(o.GPC)<<5)
	}
	return dst
}

// sets are what a source says of categories, in the order in which it is kept.
func (said *SourceReading) sets() [6]*Categories {
	return [...]*Categories{
		&said.Granted, &said.Refused, &said.Declined, &said.TCFOnly, &said.Doubt, &said.Objected,
	}
}

// pack is a set by the places of its members in the matter's list.
func (m *Matter) pack(set Categories) (packed uint64) {
	for i, n := range m.Categories {
		packed |= uint64(set) >> n & 1 << i
	}
	return packed
}

// unpack is the opposite of pack.
func (m *Matter) unpack(packed uint64) (set Categories) {
	for i, n := range m.Categories {
		set |= Categories(packed>>i&1) << n
	}
	return set
}

func (t *TCF) appendKept(dst []byte, of iab.Purposes) []byte {
	dst = append(dst, byte(t.State))
	if t.State != Valid {
		return dst
	}
	for p := 1; p <= iab.NumPurposes; p++ {
		if of.Has(p) {
			dst = append(dst, byte(t.Consent[p]), byte(t.Interest[p]))
		}
	}
	return binary.AppendVarint(dst, t.At)
}

// ReadKept reads what AppendKept wrote of the matter, and nothing else. Ok is false of anything that it would not have
// written: then the signals say nothing.
func (s *Signals) ReadKept(kept []byte, m *Matter) (ok bool) {
	k := read.Kept{Rest: kept}
	*s = Signals{}
	if s.readKept(&k, m); k.Bad || len(k.Rest) > 0 {
		*s = Signals{}
		return false
	}
	return true
}

func (s *Signals) readKept(k *read.Kept, m *Matter) {
	browser := k.Bits(4)
	s.GPC, s.DNT = keptState(k, browser), keptState(k, browser>>2)
	n := k.Byte()
	if k.Bad = k.Bad || n > MaxSources; k.Bad {
		return
	}
	s.N = n
	for i := range s.Sources[:s.N] {
		s.Sources[i].readKept(k, m)
	}
	if m.TCF != 0 {
		s.TCF.readKept(k, m.TCF)
	}
	ac := k.Bits(5)
	s.AC = AC{State: keptState(k, ac), Listed: ac&4 != 0, Consented: ac&8 != 0, Disclosed: ac&16 != 0}
	for _, o := range [...]*OptOuts{&s.GPP, &s.USP, &s.Payload} {
		said := k.Bits(6)
		*o = OptOuts{State: keptState(k, said), Of: US(said >> 2 & 7), GPC: said&32 != 0}
	}
}

// keptState takes a state out of the lowest two bits.
func keptState(k *read.Kept, bits byte) State {
	state := State(bits & 3)
	k.Bad = k.Bad || state > Malformed
	return state
}

func (said *SourceReading) readKept(k *read.Kept, m *Matter) {
	said.State, said.Service = Valid, Refusal(k.Byte())
	k.Bad = k.Bad || said.Service > Declined
	var all uint64
	for _, set := range said.sets() {
		packed := k.Uvarint()
		k.Bad = k.Bad || len(m.Categories) < 64 && packed>>len(m.Categories) != 0
		all |= packed
		*set = m.unpack(packed)
	}
	k.Bad = k.Bad || all == 0 && said.Service == NotRefused
	said.At, said.Last = k.Varint(), k.Varint()
}

func (t *TCF) readKept(k *read.Kept, of iab.Purposes) {
	if t.State = State(k.Byte()); t.State != Valid {
		k.Bad = k.Bad || t.State > Malformed
		return
	}
	for p := 1; p <= iab.NumPurposes; p++ {
		if of.Has(p) {
			t.Consent[p], t.Interest[p] = iab.TCFReason(k.Byte()), iab.TCFReason(k.Byte())
			k.Bad = k.Bad || !t.Consent[p].Known() || !t.Interest[p].Known()
		}
	}
	t.At = k.Varint()
}
