package rules

import (
	"encoding/binary"

	"github.com/tagwarden/tagwarden/rules/hit"
)

// joins tells whether events that share the subject are of one visitor: it is an identifier of a person or of a
// browser. An address that a hit came from is everybody's behind it, one that is mentioned may be the shop's, and a
// placeholder is no subject at all. An external id is that of a company, a team or an account, which many people
// share; where it may be a person's, it is looked up as a user id as well, and joins as that.
func (s *Subject) joins() bool {
	return s.Class.Identifies() && s.Class != hit.ExternalID && s.Kind != Mentioned
}

// Visitors says which events of a hit are of one visitor: those that share an identifier of a person or of a browser,
// directly or through others. Its zero value is ready; it says nothing before Join.
type Visitors struct {
	of    []int32 // by event: the first event of its visitor
	slots []int32 // by hash: where in subjects it was met first, counted from 1; 0: nowhere
}

// Reset forgets the hit and keeps the memory, which holds places in the hit and nothing of it.
func (v *Visitors) Reset() { v.of, v.slots = hit.Recycled(v.of), hit.Recycled(v.slots) }

// Joined tells whether Join was called for this hit.
func (v *Visitors) Joined() bool { return len(v.of) > 0 }

// Of is the first event of the visitor that an event is of.
func (v *Visitors) Of(event int) int { return int(v.of[event]) }

// Join finds the visitors of a hit of so many events. It takes time in proportion to events and subjects.
func (v *Visitors) Join(subjects []Subject, events int) {
	v.of = grown(v.of, events)
	for e := range v.of {
		v.of[e] = int32(e)
	}
	size := 1
	for size < 2*len(subjects) {
		size *= 2
	}
	v.slots = grown(v.slots, size)
	for i := range subjects {
		s := &subjects[i]
		switch {
		case !s.joins():
		case s.Event == hit.Shared:
			clear(v.of) // one identifier that all share is enough
			return
		default:
			v.meet(subjects, i)
		}
	}
	for e, first := range v.of { // what is before an event says already where its own first one is
		v.of[e] = v.of[first]
	}
}

// meet joins the event of a subject with that in which the same one was met before.
func (v *Visitors) meet(subjects []Subject, i int) {
	s := &subjects[i]
	for k := binary.LittleEndian.Uint64(s.Hash[:]); ; k++ { // hashes are keyed: nobody can choose where they fall
		slot := &v.slots[k%uint64(len(v.slots))]
		if *slot == 0 {
			*slot = int32(i + 1)
			return
		}
		if before := &subjects[*slot-1]; before.Hash == s.Hash {
			a, b := v.root(before.Event), v.root(s.Event)
			v.of[max(a, b)] = min(a, b)
			return
		}
	}
}

// root is the first event that an event is joined with so far.
func (v *Visitors) root(event int32) int32 {
	for v.of[event] != event {
		v.of[event] = v.of[v.of[event]]
		event = v.of[event]
	}
	return event
}

// Share has each event bear what was objected to for any event of its visitor, and what was refused by receipts. What
// receipts grant is for the events alone that name who granted it: two people may use one browser.
func (v *Visitors) Share(objections []Objections) {
	for e, first := range v.of {
		own := objections[first].Receipts
		own.Refuse(objections[e].Receipts)
		objections[first].Merge(objections[e])
		objections[first].Receipts = own
	}
	for e, first := range v.of {
		own := objections[e].Receipts
		own.Refuse(objections[first].Receipts)
		objections[e] = objections[first]
		objections[e].Receipts = own
	}
}

// grown is a buffer of that length, of zeros.
func grown(buffer []int32, n int) []int32 {
	if cap(buffer) < n {
		return make([]int32, n)
	}
	buffer = buffer[:n]
	clear(buffer)
	return buffer
}
