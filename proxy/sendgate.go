package proxy

import (
	"go.uber.org/zap"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// sendGate asks objections again, right before the first byte of a request to a vendor is written: an act that came
// into force since its events were judged holds it back. It is a [delivery.SendGate], made for one request, and knows
// of the events only what it is given: whoever judged them, and whenever.
type sendGate struct {
	log        *zap.Logger
	inflight   *inflight
	counters   *counters
	objections Objections
	subjects   []rules.Subject                              // of the events
	known      []rules.Objections                           // by event: those that it was judged with
	stands     func(event int, found rules.Objections) bool // what was decided of an event holds in the face of found
	leaving    int                                          // events that leave

	epoch int // of inflight, from the first byte to the last
}

// BeforeFirstByte tells whether the request may leave. From here to AfterLastByte, acts that it may not have seen wait
// for it.
func (g *sendGate) BeforeFirstByte() bool {
	g.epoch = g.inflight.Enter()
	if g.holds() {
		return true
	}
	g.inflight.Exit(g.epoch)
	return false
}

// AfterLastByte says that the bytes are with the kernel, or cut.
func (g *sendGate) AfterLastByte() {
	g.inflight.Exit(g.epoch)
	g.counters.left(len(g.subjects) > 0, g.leaving)
}

// holds tells whether what was decided still holds. An objection that cannot be looked up holds everything back.
func (g *sendGate) holds() bool {
	for i := range g.subjects {
		subject := &g.subjects[i]
		found, err := g.objections.Lookup(subject.Hash)
		if err != nil {
			fault(g.log, "objections cannot be looked up", err)
			return false
		}
		if !found.Any() {
			continue
		}
		from, to := int(subject.Event), int(subject.Event)+1
		if subject.Event == hit.Shared {
			from, to = 0, len(g.known)
		}
		for e := from; e < to; e++ {
			if g.known[e].Adds(found) && !g.stands(e, found) {
				return false
			}
		}
	}
	return true
}
