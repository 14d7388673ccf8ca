package cmp

import (
	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/rules/signal/read"
)

// Scratch is the memory that [Platform.Read] needs, to be used again by its owner, for one reading at a time. Its zero
// value is ready. Each part forgets for itself, and none of them knows of another.
type Scratch struct {
	visit func(name, value []byte) bool // take, bound once: a new method value for every hit would allocate
	as    *dialect
	set   Settings

	ownCookies
	decoded
	answers
	record

	beside IABStrings // of cookies beside
	marks  [4]uint64  // what a platform's read keeps for its end
}

// Read reads the platform's cookies. Of several that differ, or of two answers to one thing, the stricter holds; one
// that cannot be read spoils all, for what it would have refused is not known. An objection in any of them counts. What
// is returned points into the jar and into the scratch, and holds until that is used again.
func (c Platform) Read(jar read.Jar, set Settings, s *Scratch) (Statement, []Item) {
	if !c.Gather(jar, set, s) {
		return Statement{}, nil
	}
	return s.Read()
}

// Gather finds the cookies that [Platform.Read] reads, for [Scratch.Read]; false where the platform has none at all.
func (c Platform) Gather(jar read.Jar, set Settings, s *Scratch) bool {
	d := c.dialect()
	if d == nil {
		return false
	}
	s.begin(d, set)
	jar.Cookies(s.visit)
	return true
}

// Gathered yields every byte of the platform's cookies that [Scratch.Read] reads, a name and its value at a time. It
// tells whether that is all that is to be known: strings in cookies beside are left out, and of too many cookies some.
func (s *Scratch) Gathered(yield func(part []byte)) bool {
	for i := range s.cookies {
		yield(s.cookies[i].name)
		yield(s.cookies[i].value)
	}
	return !s.over
}

// Read reads the cookies that were gathered last, once.
func (s *Scratch) Read() (Statement, []Item) {
	d := s.as
	for i := range s.cookies {
		if len(s.cookies[i].value) > read.MaxCookie {
			s.malformed()
			continue
		}
		d.read(s, &s.cookies[i])
	}
	if d.end != nil && len(s.cookies) > 0 {
		d.end(s)
	}
	return s.finish()
}

func (s *Scratch) begin(d *dialect, set Settings) {
	s.Reset()
	if s.visit == nil {
		s.visit = s.keepCookie
	}
	s.as, s.set = d, set
}

// Reset forgets what was read last, and keeps the memory.
func (s *Scratch) Reset() {
	s.as, s.set = nil, Settings{}
	s.ownCookies.reset()
	s.decoded.reset()
	s.answers.reset()
	s.record.reset()
	s.beside, s.marks = IABStrings{}, [4]uint64{}
}

// JSON finds the JSON in a cookie that is no platform's: as it is, escaped up to twice, in quotes, or in base64. What
// comes back holds until a platform is read.
func (s *Scratch) JSON(value []byte) (gjson.Result, bool) {
	if len(value) == 0 || len(value) > read.MaxCookie {
		return gjson.Result{}, false
	}
	if found, ok := s.json(value); ok {
		return found, true
	}
	if text, coded := s.base64(value); coded {
		return s.json(text)
	}
	return gjson.Result{}, false
}

// Beside returns the strings of cookies with the usual names beside the platform's, as the last reading found them.
func (s *Scratch) Beside() *IABStrings { return &s.beside }

// keepCookie keeps a cookie that is the platform's, and the strings of others.
func (s *Scratch) keepCookie(name, value []byte) bool {
	slot, ok := s.as.slot(name, &s.set)
	if !ok {
		s.beside.keep(&s.decoded, name, value)
		return true
	}
	s.st.State = max(s.st.State, read.Valid)
	s.keep(slot, name, value)
	return true
}

// finish says what all that was read comes to.
func (s *Scratch) finish() (Statement, []Item) {
	st := &s.st
	if s.over || s.unreadable {
		s.malformed()
	}
	switch {
	case st.State == read.Malformed:
		*st = Statement{State: read.Malformed, Objection: st.Objection}
	case s.as.sealed:
		st.Decided = Unknowable
	case st.State == read.Absent:
		st.Decided = Undecided
	}
	if st.State == read.Valid {
		s.combine(&s.as.listed)
	}
	for _, p := range [...]struct{ into, from *[]byte }{
		{&st.TC, &s.beside.TC}, {&st.AC, &s.beside.AC}, {&st.USP, &s.beside.USP}, {&st.GPP, &s.beside.GPP},
		{&st.GPPSID, &s.beside.GPPSID},
	} {
		if *p.into == nil {
			*p.into = *p.from
		}
	}
	return *st, s.items
}
