// Package iab decodes the consent strings of IAB Europe and the IAB Tech Lab, and Google's additional consent, and says
// what follows from them. Decoding is strict: what follows no specification is an error, and an error comes without any
// string.
package iab

import (
	"bytes"
	"slices"
)

// MaxTC is the longest TC string that is looked at, in bytes. One that names 1,300 vendors has 1,898.
const MaxTC = 8192

// Segment is a part of a TC string; on the wire, all but the core begin with its number in three bits.
type Segment uint8

// The segments (IAB Europe, "Consent string and vendor list format v2", section "TC String Format").
const (
	Core Segment = iota
	DisclosedVendors
	AllowedVendors // gone since TCF 2.2, still found
	PublisherTC

	numSegments
)

var segmentNames = [numSegments]string{"core", "disclosedVendors", "allowedVendors", "publisherTC"}

// String returns the name.
func (s Segment) String() string {
	if s < numSegments {
		return segmentNames[s]
	}
	return "unknown"
}

// Purposes is a set of purposes, special features or custom purposes; the lowest bit stands for number 1.
type Purposes uint32

// Has tells whether number n is in the set.
func (p Purposes) Has(n int) bool { return n >= 1 && n <= 32 && p>>(n-1)&1 == 1 }

// With is the set and number n, from 1 on.
func (p Purposes) With(n int) Purposes { return p | 1<<(n-1) }

// NumPurposes is how many purposes the TCF has.
const NumPurposes = 11

// PurposesOf makes a set of TCF purposes; what is none is left out.
func PurposesOf(list []int) Purposes {
	var set Purposes
	for _, p := range list {
		if p >= 1 && p <= NumPurposes {
			set = set.With(p)
		}
	}
	return set
}

// TCString is what a TC string says, as [DecodeTC] reads it, immutable. Whether it may be relied on says
// [TCString.Usable], what follows for a vendor and a purpose [TCString.Purpose].
type TCString struct {
	Version                uint8
	Created, Updated       int64 // Unix seconds
	CreatedTenth           uint8 // tenths of a second after Created
	UpdatedTenth           uint8
	CMP, CMPVersion        uint16
	CMPScreen              uint8
	Language               [2]byte
	VendorListVersion      uint16
	PolicyVersion          uint8 // 4 is TCF 2.2, 5 is TCF 2.3
	ServiceSpecific        bool
	NonStandardTexts       bool
	SpecialFeatures        Purposes // opted in
	PurposeConsents        Purposes
	PurposeLI              Purposes // as encoded, also where policy knows no legitimate interest
	PurposeOneTreatment    bool     // purpose 1 was not disclosed
	PublisherCC            [2]byte
	Publisher              PublisherChoices // zero without a PublisherTC segment
	order                  [numSegments]Segment
	segments               uint8
	present                [numSegments]bool
	consents, li           idSet
	disclosed, allowed     idSet
	restrictLo, restrictHi uint16 // of the spans
	ids                    idStore
}

// PublisherChoices is the PublisherTC segment: what the visitor chose about the site's own processing.
type PublisherChoices struct {
	Consents, LI             Purposes
	NumCustom                uint8
	CustomConsents, CustomLI uint64 // the lowest bit stands for custom purpose 1
}

// DecodeTC decodes a TC string of version 2. It is strict: what no encoder writes that follows the
// specification is an error, and an error comes without any string. The cost is linear in the length of the
// text, but for sorting ranges that come unsorted.
func DecodeTC(text []byte) (*TCString, error) {
	t, f := decodeTC(text)
	if f != fine {
		return nil, f
	}
	return t, nil
}

func decodeTC(text []byte) (*TCString, fault) {
	if len(text) > MaxTC {
		return nil, tooLong
	}
	t := new(TCString)
	t.ids.data = make([]byte, 0, len(text)*3/4+int(numSegments)+slack)
	if f := t.decode(text); f != fine {
		return nil, f
	}
	return t, fine
}

// part is where a segment's bits are in the decoded data.
type part struct{ from, to int }

