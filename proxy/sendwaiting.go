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
	piece   batch.Piece
	batch   batch.Batch
	parts   []batch.Part
	rounds  [][]int  // events that are still to be sent, by their place among the parcels: each list in one request
	first   []int    // those of the first request
	held    []uint64 // orders of which no event leaves any more
	of      *batch.Vendor
	facts   rules.Kept
	drawn   float64 // at random, for all events of a request: what failed together comes again together
}

// reset forgets the requests.
func (s *sending) reset() {
	s.event, s.gate, s.headers = delivery.Event{}, queuedGate{}, hit.Emptied(s.headers)
	if body := s.answer.Body(); cap(body) > 0 {
		s.answer.SwapBody(hit.Recycled(body))
	}
	s.answer.Reset()
	s.piece.Reset()
	s.batch.Reset()
	s.parts, s.rounds, s.held, s.of = s.parts[:0], s.rounds[:0], s.held[:0], nil
	s.facts.Reset()
}

// send sends the events, those that travel together in one request; others go back to where they waited. Where the
// vendor refuses some for the sake of others it is asked again. It returns how the first request ended.
func (x *exchange) send(ctx context.Context) (first delivery.Outcome) {
	x.rounds = append(x.rounds[:0], x.load())
	for n := 0; len(x.rounds) > 0; n++ {
		last := len(x.rounds) - 1
		some := x.rounds[last]
		x.rounds = x.rounds[:last]
		if ctx.Err() != nil && n > 0 {
			x.returnAll(some)
			continue
		}
		if n > 0 {
			x.reload(some)
		}
		o := x.request(some)
		x.opts.Metrics.Delivery.Attempts.WithLabelValues(x.vendor, x.became(&x.parcels[some[0]], o)).Inc()
		if n == 0 {
			first = o
		}
		x.apart(some, o)
	}
	return first
}

// load puts the events that travel with the first one into one request, and gives back the others: what is not alike, or
// has no room, and whatever stands behind such a one in its order.
func (x *exchange) load() []int {
	x.batch.Reset()
	some := x.first[:0]
	alone := len(x.parcels) == 1 || x.of == nil
	for i := range x.parcels {
		p := &x.parcels[i]
		joins := !alone && !slices.Contains(x.held, p.item.Order) && x.join(p)
		if i == 0 {
			alone, joins = !joins, true
		}
		if joins {
			some = append(some, i)
			continue
		}
		x.queue.Return(p.item)
		x.hold(p)
	}
	x.first = some
	return some
}

// hold has no event leave that stands behind one in its order which does not.
func (x *exchange) hold(p *parcel) {
	if p.item.Order != 0 {
		x.held = append(x.held, p.item.Order)
	}
}

func (x *exchange) join(p *parcel) bool {
	p.load(&x.event, &x.headers)
	return x.of.Cut(&x.piece, &x.event, p.keyed()) && x.batch.Add(&x.piece)
}

// reload puts events that travelled together into one request again.
func (x *exchange) reload(some []int) {
	x.batch.Reset()
	for _, i := range some {
		if len(some) > 1 && !x.join(&x.parcels[i]) {
			panic("BUG: events that travelled together do not join")
		}
	}
}

func (x *exchange) returnAll(some []int) {
	for _, i := range some {
		x.queue.Return(x.parcels[i].item)
	}
}

// request makes one request for events: a lone one as it waited.
func (x *exchange) request(some []int) delivery.Outcome {
	snapshot := x.opts.InForce()
	x.list(some)
	if p := &x.parcels[some[0]]; len(some) == 1 {
		p.load(&x.event, &x.headers)
		x.event.Taken = x.takenOf(snapshot, p)
	} else {
		x.batch.Event(&x.event)
	}
	x.gate = queuedGate{sendGate: *x.kept.gate(x.opts.Inflight, &snapshot.counters), x: x, some: some}
	x.event.Vendor, x.event.Gate, x.drawn = x.vendor, &x.gate, x.opts.Random()
	o := snapshot.Delivery.Deliver(&x.event, &x.answer)
	x.opts.Metrics.BytesOut.Add(float64(len(x.event.Query) + len(x.event.Body)))
	return o
}

// takenOf is where the vendor's answer says how many events it took.
func (x *exchange) takenOf(s *Snapshot, p *parcel) string {
	if x.facts.Read(p.event.Facts) != nil {
		return ""
	}
	id, _ := x.facts.Route()
	return s.taken[[2]string{x.vendor, id}]
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
			again[part.Round] = append(again[part.Round], some[n])
		} else {
			x.settle(&x.parcels[some[n]], part.Outcome)
		}
	}
	for _, round := range [2]int{1, 0} {
		if len(again[round]) > 0 {
			x.rounds = append(x.rounds, again[round])
		}
	}
}

// settle says what became of an event.
func (x *exchange) settle(p *parcel, o delivery.Outcome) {
	switch {
	case o.Kind == delivery.Delivered:
		x.ends(p.item, ledger.Delivered, o.Why.String(), o.Status)
	case o.Why == delivery.WhyObjection: // it is asked again, and those that may not leave are left out
		x.again(p, o, x.gate.after)
	case o.Again(p.keyed()):
		x.again(p, o, x.backoff.Load().Delay(p.item.Attempts+1, o.After, x.drawn))
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
func (x *exchange) became(p *parcel, o delivery.Outcome) string {
	switch {
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
	if err := x.queue.Park(p.item, parkReason(o)); err != nil {
		x.ends(p.item, ledger.Dropped, o.Why.String(), o.Status)
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
