package visitor

import (
	"strings"

	"github.com/valyala/fasthttp"
)

// trusted tells whether a request that changes something was sent by a page of the site's, and not by somebody else's
// page that the visitor looks at. A browser says by itself where a request comes from, and no page can say otherwise:
//
//   - an Origin among the site's origins is right;
//   - with Sec-Fetch-Site, "same-origin" is right and nothing else is; it stands also where the Origin is withheld
//     ("null"), as a policy on referrers that a server in front may add does to forms;
//   - without Sec-Fetch-Site, an Origin of the request's own host is right where its scheme is https: a page that came
//     in clear may be anybody's who is on the way, whatever host it names, and is right only if the site lists it;
//   - with neither it is no browser's, or one that is older than both: that is refused.
func trusted(site *Site, h *fasthttp.RequestHeader) bool {
	origin := string(h.Peek("Origin"))
	if site.allows(origin) {
		return true
	}
	if fetch := string(h.Peek("Sec-Fetch-Site")); fetch != "" {
		return fetch == "same-origin"
	}
	host, ok := strings.CutPrefix(origin, "https://")
	return ok && host != "" && strings.EqualFold(host, string(h.Host()))
}

// allowOrigin lets pages of the site's origins read the answer, with cookies (Fetch
// standard, CORS protocol). Nobody else's.
func allowOrigin(site *Site, ctx *fasthttp.RequestCtx) {
	h := &ctx.Response.Header
	h.Add("Vary", "Origin")
	if origin := string(ctx.Request.Header.Peek("Origin")); site.allows(origin) {
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Allow-Credentials", "true")
	}
}

// preflight answers a browser's question whether a page may call the endpoint.
func preflight(site *Site, ctx *fasthttp.RequestCtx) {
	allowOrigin(site, ctx)
	h := &ctx.Response.Header
	if len(h.Peek("Access-Control-Allow-Origin")) > 0 {
		h.Set("Access-Control-Allow-Methods", "GET, POST")
		h.Set("Access-Control-Allow-Headers", "Content-Type")
		h.Set("Access-Control-Max-Age", "600")
	}
	ctx.SetStatusCode(fasthttp.StatusNoContent)
}
