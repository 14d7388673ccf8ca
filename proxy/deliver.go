package proxy

import (
	"github.com/tagwarden/tagwarden/proxy/delivery"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/rules/catalog"
)

// deliver sends what is left of the hit, and notes how it went. What was not recorded before does not get here.
func deliver(s *Server, p *passage) result {
	if !p.j.Out.Forward {
		return next
	}
	out := &p.j.Out
	for i := range out.Headers {
		p.headers = append(p.headers, delivery.Header(out.Headers[i]))
	}
	p.event = delivery.Event{
		Vendor: p.j.Route.Recipient.ID, Host: p.j.Route.Endpoint.Host,
		Method: out.Method, Path: out.Path, Query: out.Query, Headers: p.headers, Body: out.Body,
		Count: p.j.Permitted(), Taken: p.j.Route.Endpoint.Taken, Asked: p.j.Route.Endpoint.Kind == catalog.Answer, Relay: p.j.Route.Endpoint.Relay,
		Gate: &p.gate,
	}
	p.gate = sendGate{
		log: s.opts.Log, inflight: s.inflight, counters: &p.snapshot.figures, objections: p.snapshot.objections,
		subjects: p.j.Subjects, known: p.j.Objections, stands: p.gate.stands, leaving: p.event.Count,
	}
	p.leaving = true
	p.outcome, p.sent = p.snapshot.Delivery.Deliver(&p.event, &p.answer), true
	s.metrics.BytesOut.Add(float64(len(out.Query) + len(out.Body)))
	s.outcome(p, p.outcome)
	return next
}

// outcome records and counts how a delivery ended.
func (s *Server) outcome(p *passage, o delivery.Outcome) {
	vendor := p.j.Route.Recipient.ID
	p.snapshot.figures.outcome(vendor, o.Kind.String())
	err := s.ledger.Outcome(ledger.Outcome{
		Hit: p.number, Events: p.j.Permitted(), Vendor: vendor, Outcome: o.Kind.String(), Why: o.Why.String(), Status: o.Status,
	})
	if err != nil {
		fault(s.opts.Log, "the outcome of a delivery cannot be recorded", err)
	}
}