func (t *TCString) decode(text []byte) fault {
	var parts [numSegments]part
	n := 0
	for more := true; more; n++ {
		if n == len(parts) {
			return manySegments
		}
		var one []byte
		one, text, more = bytes.Cut(text, []byte("."))
		from, ok := 8*len(t.ids.data), false
		if t.ids.data, ok = appendSix(t.ids.data, one); !ok {
			return alphabet
		}
		parts[n] = part{from, from + 6*len(one)}
	}
	t.ids.data = t.ids.data[:len(t.ids.data)+slack]
	for i := range parts[:n] {
		r := bitReader{data: t.ids.data, at: parts[i].from, end: parts[i].to}
		if i == 0 {
			t.core(&r)
		} else {
			t.segment(&r)
		}
		if r.finish(); r.fault != fine {
			return r.fault
		}
	}
	return fine
}

// core reads the core segment, field by field in the order of the specification.
func (t *TCString) core(r *bitReader) {
	t.began(Core)
	if t.Version = uint8(r.take(6)); t.Version != 2 {
		r.fail(tcVersion)
	}
	t.Created, t.CreatedTenth = r.instant()
	t.Updated, t.UpdatedTenth = r.instant()
	t.CMP = uint16(r.take(12))
	t.CMPVersion = uint16(r.take(12))
	t.CMPScreen = uint8(r.take(6))
	t.Language = r.letters()
	t.VendorListVersion = uint16(r.take(12))
	t.PolicyVersion = uint8(r.take(6))
	t.ServiceSpecific = r.bit()
	t.NonStandardTexts = r.bit()
	t.SpecialFeatures = Purposes(r.ids(12))
	t.PurposeConsents = Purposes(r.ids(24))
	t.PurposeLI = Purposes(r.ids(24))
	t.PurposeOneTreatment = r.bit()
	t.PublisherCC = r.letters()
	t.consents = t.ids.set(r, fixed)
	t.li = t.ids.set(r, fixed)
	t.restrictLo, t.restrictHi = t.ids.restrictions(r, fixed)
}

// segment reads any segment after the core. They may come in any order, each once.
func (t *TCString) segment(r *bitReader) {
	kind := Segment(r.take(3))
	switch {
	case r.fault != fine:
		return
	case kind == Core || kind >= numSegments:
		r.fail(unknownSegment)
		return
	case t.present[kind]:
		r.fail(repeatedSegment)
		return
	}
	t.began(kind)
	switch kind {
	case DisclosedVendors:
		t.disclosed = t.ids.set(r, fixed)
	case AllowedVendors:
		t.allowed = t.ids.set(r, fixed)
	case PublisherTC:
		t.Publisher.read(r)
	default:
	}
}

func (t *TCString) began(kind Segment) {
	t.present[kind] = true
	t.order[t.segments] = kind
	t.segments++
}

// read reads PubPurposesConsent 24, PubPurposesLITransparency 24, NumCustomPurposes 6, and twice as many bits as that.
func (p *PublisherChoices) read(r *bitReader) {
	p.Consents, p.LI = Purposes(r.ids(24)), Purposes(r.ids(24))
	p.NumCustom = uint8(r.take(6))
	p.CustomConsents = custom(r, int(p.NumCustom))
	p.CustomLI = custom(r, int(p.NumCustom))
}

// custom reads up to 63 bits, in two goes.
func custom(r *bitReader, n int) uint64 {
	low := min(n, 32)
	set := r.ids(low)
	return set | r.ids(n-low)<<low
}

// Segments lists the segments in the order of the string.
func (t *TCString) Segments() []Segment { return slices.Clone(t.order[:t.segments]) }

// Has tells whether the string has that segment.
func (t *TCString) Has(kind Segment) bool { return kind < numSegments && t.present[kind] }

// VendorConsent tells whether the vendor's consent bit is set.
func (t *TCString) VendorConsent(id int) bool { return t.ids.has(&t.consents, id) }

// VendorLI tells whether the vendor's legitimate-interest bit is set: it was disclosed, and not objected to.
func (t *TCString) VendorLI(id int) bool { return t.ids.has(&t.li, id) }

// Disclosed tells whether the vendor is listed as disclosed to the visitor, and
// whether the string has such a list at all.
func (t *TCString) Disclosed(id int) (listed, present bool) {
	return t.ids.has(&t.disclosed, id), t.present[DisclosedVendors]
}
