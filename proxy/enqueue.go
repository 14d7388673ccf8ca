package proxy

import (
	"encoding/binary"
	"errors"
	"slices"
	"time"
	"unsafe"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/queue"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// mayWait tells whether what is permitted of a hit waits for its vendor. Who is asked for an answer is asked at once.
func (h *hitContext) mayWait() bool {
	return h.snapshot.queued && h.j.Route.Endpoint.Kind != catalog.Answer
}

// queuing is what a hit puts into the queue.
type queuing struct {
	lines  *ledger.Lines // its records
	ticket waitTicket    // nil: nothing of it waits

	events  []queue.Event
	headers []queue.Header
	bytes   []byte // facts and bodies of all events, and their records
	ends    []int  // where each of them ends in there
}

// reset forgets the hit.
func (w *queuing) reset() {
	w.lines, w.ticket = nil, nil
	w.events, w.headers = hit.Recycled(w.events), hit.Recycled(w.headers)
	w.bytes, w.ends = hit.Recycled(w.bytes), hit.Recycled(w.ends)
}

// errCannotWait says that events of a hit cannot wait: they are delivered at once.
var errCannotWait = errors.New("the events of this hit cannot wait")

// enqueue puts each event that is permitted into the queue, whole by itself: what leaves of it, what it is judged again
// by, and its record. They are on disk once the ticket is synced, and go nowhere before it is accepted.
func (h *hitContext) enqueue(room eventRoom) (err error) {
	w := &h.waits
	if err := h.fillWaiting(); err != nil {
		return err
	}
	w.ticket, err = room.Add(w.events)
	if errors.Is(err, queue.ErrTooLarge) {
		return errCannotWait
	}
	return err
}

// fillWaiting makes the events that wait.
func (h *hitContext) fillWaiting() error {
	w, j := &h.waits, &h.j
	ttl := time.Duration(h.snapshot.Loaded.Server.Delivery.TTL)
	leaving, from := h.leavingEvents(), 0
	var named, nameless uint64 // the numbers of what events with and without identifiers were judged by; 0: of none so far
	for _, e := range leaving {
		one, ok := j.Alone(e)
		if !ok {
			return errCannotWait
		}
		h.one[0] = e
		facts := len(w.bytes)
		if w.bytes = j.Keep(w.bytes, h.one[:]); len(w.bytes) == facts {
			return errCannotWait
		}
		w.ends = append(w.ends, len(w.bytes))
		w.bytes = append(append(w.bytes, j.Policy.Digest()...), '\n')
		w.bytes = append(w.bytes, w.lines.Of(e)...)
		w.ends = append(w.ends, len(w.bytes))
		body := one.Body
		if len(leaving) > 1 { // the next one is written in its place
			w.bytes = append(w.bytes, body...)
			body = nil
		}
		w.ends = append(w.ends, len(w.bytes))
		if !h.lease.Take(len(w.bytes) - from) {
			return errCannotWait
		}
		from = len(w.bytes)
		if len(w.events) == 0 { // those of all
			for _, header := range one.Headers {
				w.headers = append(w.headers, queue.Header{Name: bytesOf(header.Name), Value: header.Value})
			}
		}
		subjects := h.records[e].Subjects
		by := &nameless
		if len(subjects) > 0 {
			by = &named
		}
		if *by == 0 {
			*by = h.server.dispatch.looks.number(h.judgedBy(len(subjects) > 0))
		}
		w.events = append(w.events, queue.Event{
			Name: queue.Name{Hit: h.number, Event: uint32(e)}, Vendor: j.Route.Recipient.ID,
			Role: bytesOf(j.Route.Endpoint.Host), Time: h.in.Now, TTL: ttl, Subjects: subjects, Order: h.order(e),
			Key: j.IdempotencyKey(e), Method: bytesOf(one.Method), Path: one.Path, Query: one.Query, Body: body,
			Judged: *by,
		})
	}
	for i := range w.events { // nothing is moved any more
		e, ends := &w.events[i], w.ends[3*i:]
		begin := 0
		if i > 0 {
			begin = w.ends[3*i-1]
		}
		e.Facts, e.Record, e.Headers = w.bytes[begin:ends[0]], w.bytes[ends[0]:ends[1]], w.headers
		if len(w.events) > 1 {
			e.Body = w.bytes[ends[1]:ends[2]]
		}
	}
	return nil
}

// judgedBy is by what an event of the hit was found to be permitted. Names: it holds an identifier.
func (h *hitContext) judgedBy(names bool) *looked {
	return &looked{snapshot: h.snapshot, acts: h.acts, names: names, moment: rules.Moment{
		Now: h.in.Now, Latest: h.in.Latest,
		ObjectionsUnavailable: h.in.ObjectionsUnavailable, ObjectionsStale: h.in.ObjectionsStale,
	}}
}

// order is the same for all events of a visitor, where the vendor is to be sent those one after the other; 0: in any
// order. A visitor is told by the browser, where the event names it, else by who they are.
func (h *hitContext) order(event int) (of uint64) {
	if !h.j.Route.Endpoint.Ordered {
		return 0
	}
	best := rules.Mentioned
	for _, list := range [2]int{event + 1, 0} {
		for i := h.firstOf[list]; i != hit.None; i = h.nextOf[i] {
			s := &h.j.Subjects[i]
			better := s.Kind == rules.Browser && best != rules.Browser || s.Kind == rules.Person && best == rules.Mentioned
			if better && s.Form == pseudonym.NewestForm {
				best, of = s.Kind, max(binary.LittleEndian.Uint64(s.Hash[:]), 1)
			}
		}
	}
	return of
}

// bytesOf is a text as bytes, to be read alone.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// accept has what a hit put into the queue wait for its vendor, once that is on disk.
func (w *queuing) accept(h *hitContext) result {
	err := w.ticket.Synced()
	if err == nil {
		w.ticket.Accept()
		w.ticket, h.accepted = nil, true
		return next
	}
	fault(h.server.opts.Log, "events cannot be put into the queue", err)
	h.refuseWaiting(true)
	return refused(rules.Unrecorded)
}

// refuseWaiting takes back what a hit put into the queue. Where its decisions are recorded, so is that.
func (h *hitContext) refuseWaiting(recorded bool) {
	if h.waits.ticket == nil {
		return
	}
	unsaid := h.waits.ticket.Refuse()
	h.waits.ticket = nil
	if !recorded || !unsaid {
		return
	}
	of := ledger.Outcome{
		Hit: h.number, Events: slices.Clone(h.leavingEvents()), Vendor: h.j.Route.Recipient.ID, Outcome: ledger.Dropped,
		Why: whyNotAccepted,
	}
	if err := h.server.ledger.Outcome(of); err != nil {
		fault(h.server.opts.Log, "the outcome of a delivery cannot be recorded", err)
	}
}
