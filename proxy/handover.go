package proxy

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"go.uber.org/zap"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/queue"
	"github.com/tagwarden/tagwarden/proxy/sharedqueue"
)

// handOver is the room for events that the nodes of a cluster share. What hits add goes into messages, those of a
// vendor together that one commit has: first their decisions are on this node's disk, then the messages are put, and
// when the quorum has one its hits are answered, and this node's ledger says that their events were handed over.
type handOver struct {
	log     *zap.Logger
	queue   *sharedqueue.Queue
	outcome func(ledger.Outcome) error
	count   func(vendor, outcome string, events int)

	mu   sync.Mutex
	open map[string]*handing // by vendor: what the next commit puts
	full []*handing          // what it puts beside, since no more goes into it
}

// handing is events that go into a message, and what became of that.
type handing struct {
	vendor string
	items  [][]byte
	bytes  int
	hits   []ledger.ExchangedHit
	done   chan struct{}
	err    error // known once done is closed
}

var _ eventRoom = (*handOver)(nil)

// Full is that of [eventRoom].
func (r *handOver) Full() error { return notPut(r.queue.Ready()) }

// notPut says why a message cannot be put, in the words of rooms.
func notPut(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sharedqueue.ErrFull):
		return fmt.Errorf("%w: %w", queue.ErrFull, err)
	default:
		return fmt.Errorf("%w: %w", errCutOff, err)
	}
}

// Add is that of [eventRoom]. All events of a hit are in one message, so that they are there or are not.
func (r *handOver) Add(events []queue.Event) (waitTicket, error) {
	if err := r.Full(); err != nil {
		return nil, err
	}
	t := &sharedTicket{room: r, vendor: events[0].Vendor, names: make([]queue.Name, len(events))}
	for i := range events {
		item := queue.AppendCarried(nil, &events[i])
		if !r.queue.Fits(i, t.bytes, len(item)) {
			return nil, queue.ErrTooLarge
		}
		t.names[i], t.bytes = events[i].Name, t.bytes+len(item)
		t.items = append(t.items, item)
	}
	return t, nil
}

// sharedTicket stands for the events of a hit.
type sharedTicket struct {
	room   *handOver
	vendor string
	names  []queue.Name
	items  [][]byte
	bytes  int
	in     *handing
}

// Recorded is that of [waitTicket].
func (t *sharedTicket) Recorded() {
	r := t.room
	r.mu.Lock()
	defer r.mu.Unlock()
	h := r.open[t.vendor]
	if h != nil && !r.queue.Fits(len(h.items)+len(t.items)-1, h.bytes, t.bytes) {
		r.full, h = append(r.full, h), nil
	}
	if h == nil {
		h = &handing{vendor: t.vendor, done: make(chan struct{})}
		r.open[t.vendor] = h
	}
	h.items, h.bytes = append(h.items, t.items...), h.bytes+t.bytes
	for _, name := range t.names {
		h.list(name)
	}
	t.in, t.items = h, nil
}

// list lists an event below its hit.
func (h *handing) list(of queue.Name) {
	if last := len(h.hits) - 1; last >= 0 && h.hits[last].Hit == of.Hit {
		h.hits[last].Events = append(h.hits[last].Events, int(of.Event))
		return
	}
	h.hits = append(h.hits, ledger.ExchangedHit{Hit: of.Hit, Events: []int{int(of.Event)}})
}

// Synced is that of [waitTicket].
func (t *sharedTicket) Synced() error {
	<-t.in.done
	return t.in.err
}

// Accept is that of [waitTicket]: any node may have delivered them by now.
func (t *sharedTicket) Accept() {}

// Refuse is that of [waitTicket]. What became of them is recorded by whoever put them.
func (t *sharedTicket) Refuse() bool { return false }

// take is what a commit puts, once the decisions that were recorded before it was called are on disk.
func (r *handOver) take() []*handing {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := r.full
	for _, h := range r.open {
		all = append(all, h)
	}
	r.full = nil
	clear(r.open)
	return all
}

// put puts messages, and waits for none. Where the decisions did not come to disk nothing is put.
func (r *handOver) put(all []*handing, err error) {
	for _, h := range all {
		go func() {
			defer close(h.done)
			of := ledger.Outcome{Vendor: h.vendor, Outcome: ledger.HandedOver}
			if h.err = err; err == nil {
				h.err = r.queue.Put(context.Background(), h.vendor, h.items)
			}
			switch {
			case h.err == nil:
			case errors.Is(h.err, sharedqueue.ErrUnknown):
				of.Outcome, of.Why = ledger.Unknown, whyUnconfirmed
			default:
				of.Outcome, of.Why = ledger.Dropped, whyNotAccepted
			}
			if h.err != nil && err == nil {
				h.err = notPut(h.err)
			}
			r.say(h, of)
		}()
	}
}

// say records what became of the events of a message. Where that fails the next start says that nobody knows.
func (r *handOver) say(h *handing, of ledger.Outcome) {
	r.count(h.vendor, of.Outcome, len(h.items))
	if len(h.hits) > 1 {
		of = of.Together(h.hits)
	} else {
		of.Hit, of.Events = h.hits[0].Hit, h.hits[0].Events
	}
	if err := r.outcome(of); err != nil {
		fault(r.log, "it cannot be recorded that events were handed over", err)
	}
}
