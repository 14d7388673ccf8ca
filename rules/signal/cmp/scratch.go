package cmp

import (
	"bytes"
	"slices"

	"github.com/tagwarden/tagwarden/rules/signal/read"
)

// Bounds of what is read; beyond them all is malformed. A browser holds a handful of a platform's cookies, and the longest honest list of
// vendors that fits into one has some four hundred.
const (
	maxCookies  = 64
	maxMentions = 1024
)

// Scratch is the memory that reading needs, to be used again by its owner, for one reading at a time. Its zero value is ready.
type Scratch struct {
	visit func(name, value []byte) bool // take, bound once: a new method value for every hit would allocate
	as    *dialect
	set   Settings

	found []cookie
	text  []byte // decoded values; grows, and never moves what was handed out
	said  []mention
	items []Item

	st     Statement
	beside IABStrings // of cookies beside
	spoke  bool       // Decided has been said
	over   bool       // there are more cookies than are read
	passes [numLists]uint8
	marks  [4]uint64 // what a platform's read keeps for its end
}

// cookie is one of the platform's cookies, as on the wire.
type cookie struct {
	slot        int
	name, value []byte
}

// mention is one place where an id is answered.
type mention struct {
	list List
	pass uint8 // which list of that kind in the jar
	vote vote
	id   []byte
}

type vote uint8

const (
	named vote = iota // neither: granted elsewhere, or not at all
	yes
	no
)

func voteOf(granted bool) vote {
	if granted {
		return yes
	}
	return no
}

// Read reads the platform's cookies. Of several that differ, or of two answers to one thing, the stricter holds; one that cannot be read
// spoils all, for what it would have refused is not known. An objection in any of them counts.
func (c Platform) Read(jar read.Jar, set Settings, s *Scratch) (Statement, []Item) {
	d := c.dialect()
	if d == nil {
		return Statement{}, nil
	}
	s.begin(d, set)
	jar.Cookies(s.visit)
	for i := range s.found {
		if len(s.found[i].value) > read.MaxCookie {
			s.malformed()
			continue
		}
		d.read(s, &s.found[i])
	}
	if d.end != nil && len(s.found) > 0 {
		d.end(s)
	}
	return s.finish()
}

func (s *Scratch) begin(d *dialect, set Settings) {
	if s.visit == nil {
		s.visit = s.take
	}
	s.as, s.set = d, set
	s.found, s.text, s.said, s.items = s.found[:0], s.text[:0], s.said[:0], s.items[:0]
	s.st, s.beside, s.spoke, s.over = Statement{}, IABStrings{}, false, false
	s.passes, s.marks = [numLists]uint8{}, [4]uint64{}
}

// Reset forgets what was read last: it points into bytes that are not the scratch's.
func (s *Scratch) Reset() {
	clear(s.found)
	clear(s.said)
	clear(s.items)
	s.found, s.said, s.items = s.found[:0], s.said[:0], s.items[:0]
	s.st, s.beside = Statement{}, IABStrings{}
}

// Beside returns the strings of cookies with the usual names beside the platform's, as the last reading found them.
func (s *Scratch) Beside() *IABStrings { return &s.beside }

// take keeps a cookie that is the platform's. The same value twice is one.
func (s *Scratch) take(name, value []byte) bool {
	slot, ok := s.as.slot(name, &s.set)
	if !ok {
		s.takeBeside(name, value)
		return true
	}
	if s.over {
		return true
	}
	for i := range s.found {
		if c := &s.found[i]; c.slot == slot && bytes.Equal(c.value, value) && bytes.Equal(c.name, name) {
			return true
		}
	}
	if s.st.State = max(s.st.State, read.Valid); len(s.found) == maxCookies {
		s.over = true
		s.malformed()
		return true
	}
	s.found = append(s.found, cookie{slot, name, value})
	return true
}

// has tells whether the jar has that cookie of the platform.
func (s *Scratch) has(slot int) bool {
	return slices.ContainsFunc(s.found, func(c cookie) bool { return c.slot == slot })
}

func (s *Scratch) malformed() { s.st.State = read.Malformed }

// decided adds what one reading says of the visitor's having acted: all have to say so.
func (s *Scratch) decided(d Decided) {
	switch {
	case !s.spoke:
		s.st.Decided, s.spoke = d, true
	case s.st.Decided == Undecided || d == Undecided:
		s.st.Decided = Undecided
	case d == Unknowable:
		s.st.Decided = Unknowable
	}
}

// at adds a time of choice: the oldest is what can be relied on.
func (s *Scratch) at(milli int64) {
	s.st.AtMilli = read.Older(s.st.AtMilli, milli)
}

// pass begins another list of that kind, for platforms where what is left out is refused.
func (s *Scratch) pass(of List) {
	if s.passes[of] == 255 {
		s.malformed()
		return
	}
	s.passes[of]++
}

func (s *Scratch) say(list List, id []byte, v vote) {
	if len(id) == 0 || len(s.said) == maxMentions {
		s.malformed()
		return
	}
	s.said = append(s.said, mention{list, s.passes[list], v, id})
}

// string keeps an IAB string. Two that differ are none.
func (s *Scratch) string(into *[]byte, value []byte) {
	switch {
	case len(value) == 0:
	case *into == nil:
		*into = value
	case !bytes.Equal(*into, value):
		s.malformed()
	}
}

func (s *Scratch) finish() (Statement, []Item) {
	st := &s.st
	switch {
	case st.State == read.Malformed:
		*st = Statement{State: read.Malformed, Objection: st.Objection}
	case s.as.sealed:
		st.Decided = Unknowable
	case st.State == read.Absent:
		st.Decided = Undecided
	}
	if st.State == read.Valid {
		s.settle()
	}
	for _, p := range [...]struct{ into, from *[]byte }{
		{&st.TC, &s.beside.TC}, {&st.AC, &s.beside.AC}, {&st.USP, &s.beside.USP}, {&st.GPP, &s.beside.GPP}, {&st.GPPSID, &s.beside.GPPSID},
	} {
		if *p.into == nil {
			*p.into = *p.from
		}
	}
	return *st, s.items
}

// settle turns mentions into items, one for each id: granted where one mention grants it and none refuses it, and where only grants are
// listed, in every list.
func (s *Scratch) settle() {
	slices.SortFunc(s.said, func(a, b mention) int {
		if a.list != b.list {
			return int(a.list) - int(b.list)
		}
		if order := bytes.Compare(a.id, b.id); order != 0 {
			return order
		}
		return int(a.pass) - int(b.pass)
	})
	for rest := s.said; len(rest) > 0; {
		first := &rest[0]
		var granted, refused bool
		var passes, last uint8
		n := 0
		for ; n < len(rest) && rest[n].list == first.list && bytes.Equal(rest[n].id, first.id); n++ {
			m := &rest[n]
			granted, refused = granted || m.vote == yes, refused || m.vote == no
			if m.vote == yes && m.pass != last {
				passes, last = passes+1, m.pass
			}
		}
		if s.as.listed[first.list] && passes < s.passes[first.list] {
			refused = true
		}
		s.items = append(s.items, Item{first.list, first.id, granted && !refused})
		rest = rest[n:]
	}
}
