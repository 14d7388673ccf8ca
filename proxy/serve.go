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
	begun := s.opts.Elapsed()
	snapshot, now := s.snapshot.Load(), s.opts.Now()
	keys := s.keyring.current(snapshot, now)
	h := takeContext(ctx, s, snapshot, rules.Inputs{
		Now: now, Latest: keys.Since(), Keys: keys, Rare: s.values, Strings: s.consent, NewestForm: s.newestForm(),
		Denials: s.denied, Memo: snapshot.memo, Choices: snapshot.choices, IDs: snapshot.ids,
	})
	defer h.giveBack()
	defer s.recoverPanic(h)
	end := s.runStages(h)
	if end == answered {
		return
	}
	h.count(end.reason)
	h.respond(end.reason)
	measure(h, end.reason, s.opts.Elapsed()-begun)
	show(h, end.reason)
}

// newestForm tells whether no subject is stored that identifiers in an older form would find.
func (s *Server) newestForm() bool { return s.opts.Objections != nil || !s.objections.OlderForms() }

// recoverPanic ends a hit in which a stage panicked. It may have happened anywhere, so nothing of its context is used
// again.
func (s *Server) recoverPanic(h *hitContext) {
	if recover() == nil {
		return
	}
	// What was caught may hold text of the hit: only where it happened is said.
	s.opts.Log.Error("a hit ended in a panic: nothing more of it is forwarded; this is a bug",
		zap.ByteString("stack", debug.Stack()))
	s.metrics.Panics.Inc()
	s.snapshot.Load().counters.hit(rules.Failed)
	s.refusals.add(rules.Failed)
	h.spoiled = true
	h.ctx.Response.Reset()
	h.ctx.SetStatusCode(fasthttp.StatusInternalServerError)
	h.ctx.SetConnectionClose()
	h.refuseWaiting(true)
	if h.leaving && !h.sent {
		h.recordOutcome(delivery.Outcome{Why: delivery.WhyFailed})
	}
}

// runStages takes a hit its way, to the end or to the stage that ends it.
func (s *Server) runStages(h *hitContext) result {
	for i := range stages {
		end := stages[i].run(s, h)
		switch end.ending {
		case isNext:
		case isAnswered:
			return answered
		default:
			return refused(s.refuse(h, end.reason))
		}
	}
	return next
}

// refuse records a hit that was refused as a whole. What was no whole request, or led to no endpoint, is only counted;
// so is what there is no memory for, no room in the queue, or no date, which comes in floods, and may come again.
func (s *Server) refuse(h *hitContext, reason rules.Reason) rules.Reason {
	if reason == rules.Unjudged {
		reason = rules.Failed // a stage that does not say how it ended
	}
	if reason == rules.OutOfMemory && h.lease.Never() { // it would find none when it comes again
		if reason = rules.OverLimit; h.j.Route != nil {
			reason = rules.Overlong(&h.j, &h.in)
		}
	}
	flood := reason == rules.OutOfMemory || reason == rules.QueueFull || reason == rules.ClockAhead
	if h.j.Route == nil || h.status != 0 || h.number != 0 || flood {
		s.refusals.add(reason)
		return reason
	}
	h.number = s.hits.Add(1)
	f := h.j.Refusal(reason)
	r := h.recordOf(&f)
	r.Endpoint, r.Policy, r.Region = f.Endpoint, f.Policy, f.Region.String()
	r.Salt = s.ledger.Salt()
	if err := s.ledger.Append([]ledger.Event{r}, nil); err != nil {
		fault(s.opts.Log, "a refused hit cannot be recorded", err)
		return rules.Unrecorded
	}
	h.snapshot.counters.events(h.j.Site.ID, h.j.Route.Recipient.ID, reason, max(h.j.Hit.Seen, 1))
	return reason
}
