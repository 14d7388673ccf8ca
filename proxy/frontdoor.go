package proxy

import "github.com/tagwarden/tagwarden/rules"

// What is said at the front door: to whoever opens the address of hits in a browser.
const (
	frontText = "This is tagwarden. The hits of a web site's analytics arrive here, and go on to its vendors only as " +
		"far as\na lawful basis and the visitor's choices permit. The address is for programs: there is nothing else to " +
		"see here.\n"
	frontPrivacy = "\nYour choices about your data, and how to object: "
)

// frontDoor says in words what this is, to whoever asks for / with GET or HEAD and nothing else: what carries a query
// may be a hit that lost its way. Where / is an endpoint of the site, or lies in a vendor's part of its paths, the hit
// goes on. It is counted as no hit, and the same is said under any name of a host.
func frontDoor(h *hitContext) result {
	r := &h.j.Hit.Request
	if !h.ctx.IsGet() && !h.ctx.IsHead() || len(r.Query) > 0 {
		return next
	}
	local, site := r.Path, h.snapshot.Policy.Site(r.Host)
	if site != nil {
		local = site.Local(r.Path)
	}
	if string(local) != "/" {
		return next
	}
	if site != nil && leadsSomewhere(site, r.Path) {
		return next
	}
	header := &h.ctx.Response.Header
	header.Set("Cache-Control", "public, max-age=3600")
	header.Set("Content-Security-Policy", "default-src 'none'")
	header.Set("X-Content-Type-Options", "nosniff")
	h.ctx.SetContentType("text/plain; charset=utf-8")
	h.ctx.SetBodyString(frontText)
	if site != nil {
		h.ctx.Response.AppendBodyString(frontPrivacy + string(r.Path) + "privacy/\n")
	}
	return answered
}

// leadsSomewhere tells whether a path of a site is an endpoint's, by whichever method, or a vendor's.
func leadsSomewhere(site *rules.Site, path []byte) bool {
	_, _, known := site.Find([]byte("GET"), path)
	return known || site.Owner(path) != nil
}
