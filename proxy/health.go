package proxy

import (
	"github.com/valyala/fasthttp"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/wire"
)

// healthPath is where load balancers ask.
const healthPath = wire.HealthPath

// answerHealth answers a load balancer that asks whether hits are taken. Where the server ends, nothing else is taken any more.
func answerHealth(s *Server, p *passage) result {
	if string(p.j.Hit.Request.Path) == healthPath {
		if !p.ctx.IsGet() && !p.ctx.IsHead() {
			p.status = fasthttp.StatusMethodNotAllowed
			return refused(rules.WrongMethod)
		}
		s.health(p.ctx)
		return answered
	}
	if s.listeners.ending.Load() {
		return refused(rules.ShuttingDown)
	}
	return next
}

// health answers whether hits can be taken.
func (s *Server) health(ctx *fasthttp.RequestCtx) {
	ctx.SetContentType("text/plain; charset=utf-8")
	wrong := s.wrong()
	if wrong == "" {
		ctx.SetBodyString("ok\n")
		return
	}
	ctx.SetStatusCode(fasthttp.StatusServiceUnavailable)
	ctx.SetBodyString(wrong + "\n")
}
