package proxy

import (
	"context"
	"errors"
	"runtime/debug"
	"time"

	"go.uber.org/zap"

	"github.com/tagwarden/tagwarden/proxy/delivery"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/queue"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// exchange is events that waited, and what becomes of them: read, judged again, sent in one request where their vendor
// takes several in one, and each with its outcome. It is a worker's own, and used again and again.
type exchange struct {
	*courier
	parcels []parcel
	out     []queue.Item // all that was handed out for it
	used    int          // how many of their places were
	bytes   int          // of those that were taken
	stalled bool         // something of ours fails, for whichever event

	kept  keptEvents
	found []keptVerdict

	gathered
	sending

	turn  delivery.Turn // in which its vendor may be asked
	given bool          // and that was given back

	over *endings // events that end

	begins []ledger.ExchangedHit // what an attempt is recorded with
	items  []queue.Item
	note   func() error // records it; made once
}

// parcel is an event on its way.
type parcel struct {
	item  queue.Item
	event queue.Event
	index [1]int // of the event in its hit
	keyed bool   // it may be sent twice: its vendor knows it when it comes again
	group uint64 // those of one travel together; 0: it travels alone

	looked looked // by what it was found that it may leave

	attempted bool // it was recorded that an attempt began
	left      bool // its first byte was let go
}

// load makes the request that the event waited as; its bytes are the parcel's. Headers are room for some.
func (p *parcel) load(to *delivery.Event, headers *[]delivery.Header) {
	e := &p.event
	*headers = (*headers)[:0]
	for i := range e.Headers {
		*headers = append(*headers, delivery.Header{Name: text(e.Headers[i].Name), Value: e.Headers[i].Value})
	}
	*to = delivery.Event{
		Host: text(e.Role), Method: text(e.Method), Path: e.Path, Query: e.Query, Headers: *headers, Body: e.Body, Count: 1,
	}
}

func newExchange(c *courier) *exchange {
	x := &exchange{courier: c, over: newEndings(c.dispatcher)}
	x.ahead = queue.NewReader(c.queue)
	x.kept = keptEvents{log: c.opts.Log, acts: c.opts.Acts, now: func() (*Snapshot, rules.Moment) {
		s := c.opts.InForce()
		return s, c.opts.Moment(s)
	}}
	x.note = func() error {
		b := x.attempts.add(x.vendor, x.begins)
		x.commit.wait()
		return b.err
	}
	return x
}

// deliver delivers an event in its turn, and gives that back. False where it panicked: nothing of the exchange is used
// again.
func (x *exchange) deliver(ctx context.Context, t *time.Timer, turn delivery.Turn, first queue.Item) (well bool) {
	x.turn, x.given = turn, false
	defer x.recoverPanic(&well)
	x.gather(ctx, t, first)
	x.letOthersGather()
	x.send(ctx, t)
	if !x.given {
		x.turn.Return()
		x.given = true
	}
	x.over.finish()
	x.reset()
	return true
}

// recoverPanic ends an exchange that panicked. Its events are given back.
func (x *exchange) recoverPanic(well *bool) {
	if recover() == nil {
		return
	}
	*well = false
	x.letOthersGather()
	x.opts.Log.Error("a delivery ended in a panic: its events are tried once more, each by itself; this is a bug",
		zap.String("vendor", x.vendor), zap.ByteString("stack", debug.Stack())) // what was caught may hold text of an event
	x.opts.Metrics.Panics.Inc()
	if !x.given {
		x.turn.End(delivery.Outcome{Why: delivery.WhyFailed})
	}
	panicked{x, newEndings(x.dispatcher)}.giveBack()
}

// reset forgets the exchange: nothing of a visitor stays in its buffers.
func (x *exchange) reset() {
	for i := range x.parcels[:x.used] {
		x.parcels[:x.used][i].event.Reset()
	}
	x.parcels, x.out, x.used, x.bytes = x.parcels[:0], hit.Emptied(x.out), 0, 0
	x.kept.forget()
	x.found = x.found[:0]
	x.gathered.reset()
	x.sending.reset()
}

// take reads an event, asks whether it may leave, and puts it with those that do. False where it does not.
func (x *exchange) take(it queue.Item) bool {
	if it.Expired {
		x.over.add(it, ledger.Dropped, whyExpired, 0)
		return false
	}
	n := len(x.parcels)
	if n < cap(x.parcels) {
		x.parcels = x.parcels[:n+1]
	} else {
		x.parcels = append(x.parcels, parcel{})
	}
	x.used = max(x.used, n+1)
	p := &x.parcels[n]
	p.item, p.index, p.attempted, p.left = it, [1]int{int(it.Name.Event)}, false, false
	p.keyed, p.group, p.looked = false, 0, looked{}
	x.bytes += it.Size
	switch err := x.readFrom(x.queue, it, &p.event); {
	case errors.Is(err, queue.ErrGone):
	case errors.Is(err, queue.ErrDamaged):
		fault(x.opts.Log, "an event that waited is damaged, and is dropped", err)
		x.over.add(it, ledger.Dropped, whyDamaged, 0)
	case err != nil: // the disk cannot be read now
		fault(x.opts.Log, "an event that waits cannot be read", err)
		x.queue.Later(it, againAfter)
		x.hold(p)
		x.stalled = true
	case x.taken.erases(&it, p.event.Subjects):
		x.taken.secret(it)
		x.over.add(it, ledger.Dropped, whyErased, 0)
	case !x.knowsAgain(p) && it.Attempted:
		why := whyStopped
		if len(p.event.Key) > 0 {
			why = whyForgotten
		}
		x.over.add(it, ledger.Unknown, why, 0)
	case x.mayCountTwice(p):
		x.parkRestored(it)
	case x.mayLeave(p):
		return true
	}
	x.parcels = x.parcels[:n]
	return false
}

// knowsAgain notes whether the vendor knows the event when it comes again: by its key, and for as long as vendors
// remember those. Where the clock was set back it has waited for longer than that says.
func (x *exchange) knowsAgain(p *parcel) bool {
	within := x.opts.InForce().within[x.vendor]
	waited := max(x.opts.Now().Sub(p.item.Time), p.event.TTL-p.item.Left)
	p.keyed = len(p.event.Key) > 0 && (within == 0 || waited < within)
	return p.keyed
}

// mayLeave asks whether an event may leave by now; one that may not ends, or waits. What its hit was permitted by a
// moment ago holds as long as nothing else can be found.
func (x *exchange) mayLeave(p *parcel) bool {
	x.kept.of = nil // its bytes may stand where another's did
	p.looked = x.looks.of(p.item.Judged)
	x.kept.hits = append(x.kept.hits[:0], keptHit{facts: p.event.Facts, events: p.index[:], looked: p.looked})
	if x.kept.isUnchanged() {
		return true
	}
	x.found = x.kept.look(x.found[:0])
	switch v := &x.found[0]; {
	case v.permits():
		p.looked = x.kept.last
		p.looked.names = x.kept.names
		return true
	case v.waits():
		x.queue.Later(p.item, againAfter)
		x.hold(p)
		x.stalled = true
	default:
		x.over.add(p.item, ledger.Dropped, v.reason.String(), 0)
	}
	return false
}

// list has what is kept of some of the events be what is judged.
func (x *exchange) list(some []int) {
	x.kept.hits = x.kept.hits[:0]
	for _, i := range some {
		p := &x.parcels[i]
		x.kept.hits = append(x.kept.hits, keptHit{facts: p.event.Facts, events: p.index[:], looked: p.looked})
	}
}
