package proxy

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/tagwarden/tagwarden/proxy/delivery"
	"github.com/tagwarden/tagwarden/proxy/delivery/batch"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// sending is what an exchange sends requests with.
type sending struct {
	event   delivery.Event
	headers []delivery.Header
	answer  fasthttp.Response
	gate    queuedGate
	parts   []batch.Part
	rounds  []round  // what is still to be sent: each in one request
	held    []uint64 // orders of which no event leaves any more
	drawn   float64  // at random, for all events of a request: what failed together comes again together
}

// round is events that come again in one request of their own, by their place among the parcels, and what became of the
// one before, in which none of them was taken.
type round struct {
	events []int
	came   delivery.Outcome
}

// reset forgets the requests.
func (s *sending) reset() {
	s.event, s.gate, s.headers = delivery.Event{}, queuedGate{}, hit.Emptied(s.headers)
	if body := s.answer.Body(); cap(body) > 0 {
		s.answer.SwapBody(hit.Recycled(body))
	}
	s.answer.Reset()
	s.parts, s.rounds, s.held = s.parts[:0], s.rounds[:0], s.held[:0]
}

// send sends the events, those that travel together in one request; others in further ones, once the vendor may be
// asked again, or they go back to where they waited. Where the vendor refuses some for the sake of others it is asked
// again at once.
func (x *exchange) send(ctx context.Context, t *time.Timer) {
	x.rounds = x.rounds[:0]
	for some := x.first; len(some) > 0; {
		o := x.request(some)
		x.turn.End(o)
		x.given = true
		counters := &x.opts.InForce().counters
		counters.attempt(x.vendor, becameOf(&x.parcels[some[0]], o))
		counters.status(x.vendor, o)
		x.apart(some, o)
		x.over.finish()
		if some = x.nextRound(ctx, t); len(some) > 0 {
			x.reload(some)
			continue
		}
		if some = x.load(); len(some) > 0 && !x.anotherTurn(ctx, t) {
			x.giveBack(some, x.rest)
			return
		}
	}
}

// nextRound are the events of the next request, once the vendor may be asked. Those whose order would not be kept, and
// those of a round for which it may not be asked soon, wait with all others.
func (x *exchange) nextRound(ctx context.Context, t *time.Timer) []int {
	for len(x.rounds) > 0 {
		last := len(x.rounds) - 1
		round := x.rounds[last]
		x.rounds = x.rounds[:last]
		some := round.events[:0]
		for _, i := range round.events {
			if p := &x.parcels[i]; slices.Contains(x.held, p.item.Order) {
				x.again(p, round.came, 0)
			} else {
				some = append(some, i)
			}
		}
		if len(some) > 0 && x.anotherTurn(ctx, t) {
			return some
		}
		for _, i := range some {
			x.again(&x.parcels[i], round.came, 0)
		}
	}
	return nil
}

// anotherTurn waits until the vendor may be asked again; false where that is not for long.
func (x *exchange) anotherTurn(ctx context.Context, t *time.Timer) bool {
	for ctx.Err() == nil {
		turn, wait, may := x.pace.TryBegin()
		if may {
			x.turn, x.given = turn, false
			return true
		}
		if wait > mostPause || x.pace.State() != delivery.Closed {
			return false
		}
		pause(ctx, t, nil, max(wait, leastPause))
	}
	return false
}

// hold has no event leave that stands behind one in its order which does not.
func (x *exchange) hold(p *parcel) {
	if p.item.Order != 0 {
		x.held = append(x.held, p.item.Order)
	}
}

// reload puts events that travelled together into one request again.
func (x *exchange) reload(some []int) {
	x.batch.Reset()
	for _, i := range some {
		if len(some) > 1 && !x.join(&x.parcels[i], &x.sending) {
			panic("BUG: events that travelled together do not join")
		}
	}
}

// request makes one request for events: a lone one as it waited.
func (x *exchange) request(some []int) delivery.Outcome {
	snapshot := x.opts.InForce()
	x.list(some)
	if p := &x.parcels[some[0]]; len(some) == 1 {
		p.load(&x.event, &x.headers)
		x.event.Taken = snapshot.taken[[2]string{x.vendor, rules.KeptEndpoint(p.event.Facts)}]
	} else {
		x.batch.Event(&x.event)
	}
	x.gate = queuedGate{sendGate: *x.kept.gate(x.opts.Inflight, &snapshot.counters), x: x, some: some}
	x.event.Vendor, x.event.Gate, x.drawn = x.vendor, &x.gate, x.opts.Random()
	o := snapshot.Delivery.Deliver(&x.event, &x.answer)
	x.opts.Metrics.BytesOut.Add(float64(len(x.event.Query) + len(x.event.Body)))
	return o
}

