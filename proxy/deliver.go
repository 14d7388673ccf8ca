package proxy

import (
	"github.com/tagwarden/tagwarden/proxy/delivery"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/catalog"
)

// deliver sends what is left of the hit, and notes how it went; or leaves it to the queue, once it is there. What was
// not recorded before does not get here.
func deliver(s *Server, h *hitContext) result {
	if !h.j.Out.Forward {
		return next
	}
	if h.waits.ticket != nil {
		return h.waits.accept(h)
	}
	out, endpoint := &h.j.Out, h.j.Route.Endpoint
	for i := range out.Headers {
		h.headers = append(h.headers, delivery.Header(out.Headers[i]))
	}
	h.event = delivery.Event{
		Vendor: h.j.Route.Recipient.ID, Host: endpoint.Host,
		Method: out.Method, Path: out.Path, Query: out.Query, Headers: h.headers, Body: out.Body,
		Count: h.j.Permitted(), Taken: endpoint.Taken, Asked: endpoint.Kind == catalog.Answer, Relay: endpoint.Relay,
		Gate: &h.gate,
	}
	h.judged = judgedEvents{
		log: s.opts.Log, objections: h.snapshot.objections,
		subjects: h.j.Subjects, known: h.j.Objections, stands: h.judged.stands, visitors: &h.visitors,
	}
	if h.j.Objectable() {
		h.judged.nodes = s.nodes
	}
	if s.opts.Objections == nil {
		h.judged.store, h.judged.acts = s.objections, h.acts
	}
	h.gate = sendGate{
		inflight: s.inflight, counters: &h.snapshot.counters, events: &h.judged, leaving: h.event.Count,
	}
	h.leaving = true
	h.outcome, h.sent = h.snapshot.Delivery.Deliver(&h.event, &h.answer), true
	s.metrics.BytesOut.Add(float64(len(out.Query) + len(out.Body)))
	h.recordOutcome(h.outcome)
	return next
}

// recordOutcome records and counts how a delivery ended. Where the vendor took it, that alone is recorded: whose it was
// stands in the records of the events.
func (h *hitContext) recordOutcome(o delivery.Outcome) {
	vendor := h.j.Route.Recipient.ID
	h.snapshot.counters.outcome(vendor, o.Kind.String())
	h.snapshot.counters.status(vendor, o)
	of := ledger.Outcome{Hit: h.number, Events: h.leavingEvents(), Outcome: o.Kind.String()}
	if o.Why != delivery.WhyOK {
		of.Vendor, of.Why, of.Status = vendor, o.Why.String(), o.Status
	}
	if err := h.server.ledger.Outcome(of); err != nil {
		fault(h.server.opts.Log, "the outcome of a delivery cannot be recorded", err)
	}
}

// leavingEvents are the indices of the events that travel.
func (h *hitContext) leavingEvents() []int {
	h.travelling = h.travelling[:0]
	for e := range h.j.Verdicts {
		if h.j.Verdicts[e].Decision == rules.Permit {
			h.travelling = append(h.travelling, e)
		}
	}
	return h.travelling
}
