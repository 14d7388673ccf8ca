package proxy

import (
	"github.com/valyala/fasthttp"

	"github.com/tagwarden/tagwarden/proxy/delivery"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/catalog"
)

// respond tells the SDK how it went, in the words it expects: those of the catalog, or the vendor's own where the
// endpoint is asked for an answer; those as well where it waits in the queue. What the vendor refuses keeps its
// status. Where nothing could be recorded, where the hit could not be read at all, and where nobody knows what the
// vendor did, it gets an error, and may try again.
func (h *hitContext) respond(reason rules.Reason) {
	header := &h.ctx.Response.Header
	origin, _ := h.j.Hit.Request.One("Origin")
	allowOrigin(header, origin, h.j.Site)
	setPrepared(header, &everyAnswer)
	if h.unread {
		h.leaveUnread()
	}
	status := h.outcome.Status
	switch {
	case h.accepted:
		h.succeed()
	case !h.sent:
		h.answerRefused(reason)
	case h.outcome.Kind == delivery.Delivered:
		h.relayAnswer()
	case h.outcome.Why == delivery.WhyObjection:
		h.heldBack()
	case h.outcome.Why == delivery.WhyRefused && status >= 400 && status < 600:
		h.relayRefusal()
	case h.outcome.Why == delivery.WhyRefused:
		// It is led elsewhere, or the status is of no kind: the next attempt would end there too.
		write(h.ctx, h.j.DeniedAnswer())
	case h.outcome.Kind == delivery.Unknown && status >= 200 && status < 300 && h.j.Route.Endpoint.Kind != catalog.Answer:
		// The vendor said that it took them, and spoiled the rest of its answer: sent again they would count twice.
		h.succeed()
	default:
		h.ctx.Response.Header.Set("Retry-After", "5")
		h.ctx.SetStatusCode(fasthttp.StatusBadGateway)
	}
}

// prepared are headers whose names stand as they are written, so that nobody has to look at them again.
type prepared [2][2][]byte

// everyAnswer has them; corsAnswer those that a page of the site's own origins may read.
var (
	everyAnswer = prepared{
		{[]byte(fasthttp.HeaderCacheControl), []byte("no-store")},
		{[]byte(fasthttp.HeaderXContentTypeOptions), []byte("nosniff")},
	}
	corsAnswer = prepared{
		{[]byte(fasthttp.HeaderAccessControlAllowCredentials), []byte("true")},
		{[]byte(fasthttp.HeaderAccessControlExposeHeaders), []byte(fasthttp.HeaderRetryAfter)},
	}
)

func setPrepared(header *fasthttp.ResponseHeader, all *prepared) {
	for i := range all {
		header.SetCanonical(all[i][0], all[i][1])
	}
}

// heldBack answers a hit that an objection held back at the last moment. The events of others in the same hit may be
// sent again; one alone is answered like any that is denied.
func (h *hitContext) heldBack() {
	if h.j.Permitted() == 1 {
		h.answerRefused(rules.Objection)
		return
	}
	h.ctx.Response.Header.Set("Retry-After", "1")
	h.ctx.SetStatusCode(rules.Unrecorded.Status())
}

// drained is the size of a body, in bytes, up to which it is read to its end though nobody wants it, so that the
// connection serves on.
const drained = 64 << 10

// leaveUnread ends a request of whose body something is still to come, or not.
func (h *hitContext) leaveUnread() {
	linger(h.ctx)
	if length := announced(&h.ctx.Request.Header); length < 0 || length > drained {
		h.ctx.SetConnectionClose()
	}
}

// answerRefused answers a hit that was refused as a whole, or denied.
func (h *hitContext) answerRefused(reason rules.Reason) {
	denied := h.j.DeniedAnswer()
	switch {
	case h.status != 0: // where it ends is in doubt
		h.ctx.SetStatusCode(h.status)
		h.ctx.SetConnectionClose()
	case reason.Status() == fasthttp.StatusServiceUnavailable:
		h.ctx.Response.Header.Set("Retry-After", "5")
		h.ctx.SetStatusCode(reason.Status())
	case denied == nil || reason == rules.OverLimit:
		h.ctx.SetStatusCode(reason.Status())
	default:
		write(h.ctx, denied)
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
func (h *hitContext) succeed() {
	write(h.ctx, h.j.Route.Endpoint.SuccessFor(h.j.Hit.Request.Query))
}

// relayAnswer tells that the vendor took the hit. An endpoint that is asked for an answer gives the vendor's: status,
// content type and body, and nothing else of it. Anywhere else nobody waits for the vendor's words, and it gets the
// catalog's: on a connection that many visitors share, an answer may be another's.
func (h *hitContext) relayAnswer() {
	if h.j.Route.Endpoint.Kind != catalog.Answer {
		h.succeed()
		return
	}
	h.ctx.SetStatusCode(h.outcome.Status)
	if h.outcome.Status == fasthttp.StatusNoContent {
		return // it has neither a body nor a type (RFC 9110, section 15.3.5)
	}
	confine(h.ctx)
	if kind := h.answer.Header.ContentType(); len(kind) > 0 {
		h.ctx.Response.Header.SetContentTypeBytes(kind)
	}
	h.ctx.SetBody(h.answer.Body())
}
