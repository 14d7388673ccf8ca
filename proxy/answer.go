package proxy

import (
	"strconv"

	"github.com/valyala/fasthttp"

	"github.com/tagwarden/tagwarden/proxy/delivery"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/catalog"
)

// respond tells the SDK how it went, in the words it expects: the vendor's own answer where it gave one, the catalog's where nothing was
// forwarded. Only where nothing could be recorded, or the hit could not be read at all, does it get an error.
func (p *passage) respond(reason rules.Reason) {
	p.allowOrigin()
	p.ctx.Response.Header.Set("Cache-Control", "no-store")
	p.ctx.Response.Header.Set("X-Content-Type-Options", "nosniff")
	if length := announced(&p.ctx.Request.Header); p.unread && (length < 0 || length > drained) && !spent(p.ctx) {
		linger(p.ctx)
	}
	switch {
	case p.sent && p.outcome.Kind == delivery.Delivered:
		p.passBack()
	case p.sent && p.outcome.Why == "objection":
		p.heldBack()
	case p.sent && p.outcome.Status >= 400 && p.outcome.Status < 600:
		p.ctx.SetStatusCode(p.outcome.Status)
	case p.sent:
		p.ctx.Response.Header.Set("Retry-After", "5")
		p.ctx.SetStatusCode(fasthttp.StatusBadGateway)
	default:
		p.refuse(reason)
	}
}

// drained is the size of a body, in bytes, up to which it is read to its end though nobody wants it, so that the connection serves on.
const drained = 64 << 10

func (p *passage) refuse(reason rules.Reason) {
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
		ctx.SetBody(body)
	}
}

// passBack gives the vendor's answer: status, content type and body, and nothing else of it. No cookie of the vendor's reaches the
// site, and a redirection is not followed into the visitor's browser.
func (p *passage) passBack() {
	if status := p.answer.StatusCode(); status >= 300 || status < 200 {
		write(p.ctx, &p.j.Route.Endpoint.Success)
		return
	}
	p.ctx.SetStatusCode(p.answer.StatusCode())
	if p.answer.StatusCode() == fasthttp.StatusNoContent {
		return // it has neither a body nor a type (RFC 9110, section 15.3.5)
	}
	// Whatever it is, a browser that is led here does not run it as a page of the site.
	p.ctx.Response.Header.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	if kind := p.answer.Header.ContentType(); len(kind) > 0 {
		p.ctx.Response.Header.SetContentTypeBytes(kind)
	}
	if coding := p.answer.Header.ContentEncoding(); len(coding) > 0 {
		p.ctx.Response.Header.SetContentEncodingBytes(coding)
	}
	p.ctx.SetBody(p.answer.Body())
}

// allowOrigin lets a page of the site's own origins read the answer, with credentials (Fetch standard, CORS protocol). Nobody else's.
func (p *passage) allowOrigin() {
	origin := p.ctx.Request.Header.Peek("Origin")
	if len(origin) == 0 {
		return
	}
	p.ctx.Response.Header.Add("Vary", "Origin")
	if p.j.Site != nil && p.j.Site.Allows(origin) {
		p.ctx.Response.Header.SetBytesV("Access-Control-Allow-Origin", origin)
		p.ctx.Response.Header.Set("Access-Control-Allow-Credentials", "true")
	}
}

// preflight answers a browser's question whether it may send a hit. It leads to a known path of a known site, or nowhere.
func (p *passage) preflight() rules.Reason {
	r := &p.j.Hit.Request
	site := p.snapshot.Policy.Site(r.Host)
	if site == nil {
		return rules.UnknownHost
	}
	p.j.Site = site
	wanted := p.ctx.Request.Header.Peek("Access-Control-Request-Method")
	if _, _, known := site.Find(wanted, r.Path); !known {
		return rules.UnknownPath
	}
	p.allowOrigin()
	h := &p.ctx.Response.Header
	h.Add("Vary", "Access-Control-Request-Headers")
	if len(h.Peek("Access-Control-Allow-Origin")) > 0 {
		h.Set("Access-Control-Allow-Methods", "GET, POST")
		if asked := p.ctx.Request.Header.Peek("Access-Control-Request-Headers"); headerNames(asked) {
			h.SetBytesV("Access-Control-Allow-Headers", asked)
		}
		h.Set("Access-Control-Max-Age", strconv.Itoa(600))
	}
	p.ctx.SetStatusCode(fasthttp.StatusNoContent)
	return rules.Unjudged
}

// headerNames tells whether a value is a list of names of headers, and no longer than one needs.
func headerNames(value []byte) bool {
	if len(value) == 0 || len(value) > 1024 {
		return false
	}
	for _, c := range value {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_', c == ',', c == ' ':
		default:
			return false
		}
	}
	return true
}
