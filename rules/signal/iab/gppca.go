package iab

import "bytes"

// TCFCA is section 5 of a GPP string, TCF Canada: what it says, without a rule for what follows.
type TCFCA struct {
	Version                          uint8
	Created, Updated                 int64 // Unix seconds
	CreatedTenth, UpdatedTenth       uint8
	CMP, CMPVersion                  uint16
	CMPScreen                        uint8
	Language                         [2]byte
	VendorListVersion                uint16
	PolicyVersion                    uint8
	NonStandardStacks                bool
	SpecialFeatures                  Purposes // express consent
	PurposesExpress, PurposesImplied Purposes // consent
	Publisher                        PublisherChoices
	express, implied, disclosed      idSet
	restrictLo, restrictHi           uint16
	ids                              idStore
	present                          [numSegments]bool
}

// decodeCA decodes the section. Ranges are Fibonacci codes; encoders before 2025 wrote them as TC strings do, and as in
// the library of the IAB Tech Lab that is tried where the first reading fails.
func decodeCA(text []byte) (*TCFCA, fault) {
	t, f := decodeCAas(text, fibonacci)
	if f == fine {
		return t, fine
	}
	if t, g := decodeCAas(text, fixed); g == fine {
		return t, fine
	}
	return nil, f
}

func decodeCAas(text []byte, c coding) (*TCFCA, fault) {
	t := new(TCFCA)
	for first := true; ; first = false {
		one, rest, more := bytes.Cut(text, []byte("."))
		// Each segment in its own bytes; sets keep their place in all of them.
		from := len(t.ids.data)
		if from > 0 {
			from -= slack
		}
		data, ok := appendSix(t.ids.data[:from], one)
		if !ok {
			return nil, alphabet
		}
		t.ids.data = append(data, make([]byte, slack)...)
		r := bitReader{data: t.ids.data, at: 8 * from, end: 8*from + 6*len(one)}
		if first {
			t.core(&r, c)
		} else {
			t.segment(&r, c)
		}
		if r.finish(); r.fault != fine || !more {
			return t, r.fault
		}
		text = rest
	}
}

func (t *TCFCA) core(r *bitReader, c coding) {
	t.present[Core] = true
	if t.Version = uint8(r.take(6)); t.Version != 1 {
		r.fail(caVersion)
	}
	t.Created, t.CreatedTenth = r.instant()
	t.Updated, t.UpdatedTenth = r.instant()
	t.CMP = uint16(r.take(12))
	t.CMPVersion = uint16(r.take(12))
	t.CMPScreen = uint8(r.take(6))
	t.Language = r.letters()
	t.VendorListVersion = uint16(r.take(12))
	t.PolicyVersion = uint8(r.take(6))
	t.NonStandardStacks = r.bit()
	t.SpecialFeatures = Purposes(r.ids(12))
	t.PurposesExpress = Purposes(r.ids(24))
	t.PurposesImplied = Purposes(r.ids(24))
	t.express = t.ids.set(r, c)
	t.implied = t.ids.set(r, c)
	if r.left() >= 12 { // some encoders leave the field out
		t.restrictLo, t.restrictHi = t.ids.restrictions(r, c)
	}
}

func (t *TCFCA) segment(r *bitReader, c coding) {
	kind := Segment(r.take(3))
	switch {
	case r.fault != fine:
	case kind != DisclosedVendors && kind != PublisherTC || t.present[kind]:
		r.fail(unknownSegment)
	case kind == DisclosedVendors:
		t.disclosed = t.ids.set(r, c)
	default:
		t.Publisher.read(r)
	}
	if kind < numSegments {
		t.present[kind] = true
	}
}

// VendorExpress tells whether the vendor has express consent.
func (t *TCFCA) VendorExpress(id int) bool { return t.ids.has(&t.express, id) }

// VendorImplied tells whether the vendor has implied consent.
func (t *TCFCA) VendorImplied(id int) bool { return t.ids.has(&t.implied, id) }
