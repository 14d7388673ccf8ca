package proxy

import (
	"github.com/valyala/fasthttp"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/wire"
)

// receive checks that the head of the request can be read in one way only, and shows it to the judgement as bytes. Those belong to fasthttp and
// live as long as the handler runs.
func receive(_ *Server, p *passage) result {
	header := &p.ctx.Request.Header
	p.unread = announced(header) != 0
	r := &p.j.Hit.Request
	r.Method = header.Method()
	if p.hostname, p.status = wire.Head(r, header.RequestURI(), header.Protocol(), header.RawHeaders(),
		p.hostname[:0]); p.status != 0 {
		return refused(rules.MalformedHit)
	}
	if !p.ctx.IsGet() && !p.ctx.IsPost() && !p.ctx.IsOptions() && !p.ctx.IsHead() {
		p.status = fasthttp.StatusMethodNotAllowed
		return refused(rules.WrongMethod)
	}
	if p.unread && !p.ctx.IsPost() {
		p.status = fasthttp.StatusBadRequest
		return refused(rules.MalformedHit)
	}
	from, trusted := addressOf(p.ctx.Conn()), p.snapshot.Policy.Trusted()
	r.Address, r.Trusted = wire.Forwarded(from, r, trusted), wire.Among(from, trusted)
	return next
}
