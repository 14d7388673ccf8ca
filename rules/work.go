package rules

import "github.com/tagwarden/tagwarden/rules/scrub"

// What may be spent on one hit, in steps: a step is about what looking at one byte takes. Looking for personal data is most of it. The bound is
// that of a hit, not of a value: real batches stay far below it, and what was made to be costly ends with reason OverLimit.
const (
	StepsPerByte = 32       // for each byte received and unpacked, every layer once
	StepsPerHit  = 64 << 10 // for the hit itself

	stepsPerName = 2 << 10 // for the name of an event as the ledger keeps it, besides its bytes
	longestName  = 1 << 10 // bytes of such a name that are looked over; a longer one is no name that anybody gave an event
)

// What things cost besides looking at values.
const (
	costForm   = 60  // bringing an identifier to its forms
	costDigest = 300 // one of them that is a hash
	costID     = 500 // hashing one of them below two keys
	costNode   = 4   // a field that is passed by
	costShared = 16  // writing down with one event an identifier that all share
)

// budget allows what a hit of its size may spend.
func (j *Judgement) budget() {
	r := &j.Hit.Request
	bytes := len(r.Path) + len(r.Query) + len(r.Body) + len(j.coded) + len(j.Hit.Grow())
	for i := range r.Headers {
		bytes += len(r.Headers[i].Name) + len(r.Headers[i].Value)
	}
	j.work = scrub.NewMeter(StepsPerByte*bytes + StepsPerHit)
}

// Work returns how many steps the hit took, and how many it may take. A hit that takes more is refused.
func (j *Judgement) Work() (steps, most int) { return j.work.Taken() }

// spent tells whether the hit is to be refused because it took more than it may.
func (j *Judgement) spent() bool {
	if !j.work.Spent() {
		return false
	}
	j.trace.overspent()
	return true
}
