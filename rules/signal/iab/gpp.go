package iab

import "bytes"

// MaxGPP is the longest GPP string that is looked at, in bytes.
const MaxGPP = 8192

// GPPString is what a GPP string says, as [DecodeGPP] reads it, immutable: a TC string, a Canadian one, a US privacy
// string, the US sections. [GPPString.OptOuts] puts these together.
type GPPString struct {
	sections []gppSection // in the order of the string, which is that of their ids
	tc       *TCString
	ca       *TCFCA
	usp      USP
}

type gppSection struct {
	id uint8
	us usSection // of section ids 7 to 27
}

// DecodeGPP decodes a GPP string, "header~section~section". One section that is malformed makes the whole
// string so. Sections of ids that are not known are passed over, and noted where opt-outs are asked for. The
// cost is linear in the length of the text.
func DecodeGPP(text []byte) (*GPPString, error) {
	if len(text) > MaxGPP {
		return nil, tooLong
	}
	header, rest, more := bytes.Cut(text, []byte("~"))
	var ids [maxSection]uint8
	n, f := gppHeader(header, &ids)
	switch {
	case f != fine:
		return nil, f
	case more != (n > 0), more && bytes.Count(rest, []byte("~"))+1 != n:
		return nil, sectionCount
	}
	g := &GPPString{sections: make([]gppSection, n)}
	for i, id := range ids[:n] {
		var section []byte
		section, rest, _ = bytes.Cut(rest, []byte("~"))
		g.sections[i].id = id
		if f := g.read(&g.sections[i], section); f != fine {
			return nil, f
		}
	}
	return g, nil
}

// gppHeader reads Type 6 (=3), Version 6 (=1) and the section ids as a Fibonacci range. What it does is bounded by
// maxUS characters, more than the ids of all sections need, and by maxSection ids, each greater than the one before.
func gppHeader(text []byte, ids *[maxSection]uint8) (n int, f fault) {
	var room [maxUS + slack]byte
	r := sixReader(text, &room)
	if r.take(6) != 3 {
		r.fail(headerType)
	}
	if r.take(6) != 1 {
		r.fail(headerVersion)
	}
	before := 0
	for entries := r.take(12); entries > 0 && r.fault == fine; entries-- {
		first, last := fibonacci.entry(&r, before)
		switch {
		case r.fault != fine:
		case last > maxSection:
			r.fail(sectionID)
		default:
			for id := first; id <= last; id++ {
				ids[n] = uint8(id)
				n++
			}
			before = last
		}
	}
	r.finish()
	return n, r.fault
}

func (g *GPPString) read(s *gppSection, text []byte) (f fault) {
	switch {
	case len(text) == 0:
		f = emptySection
	case s.id == sectionEU:
		g.tc, f = decodeTC(text)
	case s.id == sectionCA:
		g.ca, f = decodeCA(text)
	case s.id == sectionUSP:
		g.usp, f = decodeUSP(text)
	case s.id >= sectionUS && s.id <= lastSection:
		f = s.us.read(int(s.id), text)
	}
	return f
}

// TC returns the TC string of section 2, nil if there is none.
func (g *GPPString) TC() *TCString { return g.tc }

// CA returns section 5, TCF Canada, nil if there is none.
func (g *GPPString) CA() *TCFCA { return g.ca }

// USP returns the US privacy string of section 6, and whether there is one.
func (g *GPPString) USP() (u USP, ok bool) { return g.usp, g.usp != USP{} }

// Sections lists the ids of the sections.
func (g *GPPString) Sections() []int {
	ids := make([]int, len(g.sections))
	for i := range g.sections {
		ids[i] = int(g.sections[i].id)
	}
	return ids
}

// Fields yields the fields of a US section, 7 to 27, by the names of the specification: the version, and values of two
// bits. Gpc is 0 or 1 and comes only where the string has it.
func (g *GPPString) Fields(id int) func(yield func(name string, values []uint8) bool) {
	return func(yield func(string, []uint8) bool) {
		for i := range g.sections {
			if s := &g.sections[i]; int(s.id) == id && s.us.layout != nil {
				s.us.fields(yield)
			}
		}
	}
}
