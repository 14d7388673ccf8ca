package proxy

import (
	"bytes"
	"net/netip"
	"sync"

	"github.com/valyala/fasthttp"
	"go.uber.org/zap"

	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/proxy/visitor"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/signal"
	"github.com/tagwarden/tagwarden/rules/wire"
)

// visitors are shown the pages of ours.
type visitors struct {
	log      *zap.Logger
	pages    *visitor.Pages
	nameless sync.Once // says that a trusted proxy does not name its visitors
}

// newVisitors makes what visitors meet.
func newVisitors(log *zap.Logger, o visitor.Options) *visitors {
	return &visitors{log: log, pages: visitor.New(o)}
}

// recognise lists the identifiers in a browser's cookies.
func (s *Snapshot) recognise(h *fasthttp.RequestHeader) []objection.ID {
	var ids []objection.ID
	for _, one := range s.Policy.CookieIdentities(signal.CookieHeader(h.Peek("Cookie"))) {
		ids = append(ids, objection.ID(one))
	}
	return ids
}

// servePages answers a visitor who asks for a page of ours, or what this is.
func servePages(s *Server, h *hitContext) result {
	site, path := s.visitors.page(h)
	if site == nil {
		return frontDoor(h)
	}
	h.j.Site = site
	if reason := h.readBody(pageBody); reason != rules.Unjudged {
		return refused(reason)
	}
	s.visitors.show(h, path)
	return answered
}

// page finds the page of ours that a visitor asks for: the site it belongs to, nil where it is none, and its path. They
// lie below a site's base, and, for a browser that asks the site's own host, without it.
func (v *visitors) page(h *hitContext) (site *rules.Site, path string) {
	r := &h.j.Hit.Request
	if !bytes.Contains(r.Path, []byte("/privacy")) && !bytes.HasSuffix(r.Path, []byte("/.well-known/gpc.json")) {
		return nil, ""
	}
	if site = h.snapshot.Policy.Site(r.Host); site == nil {
		return nil, ""
	}
	if local := site.Local(r.Path); v.pages.Owns(local) {
		return site, string(local)
	}
	return nil, ""
}

// pageBody is the largest body that a page of ours takes, in bytes.
const pageBody = 64 << 10

// show answers with a page of the hit's site.
func (v *visitors) show(h *hitContext, path string) {
	h.ctx.Request.SetBodyRaw(h.body)
	region := h.j.Site.Region(&h.j.Hit.Request)
	where := visitor.Where{Region: region, OptOut: region.Regime() == rules.OptOut, Keeps: region.KeepsGPC(h.in.Now)}
	v.pages.Serve(h.ctx, h.snapshot.pages.of(h.j.Site.ID, h.in.Now), path, v.whose(h), where)
	h.ctx.Request.SetBodyRaw(nil)
}

// whose is the address of who asks for a page; the zero Addr where a trusted proxy does not say: its own stands for
// many.
func (v *visitors) whose(h *hitContext) netip.Addr {
	r := &h.j.Hit.Request
	if r.Trusted && (!r.Address.IsValid() || wire.Among(r.Address, h.snapshot.Policy.Trusted())) {
		v.nameless.Do(func() {
			v.log.Warn("a trusted proxy does not say in X-Forwarded-For where its visitors come from, or names an address of " +
				"trusted_proxies itself, as where a visitor is on the same machine: what they change is limited together")
		})
		return netip.Addr{}
	}
	return r.Address
}
