package rules

import (
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/scrub"
)

// What may be spent on one hit, in steps: a step is about what looking at one byte takes. Looking for personal data is
// most of it. The bound is that of a hit, not of a value: real batches stay far below it, and what was made to be
// costly ends with reason [OverLimit].
const (
	StepsPerByte = 32        // for each byte received and unpacked, every layer once
	StepsPerHit  = 512 << 10 // for the hit itself

	stepsPerName = 2 << 10 // for the name of an event as the ledger keeps it, besides its bytes
	longestName  = 1 << 10 // bytes of such a name that are looked over; a longer one is no name that anybody gave an event
)

// What things cost besides looking at values.
const (
	costVariant = 60  // bringing an identifier to its forms
	costDigest  = 300 // one of them that is a hash
	costHash    = 250 // hashing one of them below a key
	costNode    = 4   // a field that is passed by
	costShared  = 16  // writing down with one event an identifier that all share
)

// budget is what may still be spent on a hit. Its zero value allows nothing.
type budget struct {
	scrub.Meter
	trace *Trace // told when it is overspent; nil where nobody asked
}

// allow allows what a hit of its size may spend; coded is how long its body was below a content coding.
func (b *budget) allow(h *hit.Hit, coded int) {
	r := &h.Request
	bytes := len(r.Path) + len(r.Query) + len(r.Body) + coded + len(h.Grow())
	for i := range r.Headers {
		bytes += len(r.Headers[i].Name) + len(r.Headers[i].Value)
	}
	b.Meter = scrub.NewMeter(StepsPerByte*bytes + StepsPerHit)
}

// spent tells whether the hit is to be refused because it took more than it may.
func (b *budget) spent() bool {
	if !b.Spent() {
		return false
	}
	b.trace.overspent()
	return true
}

// Work returns how many steps the hit took, and how many it may take. A hit that takes more is refused.
func (r *readState) Work() (steps, most int) { return r.budget.Taken() }
