package proxy

import (
	"errors"
	"strconv"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/tagwarden/tagwarden/proxy/delivery"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/queue"
	"github.com/tagwarden/tagwarden/rules"
)

// exchange is one request for events that waited, and what becomes of them: read, judged again, sent in one, and each
// with its outcome. It is a worker's own, and used again and again.
type exchange struct {
	*courier
	parcels []parcel
	kept    keptEvents
	found   []keptVerdict
	gate    queuedGate
	headers []delivery.Header
	event   delivery.Event
	answer  fasthttp.Response

	ended    []queue.Item // to be ended together
	outcomes []ended

	begins ledger.Exchange // what an attempt is recorded with
	items  []queue.Item
	note   func() error // records it; made once
	over   func() error // records how events ended; likewise
}

// ended is how an event ended.
type ended struct {
	ledger.Outcome
	event [1]int
}

// parcel is an event on its way.
type parcel struct {
	item  queue.Item
	event queue.Event
	index [1]int // of the event in its hit
}

func (p *parcel) keyed() bool { return len(p.event.Key) > 0 }

func newExchange(c *courier) *exchange {
	x := &exchange{courier: c}
	x.kept = keptEvents{log: c.opts.Log, now: func() (*Snapshot, rules.Moment) {
		s := c.opts.InForce()
		return s, c.opts.Moment(s)
	}}
	x.note = func() error { return x.opts.Attempt(&x.begins) }
	x.over = x.recordEnded
	return x
}

// deliver delivers an event, and returns how the request ended; false where none was made.
func (x *exchange) deliver(first queue.Item) (o delivery.Outcome, asked bool) {
	x.reset()
	x.take(first)
	x.judge()
	if asked = len(x.parcels) > 0; asked {
		o = x.send()
		x.settle(o)
		x.opts.Metrics.Delivery.Attempts.WithLabelValues(x.vendor, x.became(o)).Inc()
	}
	x.finishEnded()
	return o, asked
}

// reset forgets the last exchange.
func (x *exchange) reset() {
	x.parcels, x.found = x.parcels[:0], x.found[:0]
	x.kept.hits = x.kept.hits[:0]
	x.ended, x.outcomes = x.ended[:0], x.outcomes[:0]
}

// take reads an event, and puts it with those that leave; or ends one that does not.
func (x *exchange) take(it queue.Item) {
	if it.Expired {
		x.ends(it, ledger.Dropped, whyExpired, 0)
		return
	}
	n := len(x.parcels)
	if n < cap(x.parcels) {
		x.parcels = x.parcels[:n+1]
	} else {
		x.parcels = append(x.parcels, parcel{})
	}
	p := &x.parcels[n]
	p.item, p.index = it, [1]int{int(it.Name.Event)}
	switch err := x.queue.Read(it, &p.event); {
	case errors.Is(err, queue.ErrGone):
		x.parcels = x.parcels[:n]
	case errors.Is(err, queue.ErrDamaged):
		fault(x.opts.Log, "an event that waited is damaged, and is dropped", err)
		x.ends(it, ledger.Dropped, whyDamaged, 0)
		x.parcels = x.parcels[:n]
	case err != nil: // the disk cannot be read now
		fault(x.opts.Log, "an event that waits cannot be read", err)
		x.queue.Later(it, againAfter)
		x.parcels = x.parcels[:n]
	case it.Attempted && !p.keyed():
		x.ends(it, ledger.Unknown, whyStopped, 0)
		x.parcels = x.parcels[:n]
	case x.mayCountTwice(p):
		x.parkRestored(it)
		x.parcels = x.parcels[:n]
	}
}

// judge asks of each event whether it may leave by now, and leaves those that do.
func (x *exchange) judge() {
	x.list()
	x.found = x.kept.look(x.found[:0])
	left := x.parcels[:0]
	for i := range x.found {
		p := &x.parcels[i]
		switch v := &x.found[i]; {
		case v.permits():
			if len(left) != i {
				x.parcels[len(left)], x.parcels[i] = x.parcels[i], x.parcels[len(left)]
			}
			left = x.parcels[:len(left)+1]
		case v.waits():
			x.queue.Later(p.item, againAfter)
		default:
			x.ends(p.item, ledger.Dropped, v.reason.String(), 0)
		}
	}
	if len(left) != len(x.parcels) {
		x.parcels = left
		x.list()
	}
}

// list has what is kept of the events that are to leave be what is judged.
func (x *exchange) list() {
	x.kept.hits = x.kept.hits[:0]
	for i := range x.parcels {
		p := &x.parcels[i]
		x.kept.hits = append(x.kept.hits, keptHit{facts: p.event.Facts, events: p.index[:]})
	}
}

// send sends the events in one request.
func (x *exchange) send() delivery.Outcome {
	snapshot := x.opts.InForce()
	e := &x.parcels[0].event
	x.headers = x.headers[:0]
	for i := range e.Headers {
		x.headers = append(x.headers, delivery.Header{Name: text(e.Headers[i].Name), Value: e.Headers[i].Value})
	}
	x.gate = queuedGate{sendGate: *x.kept.gate(x.opts.Inflight, &snapshot.counters), x: x}
	x.event = delivery.Event{
		Vendor: x.vendor, Host: text(e.Role), Method: text(e.Method), Path: e.Path, Query: e.Query, Headers: x.headers,
		Body: e.Body, Count: len(x.parcels), Gate: &x.gate,
	}
	o := snapshot.Delivery.Deliver(&x.event, &x.answer)
	x.opts.Metrics.BytesOut.Add(float64(len(e.Query) + len(e.Body)))
	return o
}

