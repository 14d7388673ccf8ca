package names

import (
	"slices"

	"github.com/tagwarden/tagwarden/rules/hit"
)

// reader reads the parts of one name, under what the object is called that it is in.
type reader struct {
	above part // the last word that counts of the object's name; the zero part where there is none
	asked bool // only what is sensitive counts: the name asks for something, or what follows only says something about it

	turned [mostParts + 1]part // the parts with the last one in front
}

// class is what a name of these parts says.
func (r *reader) class(p *parts) hit.Class {
	if p.n == 0 {
		return hit.Unknown
	}
	r.asked = p.n > 1 && p.list[0].is(asking)
	return r.read(p.list[:p.n], false, false)
}

// read reads parts from the last one back. Strayed is true behind a word that the table does not know, and turned where
// the last word was put in front.
func (r *reader) read(list []part, strayed, turned bool) hit.Class {
	for i, p := range slices.Backward(list) {
		if c := p.anywhere; c != hit.Unknown && (!r.asked || c == hit.Sensitive) {
			return c
		}
		if !p.known() || p.anywhere != hit.Unknown {
			strayed = true
			continue
		}
		if !r.asked {
			if c, ok := r.byNeighbour(list[:i], p, strayed, turned); ok {
				return c
			}
		}
		switch {
		case p.is(thing):
			return hit.Unknown
		case p.is(about):
			r.asked = true
		case p.is(small):
		case p.is(person|own|where) && !turned && i > 0:
			return r.read(r.front(p, list[:i]), strayed, true)
		default:
			strayed = true
		}
	}
	return hit.Unknown
}

// front is a list with a part put in front of it.
func (r *reader) front(p part, list []part) []part {
	r.turned[0] = p
	n := copy(r.turned[1:], list)
	return r.turned[:n+1]
}

// byNeighbour reads a part by what stands before it. False where that says nothing.
func (r *reader) byNeighbour(before []part, p part, strayed, turned bool) (hit.Class, bool) {
	for len(before) > 0 && before[len(before)-1].is(small) && before[len(before)-1].anywhere == hit.Unknown {
		before = before[:len(before)-1]
	}
	next, inside := r.above, false // what stands before it, in the name or above it
	if len(before) > 0 {
		next, inside = before[len(before)-1], true
		if turned && !next.known() { // "acf_nom_client"
			next = before[0]
		}
	}
	if p.is(number) {
		return r.number(before, p, next)
	}
	if strayed {
		return hit.Unknown, false
	}
	if c := p.theirs; c != hit.Unknown && next.word != nil && (next.is(person|own) && !isThing(next) ||
		next.numbered == c) {
		return c, true
	}
	if c := p.last; c != hit.Unknown && (!place(c) || !isThing(next)) {
		return c, true
	}
	c := p.alone
	if c == hit.Unknown {
		return hit.Unknown, false
	}
	if p.is(title) && turned && next.plural { // French "nombre_clients" is how many
		return hit.Unknown, false
	}
	if p.is(title) && inside && !next.is(person|own) {
		named := r.read(before, false, true)
		return named, named != hit.Unknown
	}
	switch {
	case next.word == nil, next.is(person | own), c != hit.PersonName && next.is(where):
		return c, true
	case !inside:
		return c, !isThing(next)
	default:
		return c, next.anywhere|next.last != hit.Unknown
	}
}

// number is what the number of what stands before it is.
func (r *reader) number(before []part, p, next part) (hit.Class, bool) {
	if len(before) > 0 {
		switch c := r.read(before, false, true); {
		case c == hit.PersonName && p.is(ident) && next.word != nil && next.is(person): // "account_holder_id"
			return hit.UserID, true
		case c != hit.Unknown:
			return c, true
		}
	}
	switch {
	case next.word == nil:
		return hit.Unknown, false
	case next.numbered != hit.Unknown:
		return next.numbered, true
	case next.is(person) && !next.is(about) && (!next.plural || p.is(ident)): // "guests_number" is how many
		return hit.UserID, true
	default:
		return hit.Unknown, false
	}
}

// ofMany tells whether what has the number that the name is of may be many persons' together.
func (r *reader) ofMany(p *parts) bool {
	for _, of := range slices.Backward(p.list[:p.n]) {
		if !of.is(number | small) {
			return of.is(many)
		}
	}
	return isSaid(r.above) && r.above.is(many)
}

// isSaid tells whether a word stands there at all.
func isSaid(p part) bool { return p.word != nil }

func isThing(p part) bool { return isSaid(p) && p.is(thing) }

// place tells whether things have it too: a shop has a name and an address.
func place(c hit.Class) bool {
	switch c {
	case hit.PersonName, hit.PostalAddress, hit.CoarseGeo, hit.PreciseGeo:
		return true
	default:
		return false
	}
}

// said tells whether words of the class say, of goods, what they are: a product has a title and a description.
func said(c hit.Class) bool {
	switch c {
	case hit.PageTitle, hit.FreeText, hit.URL, hit.SearchTerm, hit.Language, hit.UserAgent,
		hit.ClientHint, hit.Screen, hit.Timezone:
		return true
	default:
		return false
	}
}
