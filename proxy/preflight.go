package proxy

import (
	"strconv"

	"github.com/valyala/fasthttp"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/ascii"
)

// preflight answers what comes before a hit: a browser that asks whether it may send one, and HEAD, which pages of ours
// alone take.
func preflight(_ *Server, h *hitContext) result {
	switch {
	case h.ctx.IsHead(): // some SDKs ask so whether a blocker stands in their way
		if h.j.Site = h.snapshot.Policy.Site(h.j.Hit.Request.Host); h.j.Site != nil {
			h.j.Owner = h.j.Site.Owner(h.j.Hit.Request.Path)
		}
		if h.j.Owner == nil {
			h.status = fasthttp.StatusMethodNotAllowed
		}
		return refused(rules.WrongMethod)
	case h.ctx.IsOptions():
		return h.allowHit()
	default:
		return next
	}
}

// allowOrigin lets a page of the site's own origins read the answer, with credentials, and when to come again (Fetch
// standard, CORS protocol). Nobody else's.
func allowOrigin(header *fasthttp.ResponseHeader, origin []byte, site *rules.Site) {
	if len(origin) == 0 {
		return
	}
	header.Add("Vary", "Origin")
	if site != nil && site.Allows(origin) {
		header.SetCanonical(bytesOf("Access-Control-Allow-Origin"), origin)
		setPrepared(header, &corsAnswer) // what else an SDK reads than Retry-After, a page may read anyway
	}
}

// allowHit answers a browser's question whether it may send a hit. It leads to a known path of a known site, or
// nowhere.
func (h *hitContext) allowHit() result {
	r := &h.j.Hit.Request
	site := h.snapshot.Policy.Site(r.Host)
	if site == nil {
		return refused(rules.UnknownHost)
	}
	h.j.Site = site
	wanted := h.ctx.Request.Header.Peek("Access-Control-Request-Method")
	if _, _, known := site.Find(wanted, r.Path); !known && site.Owner(r.Path) == nil {
		return refused(rules.UnknownPath)
	}
	origin, _ := r.One("Origin")
	header := &h.ctx.Response.Header
	allowOrigin(header, origin, site)
	header.Add("Vary", "Access-Control-Request-Headers")
	if len(header.Peek("Access-Control-Allow-Origin")) > 0 {
		header.Set("Access-Control-Allow-Methods", "GET, POST")
		if asked := h.ctx.Request.Header.Peek("Access-Control-Request-Headers"); headerNames(asked) {
			header.SetBytesV("Access-Control-Allow-Headers", asked)
		}
		header.Set("Access-Control-Max-Age", strconv.Itoa(600))
	}
	h.ctx.SetStatusCode(fasthttp.StatusNoContent)
	return answered
}

// headerNames tells whether a value is a list of names of headers, and no longer than one needs.
func headerNames(value []byte) bool {
	if len(value) == 0 || len(value) > 1024 {
		return false
	}
	for _, c := range value {
		switch {
		case ascii.IsAlnum(c), c == '-', c == '_', c == ',', c == ' ':
		default:
			return false
		}
	}
	return true
}
