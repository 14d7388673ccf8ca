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
	defer s.recoverPanic(p)
	end := s.runStages(p)
	if end == answered {
		return
	}
	s.countHit(p, end.reason)
	p.respond(end.reason)
}

// recoverPanic ends a hit in which a stage panicked. It may have happened anywhere, so nothing of the passage is used again.
func (s *Server) recoverPanic(p *passage) {
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
		s.outcome(p, delivery.Outcome{Why: delivery.WhyFailed})
	}
}

// runStages takes a hit its way, to the end or to the stage that ends it.
func (s *Server) runStages(p *passage) result {
	for i := range stages {
		end := stages[i].run(s, p)
		switch end.ending {
		case isNext:
		case isAnswered:
			return answered
		default:
			return refused(s.refuse(p, end.reason))
		}
	}
	return next
}

// refuse records a hit that was refused as a whole. What was no whole request, or led to no endpoint, is only counted; so is what there is no
// memory for, which comes in floods, and may come again.
func (s *Server) refuse(p *passage, reason rules.Reason) rules.Reason {
	if reason == rules.Unjudged {
		reason = rules.Failed // a stage that does not say how it ended
	}
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
