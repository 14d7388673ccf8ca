package proxy

import (
	"runtime/debug"

	"github.com/valyala/fasthttp"
	"go.uber.org/zap"

	"github.com/tagwarden/tagwarden/proxy/delivery"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/rules"
)

// serve takes one request through the stages. A panic ends it there, closed.
func (s *Server) serve(ctx *fasthttp.RequestCtx) {
	if c, ok := ctx.Conn().(*boundedConn); ok {
		c.renew() // this request has been read
	}
	snapshot, now := s.snapshot.Load(), s.opts.Now()
	p := takePassage(ctx, s, snapshot, rules.Inputs{
		Now: now, Keys: s.keyring.current(snapshot, now), Rare: s.values, Strings: s.strings,
	})
	defer p.giveBack()
	defer s.caught(p)
	reason := s.pass(p)
	if reason == answered {
		return
	}
	s.countHit(p, reason)
	p.respond(reason)
}

// caught ends a hit in which a stage panicked. It may have happened anywhere, so nothing of the passage is used again.
func (s *Server) caught(p *passage) {
	if recover() == nil {
		return
	}
	// What was caught may hold text of the hit: only where it happened is said.
	s.opts.Log.Error("a hit ended in a panic: nothing more of it is forwarded; this is a bug", zap.ByteString("stack", debug.Stack()))
	s.metrics.Panics.Inc()
	s.snapshot.Load().figures.hit(rules.Failed)
	s.refusals.add(rules.Failed)
	p.spoiled = true
	p.ctx.Response.Reset()
	p.ctx.SetStatusCode(fasthttp.StatusInternalServerError)
	p.ctx.SetConnectionClose()
	if p.leaving && !p.sent {
		s.outcome(p, delivery.Outcome{Why: "failed"})
	}
}

// answered marks a request that was no hit and has its answer.
const answered = rules.Permitted

// pass is the way of a hit.
func (s *Server) pass(p *passage) rules.Reason {
	for i := range stages {
		if reason := stages[i].run(s, p); reason != rules.Unjudged {
			return s.ended(p, reason)
		}
		if i > 0 {
			continue
		}
		switch reason := s.noHit(p); reason {
		case rules.Unjudged:
		case answered:
			return answered
		default:
			return s.ended(p, reason)
		}
	}
	return rules.Unjudged
}

// noHit answers what was received and is no hit: a load balancer that asks whether hits are taken, a visitor who asks for a page, and a
// browser that asks whether it may send a hit.
func (s *Server) noHit(p *passage) rules.Reason {
	site, path := s.visitors.page(p)
	switch {
	case string(p.j.Hit.Request.Path) == healthPath:
		if !p.ctx.IsGet() && !p.ctx.IsHead() {
			p.status = fasthttp.StatusMethodNotAllowed
			return rules.WrongMethod
		}
		s.health(p.ctx)
		return answered
	case s.listeners.ending.Load():
		return rules.ShuttingDown
	case site != nil:
		return s.visitors.visit(p, site, path)
	case p.ctx.IsHead(): // of pages alone; some SDKs ask so whether a blocker stands in their way
		if p.j.Site = p.snapshot.Policy.Site(p.j.Hit.Request.Host); p.j.Site != nil {
			p.j.Owner = p.j.Site.Owner(p.j.Hit.Request.Path)
		}
		if p.j.Owner == nil {
			p.status = fasthttp.StatusMethodNotAllowed
		}
		return rules.WrongMethod
	case p.ctx.IsOptions():
		if reason := p.preflight(); reason != rules.Unjudged {
			return reason
		}
		return answered
	default:
		return rules.Unjudged
	}
}

// ended records a hit that was refused as a whole. What was no whole request, or led to no endpoint, is only counted; so is what there is no
// memory for, which comes in floods, and may come again.
func (s *Server) ended(p *passage, reason rules.Reason) rules.Reason {
	if reason == rules.OutOfMemory && p.lease.Never() { // it would find none when it comes again
		if reason = rules.OverLimit; p.j.Route != nil {
			reason = rules.Overlong(&p.j, &p.in)
		}
	}
	if p.j.Route == nil || p.status != 0 || p.number != 0 || reason == rules.OutOfMemory {
		s.refusals.add(reason)
		return reason
	}
	p.number = s.hits.Add(1)
	r := ledger.Event{
		Hit: p.number, Site: p.j.Site.ID, Vendor: p.j.Route.Recipient.ID, Endpoint: p.j.Route.Endpoint.ID,
		Decision: rules.Deny.String(), Reason: reason.String(), Policy: p.j.Policy.Digest(),
		In: len(p.j.Hit.Request.Query) + len(p.j.Hit.Request.Body),
	}
	s.salts.fill(&r.Salt)
	if err := s.ledger.Append([]ledger.Event{r}, nil); err != nil {
		fault(s.opts.Log, "a refused hit cannot be recorded", err)
		return rules.Unrecorded
	}
	p.snapshot.figures.events(p.j.Site.ID, p.j.Route.Recipient.ID, reason, max(p.j.Hit.Seen, 1))
	return reason
}
