package iab

import "bytes"

// usSection is a US section of a GPP string.
type usSection struct {
	layout    *usLayout
	values    uint64 // two bits each, the first one highest
	sensitive uint16 // the values of a sensitiveSubsection
	version   uint8
	gpc       bool
	hasGPC    bool
	hasSecond bool // a sensitiveSubsection
}

// The values of opt-out fields. Notices have 1 given, 2 not given; sensitive data and children 1 no consent, 2 consent.
const (
	notApplicable = 0
	optedOut      = 1
	notOptedOut   = 2
)

// maxUS is the longest subsection of a US section in characters: usnat has 70 bits, and header and core of the
// documents fewer. Encoders pad to at most 24 bits.
const maxUS = 32

// sixReader begins to read text that is short. Into is room for what it holds and the slack.
func sixReader(text []byte, into *[maxUS + slack]byte) bitReader {
	r := bitReader{data: into[:], end: 6 * len(text)}
	if len(text) > maxUS {
		r.fail(longSection)
	} else if _, ok := appendSix(into[:0], text); !ok {
		r.fail(alphabet)
	}
	return r
}

// read reads a section, of which the first subsection is the core.
func (s *usSection) read(id int, text []byte) fault {
	core, rest, more := bytes.Cut(text, []byte("."))
	var room [maxUS + slack]byte
	r := sixReader(core, &room)
	if id >= sectionMD && len(core) > 0 && int(sixBits[core[0]]) == id {
		documentHeader(&r)
		if blank(r) && more { // the header stands alone
			core, rest, more = bytes.Cut(rest, []byte("."))
			room = [maxUS + slack]byte{}
			r = sixReader(core, &room)
		}
	}
	s.core(&r, id)
	if r.finish(); r.fault != fine || !more {
		return r.fault
	}
	return s.second(rest)
}

// documentHeader reads what the documents of sections 24 to 27 put first, and libraries do not:
// SectionID 6, Version 6, the ids of the subsections. The core's id is 0, for which there is no
// Fibonacci code, so that little can be made of the ids.
func documentHeader(r *bitReader) {
	r.take(6)
	if version := r.take(6); version != 1 {
		r.fail(sectionVersion)
	}
	before := 0
	for n := r.take(12); n > 0 && r.fault == fine; n-- {
		_, before = fibonacci.entry(r, before)
	}
}

// blank tells whether what is left is padding.
func blank(r bitReader) bool {
	r.finish()
	return r.fault == fine
}

func (s *usSection) core(r *bitReader, id int) {
	s.version = uint8(r.take(6))
	if s.layout = layoutOf(id, int(s.version)); s.layout == nil {
		r.fail(sectionVersion)
		return
	}
	first := min(s.layout.values, 28)
	s.values = r.take(2*first) << (64 - 2*first)
	s.values |= r.take(2*(s.layout.values-first)) << (64 - 2*s.layout.values)
	if s.layout == nationalV1 && !blank(*r) {
		s.mislabelled(r)
	}
	if threes(s.values) {
		r.fail(valueThree)
	}
}

// mislabelled goes on in the layout of version 2 where usnat says that it is of version 1 and does not end there:
// platforms write it so. The opt-outs stand in the same places.
func (s *usSection) mislabelled(r *bitReader) {
	whole := usLayouts[0]
	if more := 2 * (whole.values - s.layout.values); r.left() >= more {
		s.layout = whole
		s.values |= r.take(more)
	}
}

// threes tells whether any two-bit value is 3, which means nothing.
func threes(values uint64) bool { return values&(values>>1)&0x5555555555555555 != 0 }

func (s *usSection) second(text []byte) fault {
	var room [maxUS + slack]byte
	r := sixReader(text, &room)
	switch s.layout.second {
	case gpcSubsection:
		if r.take(2) != 1 {
			r.fail(unknownSubsection)
		}
		s.hasGPC, s.gpc = true, r.bit()
	case sensitiveSubsection:
		s.hasSecond, s.sensitive = true, uint16(r.take(2*sensitiveValues))
		if threes(uint64(s.sensitive)) {
			r.fail(valueThree)
		}
	}
	r.finish()
	return r.fault
}

// value is the i-th value of the core, or not applicable where the layout has no such field.
func (s *usSection) value(i int) uint8 {
	if i == none {
		return notApplicable
	}
	return uint8(s.values << (2 * i) >> 62)
}

// fields yields the fields in the order of the section.
func (s *usSection) fields(yield func(name string, values []uint8) bool) {
	if !yield(s.layout.version, []uint8{s.version}) {
		return
	}
	at := 0
	for _, f := range s.layout.fields {
		values := make([]uint8, f.n)
		for i := range values {
			values[i] = s.value(at + i)
		}
		if at += f.n; !yield(f.name, values) {
			return
		}
	}
	switch {
	case s.hasSecond:
		values := make([]uint8, sensitiveValues)
		for i := range values {
			values[i] = uint8(s.sensitive << (2 * i) >> 14)
		}
		yield("SensitiveDataProcessing", values)
	case s.hasGPC && s.gpc:
		yield("Gpc", []uint8{1})
	case s.hasGPC:
		yield("Gpc", []uint8{0})
	}
}
