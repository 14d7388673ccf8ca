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
	visitors   *rules.Visitors                              // of the events; asked to join them where nobody did so far
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
		if found == (rules.Objections{}) {
			continue
		}
		if !g.holdsFor(int(subject.Event), found) {
			return false
		}
	}
	return true
}

// holdsFor tells whether what was decided holds in the face of what was found for an event, or, by [hit.Shared], for
// all of them. It counts for every event of its visitor.
func (g *sendGate) holdsFor(event int, found rules.Objections) bool {
	if event != hit.Shared {
		if !g.known[event].Tightens(found) { // then those of the same visitor were judged with it, too
			return true
		}
		if len(g.known) == 1 {
			return g.stands(event, found)
		}
		if !g.visitors.Joined() {
			g.visitors.Join(g.subjects, len(g.known))
		}
	}
	for e := range g.known {
		if event != hit.Shared && g.visitors.Of(e) != g.visitors.Of(event) {
			continue
		}
		if g.known[e].Tightens(found) && !g.stands(e, found) {
			return false
		}
	}
	return true
}
