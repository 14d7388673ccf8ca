package proxy

import (
	"github.com/valyala/fasthttp"

	"github.com/tagwarden/tagwarden/rules/wire"
)

// healthPath is where load balancers ask.
const healthPath = wire.HealthPath

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