// apart says of each event of a request what became of it.
func (x *exchange) apart(some []int, o delivery.Outcome) {
	if len(some) == 1 {
		x.settle(&x.parcels[some[0]], o)
		return
	}
	x.parts = x.batch.Apart(x.parts[:0], o, x.answer.Body())
	var again [2][]int
	for n, part := range x.parts {
		if part.Again {
			x.taken.takeBack(&x.parcels[some[n]].item) // it may be a while until its next request
			again[part.Round] = append(again[part.Round], some[n])
		} else {
			x.settle(&x.parcels[some[n]], part.Outcome)
		}
	}
	for _, n := range [2]int{1, 0} {
		if len(again[n]) > 0 {
			x.rounds = append(x.rounds, round{again[n], o})
		}
	}
}

// settle says what became of an event.
func (x *exchange) settle(p *parcel, o delivery.Outcome) {
	switch {
	case o.Kind == delivery.Delivered:
		x.over.add(p.item, ledger.Delivered, o.Why.String(), o.Status)
	case o.Why == delivery.WhyObjection: // it is asked again, and those that may not leave are left out
		x.again(p, o, x.gate.after)
	case o.Again(p.keyed):
		x.again(p, o, x.backoff.Load().Delay(p.item.Attempts+1, o.After, x.drawn))
	case o.Kind == delivery.Unknown:
		x.over.add(p.item, ledger.Unknown, o.Why.String(), o.Status)
	default:
		x.park(p, o)
	}
}

// again has an event be tried again, and what stands behind it in its order wait. Where it was recorded that an attempt
// began, or nobody knows what this one came to, that is recorded: whatever becomes of the event later, it may have
// arrived.
func (x *exchange) again(p *parcel, o delivery.Outcome, after time.Duration) {
	x.hold(p)
	p.item.Attempted = p.item.Attempted || o.Kind == delivery.Unknown
	if p.attempted || o.Kind == delivery.Unknown {
		of := outcomeOf(&p.item, ledger.Deferred, o.Why.String(), o.Status)
		if err := x.opts.Outcome(of); err != nil {
			x.unrecorded(err)
			return
		}
	}
	if !p.item.Attempted { // what it was marked for on the cluster did not count
		x.taken.takeBack(&p.item)
	}
	x.opts.Metrics.Delivery.Again.WithLabelValues(x.vendor, o.Why.String()).Inc()
	x.queue.Later(p.item, after)
}

// becameOf is what metrics say of how a request ended.
func becameOf(p *parcel, o delivery.Outcome) string {
	switch {
	case o.Kind == delivery.Delivered:
		return ledger.Delivered
	case o.Why == delivery.WhyObjection || o.Again(p.keyed):
		return "again"
	case o.Kind == delivery.Unknown:
		return ledger.Unknown
	default:
		return ledger.Parked
	}
}

// park keeps an event that its vendor refused. Where there is no room it ends.
func (x *exchange) park(p *parcel, o delivery.Outcome) {
	if !x.taken.mayPark(&p.item) {
		x.queue.Later(p.item, againAfter)
		return
	}
	of := outcomeOf(&p.item, ledger.Parked, o.Why.String(), o.Status)
	if err := x.opts.Outcome(of); err != nil {
		x.unrecorded(err)
		return
	}
	if err := x.queue.Park(p.item, parkReason(o)); err != nil {
		x.over.add(p.item, ledger.Dropped, o.Why.String(), o.Status)
	}
}

// parkReason names what an event is parked for: what its vendor did, and the status where it gave one, "refused_400".
func parkReason(o delivery.Outcome) string {
	if o.Status == 0 {
		return o.Why.String()
	}
	return o.Why.String() + "_" + strconv.Itoa(o.Status)
}

// parkedFor takes such a name apart.
func parkedFor(reason string) (why string, status int) {
	at := strings.LastIndexByte(reason, '_')
	if at < 0 {
		return reason, 0
	}
	status, err := strconv.Atoi(reason[at+1:])
	if err != nil {
		return reason, 0
	}
	return reason[:at], status
}