// settle says of each event what became of it.
func (x *exchange) settle(o delivery.Outcome) {
	for i := range x.parcels {
		x.settleOne(&x.parcels[i], o)
	}
}

func (x *exchange) settleOne(p *parcel, o delivery.Outcome) {
	switch {
	case o.Kind == delivery.Delivered:
		x.ends(p.item, ledger.Delivered, o.Why.String(), o.Status)
	case o.Why == delivery.WhyObjection: // it is asked again, and those that may not leave are left out
		x.again(p, o, x.gate.after)
	case o.Again(p.keyed()):
		x.again(p, o, x.backoff.Load().Delay(p.item.Attempts+1, o.After, x.opts.Random()))
	case o.Kind == delivery.Unknown:
		x.ends(p.item, ledger.Unknown, o.Why.String(), o.Status)
	default:
		x.park(p, o)
	}
}

// again has an event be tried again. Where it was recorded that an attempt began, or nobody knows what this one came to,
// that is recorded: whatever becomes of the event later, it may have arrived.
func (x *exchange) again(p *parcel, o delivery.Outcome, after time.Duration) {
	if x.gate.attempted || o.Kind == delivery.Unknown {
		of := outcomeOf(&p.item, ledger.Deferred, o.Why.String(), o.Status)
		if err := x.opts.Outcome(of); err != nil {
			x.unrecorded(err)
			return
		}
	}
	x.opts.Metrics.Delivery.Again.WithLabelValues(x.vendor, o.Why.String()).Inc()
	x.queue.Later(p.item, after)
}

// became is what metrics say of how a request ended.
func (x *exchange) became(o delivery.Outcome) string {
	switch p := &x.parcels[0]; {
	case o.Kind == delivery.Delivered:
		return ledger.Delivered
	case o.Why == delivery.WhyObjection || o.Again(p.keyed()):
		return "again"
	case o.Kind == delivery.Unknown:
		return ledger.Unknown
	default:
		return ledger.Parked
	}
}

// park keeps an event that its vendor refused. Where there is no room it ends.
func (x *exchange) park(p *parcel, o delivery.Outcome) {
	of := outcomeOf(&p.item, ledger.Parked, o.Why.String(), o.Status)
	if err := x.opts.Outcome(of); err != nil {
		x.unrecorded(err)
		return
	}
	reason := o.Why.String()
	if o.Status != 0 {
		reason += "_" + strconv.Itoa(o.Status)
	}
	if err := x.queue.Park(p.item, reason); err != nil {
		x.ends(p.item, ledger.Dropped, o.Why.String(), o.Status)
	}
}

// ends notes that an event ends.
func (x *exchange) ends(it queue.Item, outcome, why string, status int) {
	x.ended = append(x.ended, it)
	x.outcomes = append(x.outcomes, ended{
		ledger.Outcome{Hit: it.Name.Hit, Outcome: x.endsAs(&it, outcome), Why: why, Status: status}, [1]int{int(it.Name.Event)},
	})
}

// finishEnded records how events ended, and ends them.
func (x *exchange) finishEnded() {
	if len(x.ended) == 0 {
		return
	}
	if err := x.queue.End(x.over, x.ended...); err != nil {
		x.unrecorded(err)
		return
	}
	counters := &x.opts.InForce().counters
	for i := range x.outcomes {
		counters.outcome(x.vendor, x.outcomes[i].Outcome.Outcome)
	}
}

// recordEnded records how events ended. Where the vendor took them, that alone is recorded: whose it was stands in the
// records of the events.
func (x *exchange) recordEnded() error {
	for i := range x.outcomes {
		of := &x.outcomes[i]
		if of.Events = of.event[:]; of.Outcome.Outcome == ledger.Delivered && of.Why == delivery.WhyOK.String() {
			of.Why, of.Status = "", 0
		} else {
			of.Vendor = x.vendor
		}
		if err := x.opts.Outcome(of.Outcome); err != nil {
			return err
		}
	}
	return nil
}

// queuedGate is the send gate of events that waited. Where they may not be sent twice it is on the ledger, and on disk,
// that an attempt began, before their first byte leaves.
type queuedGate struct {
	sendGate
	x         *exchange
	attempted bool          // that is recorded
	after     time.Duration // how long they are let be where it said no
}

// BeforeFirstByte is that of [delivery.SendGate].
func (g *queuedGate) BeforeFirstByte() bool {
	if err := g.x.noteAttempt(); err != nil {
		fault(g.x.opts.Log, "an attempt cannot be recorded, so that none is made", err)
		g.after = againAfter
		return false
	}
	return g.sendGate.BeforeFirstByte()
}

// noteAttempt records that events without a key are about to be sent.
func (x *exchange) noteAttempt() error {
	of, items := &x.begins, x.items[:0]
	of.Vendor, of.Hits = x.vendor, of.Hits[:0]
	for i := range x.parcels {
		p := &x.parcels[i]
		if p.keyed() {
			continue
		}
		of.Hits = append(of.Hits, ledger.ExchangedHit{Hit: p.item.Name.Hit, Events: p.index[:]})
		items = append(items, p.item)
	}
	x.items = items
	if len(items) == 0 {
		return nil
	}
	err := x.queue.Attempt(x.note, items...)
	x.gate.attempted = err == nil
	return err
}
