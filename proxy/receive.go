package proxy

import (
	"github.com/valyala/fasthttp"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/wire"
)

// receive checks that the head of the request can be read in one way only, and shows it to the judgement as bytes.
// Those belong to fasthttp and live as long as the handler runs.
func receive(_ *Server, h *hitContext) result {
	header := &h.ctx.Request.Header
	h.unread = announced(header) != 0
	r := &h.j.Hit.Request
	r.Method = header.Method()
	if h.hostname, h.status = wire.Head(r, header.RequestURI(), header.Protocol(), header.RawHeaders(),
		h.hostname[:0]); h.status != 0 {
		return refused(rules.MalformedHit)
	}
	if !h.ctx.IsGet() && !h.ctx.IsPost() && !h.ctx.IsOptions() && !h.ctx.IsHead() {
		h.status = fasthttp.StatusMethodNotAllowed
		return refused(rules.WrongMethod)
	}
	if h.unread && !h.ctx.IsPost() {
		h.status = fasthttp.StatusBadRequest
		return refused(rules.MalformedHit)
	}
	from, trusted := addressOf(h.ctx.Conn()), h.snapshot.Policy.Trusted()
	r.Address, r.Trusted = wire.Forwarded(from, r, trusted), wire.Among(from, trusted)
	return next
}
