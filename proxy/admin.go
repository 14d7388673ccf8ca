package proxy

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/valyala/fasthttp"
	"github.com/valyala/fasthttp/fasthttpadaptor"
)

// adminServer answers staff: health, readiness, figures.
func (s *Server) adminServer() *fasthttp.Server {
	figures := fasthttpadaptor.NewFastHTTPHandler(promhttp.HandlerFor(s.metrics.Registry, promhttp.HandlerOpts{}))
	calls := fasthttpadaptor.NewFastHTTPHandler(s.api)
	return &fasthttp.Server{
		Handler: func(ctx *fasthttp.RequestCtx) {
			switch {
			case api(ctx.Path()):
				calls(ctx)
			case !ctx.IsGet() && !ctx.IsHead():
				ctx.SetStatusCode(fasthttp.StatusMethodNotAllowed)
			case string(ctx.Path()) == "/metrics":
				figures(ctx)
			case string(ctx.Path()) == "/healthz":
				ctx.SetBodyString("ok\n")
			case string(ctx.Path()) == "/readyz":
				s.health(ctx)
			case string(ctx.Path()) == "/api/v1/assessments":
				s.assessments(ctx)
			default:
				ctx.SetStatusCode(fasthttp.StatusNotFound)
			}
		},
		ReadTimeout: 5 * time.Second, WriteTimeout: 10 * time.Second, IdleTimeout: 30 * time.Second,
		MaxRequestBodySize: 4 << 20, CloseOnShutdown: true, NoDefaultServerHeader: true,
		SecureErrorLogMessage: true, Logger: quiet{},
	}
}

// api tells whether a path is one of the API's behind tokens.
func api(path []byte) bool { return bytes.HasPrefix(path, []byte("/api/v1/objections")) }

// assessments tells how the assessments stand now under the policy in force: the answer of lia list --format json.
func (s *Server) assessments(ctx *fasthttp.RequestCtx) {
	body, err := json.Marshal(s.snapshot.Load().Loaded.Standings(s.opts.Now()))
	if err != nil {
		ctx.SetStatusCode(fasthttp.StatusInternalServerError)
		return
	}
	ctx.SetContentType("application/json")
	ctx.Response.Header.Set("Cache-Control", "no-store")
	ctx.SetBody(body)
}

// health says whether hits can be taken: the ledger can be written and the server is not ending.
func (s *Server) health(ctx *fasthttp.RequestCtx) {
	ctx.SetContentType("text/plain; charset=utf-8")
	switch {
	case s.ending.Load():
		ctx.SetStatusCode(fasthttp.StatusServiceUnavailable)
		ctx.SetBodyString("ending\n")
	case s.ledger.Err() != nil:
		ctx.SetStatusCode(fasthttp.StatusServiceUnavailable)
		ctx.SetBodyString("the ledger cannot be written: nothing is forwarded\n")
	case s.objections.Err() != nil:
		ctx.SetStatusCode(fasthttp.StatusServiceUnavailable)
		ctx.SetBodyString("objections cannot be taken any more: nothing is forwarded that one may object to\n")
	default:
		ctx.SetBodyString("ok\n")
	}
}
