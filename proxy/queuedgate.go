package proxy

import (
	"errors"
	"time"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/sharedqueue"
)

// queuedGate is the send gate of events that waited. Where they may not be sent twice it is on the ledger, and on disk,
// that an attempt began, before their first byte leaves.
type queuedGate struct {
	sendGate
	x     *exchange
	some  []int         // the events, by their place among the parcels
	after time.Duration // how long they are let be where it said no
}

// BeforeFirstByte is that of [delivery.SendGate].
func (g *queuedGate) BeforeFirstByte() bool {
	err := g.x.noteAttempt()
	if errors.Is(err, sharedqueue.ErrLost) { // another node goes on with some of them
		g.after = againAfter
		return false
	}
	if err != nil {
		fault(g.x.opts.Log, "an attempt cannot be recorded, so that none is made", err)
		g.after, g.x.stalled = againAfter, true
		return false
	}
	if !g.sendGate.BeforeFirstByte() {
		return false
	}
	for _, i := range g.some {
		g.x.parcels[i].left = true
	}
	return true
}

// noteAttempt records that events without a key are about to be sent.
func (x *exchange) noteAttempt() error {
	begins, items := x.begins[:0], x.items[:0]
	for _, i := range x.gate.some {
		p := &x.parcels[i]
		if p.keyed {
			continue
		}
		begins = append(begins, ledger.ExchangedHit{Hit: p.item.Name.Hit, Events: p.index[:]})
		items = append(items, p.item)
	}
	x.begins, x.items = begins, items
	if len(items) == 0 {
		return nil
	}
	if err := x.taken.begin(items); err != nil {
		return err
	}
	err := x.queue.Attempt(x.note, items...)
	for _, i := range x.gate.some {
		p := &x.parcels[i]
		p.attempted = p.attempted || !p.keyed // where it failed, it may be there all the same
	}
	return err
}
