package catalog

import "github.com/tagwarden/tagwarden/rules/hit"

// MayBe tells of which classes a value of a field may be taken to be beside those that the catalog says, whatever a hit
// holds: what a site calls it, where names are the site's, and what it looks like, where it may be any text. Fields
// that stand at their own names alone are what the catalog says they are.
type MayBe struct {
	Called  bool // a site may have called it something
	Address bool // an address of a page may stand in it
	Place   bool // a place on the earth may stand in it
}

// MayBe says it of each field, by its number. It is found out once.
func (v *Vendor) MayBe() []MayBe { return v.mayBe() }

// findMayBe goes over all places where values of a hit may stand.
func (v *Vendor) findMayBe() []MayBe {
	all := make([]MayBe, len(v.Fields))
	for i := range v.Fields {
		of := placed[v.Fields[i].Class]
		all[i].Address, all[i].Place = of, of
	}
	w := naming{v: v, seen: make([]uint8, len(v.states)), all: all}
	for i := range v.Endpoints {
		e := &v.Endpoints[i]
		for _, root := range []int32{0, e.body, e.query, e.fields} {
			w.walk(e, named{state: root})
		}
		clear(w.seen)
	}
	return all
}

// named is where a value of a hit may stand, and what may be known of it then: it goes over places as [reading.place]
// and [reading.label] do, with every hit at once.
type named struct {
	state  int32
	called bool // it, or something around it, has a name that says something
	ofSite bool // it stands in JSON that a site wrote into a text
	free   bool // its own name is the site's
}

// naming goes over the places of a vendor.
type naming struct {
	v    *Vendor
	seen []uint8 // by state: what was known when it was looked at, a bit for each of what may be
	all  []MayBe
}

// isSeen tells whether a place was looked at with the same known of it, and notes that it is.
func (w *naming) isSeen(at named) bool {
	known := uint8(1)
	if at.called {
		known <<= 1
	}
	if at.ofSite {
		known <<= 2
	}
	if at.free {
		known <<= 4
	}
	seen := w.seen[at.state]&known != 0
	w.seen[at.state] |= known
	return seen
}

// walk goes over a place and all below it.
func (w *naming) walk(e *Endpoint, at named) {
	todo := []named{at}
	for len(todo) > 0 {
		at := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if w.isSeen(at) {
			continue
		}
		s := &w.v.states[at.state]
		to := func(state int32, of named, free bool) {
			todo = append(todo, named{state, of.called, of.ofSite, free})
		}
		if s.pair != "" { // an element of a list of pairs stands where its name leads
			for _, next := range s.pairs {
				to(next, at, false)
			}
			if s.other != 0 {
				of := at
				of.called = of.called || w.namesPair(s)
				to(s.other, of, true)
			}
		}
		for _, next := range s.schemas {
			to(next, at, at.free)
		}
		if s.event != hit.None && at.state != e.fields {
			to(e.fields, at, at.free)
		}
		w.field(s, &at)
		below := []named{at}
		if s.field != hit.None && w.v.Fields[s.field].opens {
			if s.inner != 0 {
				to(s.inner, at, false)
			}
			if f := &w.v.Fields[s.field]; len(f.Open) == 0 {
				of := at
				of.ofSite = true
				below = append(below, of)
			}
		}
		for _, of := range below {
			w.below(s, of, to)
		}
	}
}

// field notes what the field of a place may be taken to be, and that what is below may be, too.
func (w *naming) field(s *state, at *named) {
	if s.field == hit.None {
		return
	}
	f := &w.v.Fields[s.field]
	at.called = at.called || at.free && (f.Names || at.ofSite)
	if at.called && !f.label {
		w.all[s.field].Called = true
	}
}

// below goes on with members and elements.
func (w *naming) below(s *state, of named, to func(state int32, of named, free bool)) {
	for _, names := range [...]lookup{s.members, s.keys} {
		for i := range names {
			if next := names[i].to; next != 0 {
				to(next, of, false)
			}
		}
	}
	for i := range s.likes {
		to(s.likes[i].to, of, true)
	}
	for i := range s.globs {
		to(s.globs[i].to, of, true)
	}
	for _, next := range [...]int32{s.elem, s.head} {
		if next != 0 {
			to(next, of, false)
		}
	}
	if s.star != 0 {
		to(s.star, of, true)
	}
}

// namesPair tells whether the name of a pair counts that nobody knows.
func (w *naming) namesPair(s *state) bool {
	value := w.v.states[s.other].star
	if s.pair == listPairs {
		value = w.v.states[s.other].elem
	}
	field := w.v.states[value].field
	return field != hit.None && w.v.Fields[field].Names
}
