package proxy

import (
	"go.uber.org/zap"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// judgedEvents are the events of a hit that leaves in the moment in which it was judged. Of what they were judged by,
// objections alone can have changed, and whether this node knows all of them.
type judgedEvents struct {
	log        *zap.Logger
	objections Objections
	subjects   []rules.Subject                              // of the events
	known      []rules.Objections                           // by event: those that it was judged with
	stands     func(event int, found rules.Objections) bool // what was decided of an event holds in the face of found
	visitors   *rules.Visitors                              // of the events; asked to join them where nobody did so far
	// nil where it does not matter that others may know of objections
	nodes *nodes
	store versioned // of objections; nil: nobody knows whether they are the same
	acts  uint64    // its version before the first one was looked up
}

// versioned tells whether anything can be found by now that was not before: see [objection.Store.Version].
type versioned interface{ Version() uint64 }

func (g *judgedEvents) named() bool { return len(g.subjects) > 0 }

// hold tells whether what was decided still holds. An objection that cannot be looked up holds everything back. Where
// the store's version is the one that it had before the first look-up, another would find the same: why that is enough
// is said at keptEvents.isUnchanged.
func (g *judgedEvents) hold() bool {
	if g.nodes.stale() {
		return false
	}
	if g.store != nil && g.store.Version() == g.acts {
		return true
	}
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
func (g *judgedEvents) holdsFor(event int, found rules.Objections) bool {
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
		if !g.known[e].Tightens(found) {
			continue
		}
		of := found
		if event != hit.Shared && e != event { // what receipts grant is for events that name who granted it
			of.Receipts = signal.Receipt{Refused: found.Receipts.Refused}
		}
		if !g.stands(e, of) {
			return false
		}
	}
	return true
}
