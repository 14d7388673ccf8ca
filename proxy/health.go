package proxy

import (
	"github.com/valyala/fasthttp"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/wire"
)

// HealthHeader stands in each answer to who asks how the server is, so that another program's 200 is not taken for one.
const HealthHeader = "X-Tagwarden-Health"

// healthPath is where load balancers ask.
const healthPath = wire.HealthPath

// asksHitsHealth tells whether a path is the one that is answered where there is no place, too.
func asksHitsHealth(path []byte) bool { return string(path) == healthPath }

// answerHealth answers a load balancer that asks whether hits are taken. Where the server ends, nothing else is taken
// any more.
func answerHealth(s *Server, h *hitContext) result {
	if string(h.j.Hit.Request.Path) == healthPath {
		if !h.ctx.IsGet() && !h.ctx.IsHead() {
			h.status = fasthttp.StatusMethodNotAllowed
			return refused(rules.WrongMethod)
		}
		s.health(h.ctx)
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
		ctx.Response.Header.Set(HealthHeader, "ok")
		ctx.SetBodyString("ok\n")
		return
	}
	ctx.Response.Header.Set(HealthHeader, "wrong")
	ctx.SetStatusCode(fasthttp.StatusServiceUnavailable)
	ctx.SetBodyString(wrong + "\n")
}

// ready answers staff what health answers everybody, and says what has to be looked at though hits are taken.
func ready(s *Server) func(*fasthttp.RequestCtx) {
	return func(ctx *fasthttp.RequestCtx) {
		s.health(ctx)
		for _, one := range mentions(s) {
			_, _ = ctx.WriteString(one + "\n")
		}
	}
}
