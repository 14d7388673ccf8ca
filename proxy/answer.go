package proxy

import (
	"github.com/valyala/fasthttp"

	"github.com/tagwarden/tagwarden/proxy/delivery"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/catalog"
)

// respond tells the SDK how it went, in the words it expects: those of the catalog, or the vendor's own where the endpoint is asked for an
// answer. What the vendor refuses keeps its status. Where nothing could be recorded, where the hit could not be read at all, and where
// nobody knows what the vendor did, it gets an error, and may try again.
func (p *passage) respond(reason rules.Reason) {
	allowOrigin(p.ctx, p.j.Site)
	p.ctx.Response.Header.Set("Cache-Control", "no-store")
	p.ctx.Response.Header.Set("X-Content-Type-Options", "nosniff")
	if p.unread {
		p.leaveUnread()
	}
	status := p.outcome.Status
	switch {
	case !p.sent:
		p.answerRefused(reason)
	case p.outcome.Kind == delivery.Delivered:
		p.passBack()
	case p.outcome.Why == delivery.WhyObjection:
		p.heldBack()
	case p.outcome.Why == delivery.WhyRefused && status >= 400 && status < 600:
		p.passRefusal()
	case p.outcome.Why == delivery.WhyRefused: // led elsewhere, or a status of no kind: the next attempt would end there too
		write(p.ctx, p.j.DeniedAnswer())
	case p.outcome.Kind == delivery.Unknown && status >= 200 && status < 300 && p.j.Route.Endpoint.Kind != catalog.Answer:
		p.succeed() // the vendor said that it took them, and spoiled the rest of its answer: sent again they would count twice
	default:
		p.ctx.Response.Header.Set("Retry-After", "5")
		p.ctx.SetStatusCode(fasthttp.StatusBadGateway)
	}
}

// heldBack answers a hit that an objection held back at the last moment. The events of others in the same hit may be sent again; one alone
// is answered like any that is denied.
func (p *passage) heldBack() {
	if p.j.Permitted() == 1 {
		p.answerRefused(rules.Objection)
		return
	}
	p.ctx.Response.Header.Set("Retry-After", "1")
	p.ctx.SetStatusCode(rules.Unrecorded.Status())
}

// drained is the size of a body, in bytes, up to which it is read to its end though nobody wants it, so that the connection serves on.
const drained = 64 << 10

// leaveUnread ends a request of whose body something is still to come, or not.
func (p *passage) leaveUnread() {
	linger(p.ctx)
	if length := announced(&p.ctx.Request.Header); length < 0 || length > drained {
		p.ctx.SetConnectionClose()
	}
}

// answerRefused answers a hit that was refused as a whole, or denied.
func (p *passage) answerRefused(reason rules.Reason) {
	denied := p.j.DeniedAnswer()
	switch {
	case p.status != 0: // where it ends is in doubt
		p.ctx.SetStatusCode(p.status)
		p.ctx.SetConnectionClose()
	case reason == rules.Unrecorded || reason == rules.OutOfMemory || reason == rules.ShuttingDown:
		p.ctx.Response.Header.Set("Retry-After", "5")
		p.ctx.SetStatusCode(reason.Status())
	case denied == nil || reason == rules.OverLimit:
		p.ctx.SetStatusCode(reason.Status())
	default:
		write(p.ctx, denied)
	}
}

// write gives an answer from the catalog.
func write(ctx *fasthttp.RequestCtx, a *catalog.AnswerFile) {
	ctx.SetStatusCode(a.Status)
	if a.Type != "" {
		ctx.Response.Header.SetContentType(a.Type)
	}
	if body := a.Bytes(); len(body) > 0 {
		confine(ctx)
		ctx.SetBody(body)
	}
}

// confine keeps a browser that is led here from running the body as a page of the site, whatever it is.
func confine(ctx *fasthttp.RequestCtx) {
	ctx.Response.Header.Set("Content-Security-Policy", "default-src 'none'; sandbox")
}

// succeed gives the answer that the SDK needs when all is well.
func (p *passage) succeed() {
	write(p.ctx, p.j.Route.Endpoint.SuccessFor(p.j.Hit.Request.Query))
}

// passBack tells that the vendor took the hit. An endpoint that is asked for an answer gives the vendor's: status, content type and body,
// and nothing else of it. Anywhere else nobody waits for the vendor's words, and it gets the catalog's: on a connection that many visitors
// share, an answer may be another's.
func (p *passage) passBack() {
	if p.j.Route.Endpoint.Kind != catalog.Answer {
		p.succeed()
		return
	}
	p.ctx.SetStatusCode(p.outcome.Status)
	if p.outcome.Status == fasthttp.StatusNoContent {
		return // it has neither a body nor a type (RFC 9110, section 15.3.5)
	}
	confine(p.ctx)
	if kind := p.answer.Header.ContentType(); len(kind) > 0 {
		p.ctx.Response.Header.SetContentTypeBytes(kind)
	}
	p.ctx.SetBody(p.answer.Body())
}
