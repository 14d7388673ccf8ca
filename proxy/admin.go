package proxy

import (
	"bytes"
	"errors"
	"net"
	"net/url"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/valyala/fasthttp"
	"github.com/valyala/fasthttp/fasthttpadaptor"

	"github.com/tagwarden/tagwarden/proxy/console"
	"github.com/tagwarden/tagwarden/proxy/objection"
)

// adminServer answers staff: health, readiness, figures.
func (s *Server) adminServer() *fasthttp.Server {
	figures := fasthttpadaptor.NewFastHTTPHandler(promhttp.HandlerFor(s.metrics.Registry, promhttp.HandlerOpts{}))
	calls := fasthttpadaptor.NewFastHTTPHandler(s.api)
	health := func(path []byte) bool { return string(path) == "/healthz" || string(path) == "/readyz" }
	return &fasthttp.Server{
		Handler: s.placed(ofStaff, health, func(ctx *fasthttp.RequestCtx) {
			switch {
			case api(ctx.Path()):
				if _, err := url.ParseRequestURI(string(ctx.RequestURI())); err != nil {
					problem(ctx, fasthttp.StatusBadRequest, "unreadable", "the address cannot be read")
					return
				}
				s.withBody(ctx, calls)
			case !ctx.IsGet() && !ctx.IsHead():
				ctx.SetStatusCode(fasthttp.StatusMethodNotAllowed)
			case string(ctx.Path()) == "/metrics":
				figures(ctx)
			case string(ctx.Path()) == "/healthz":
				ctx.SetBodyString("ok\n")
			case string(ctx.Path()) == "/readyz":
				s.health(ctx)
			default:
				ctx.SetStatusCode(fasthttp.StatusNotFound)
			}
		}),
		ErrorHandler: unread,
		ConnState:    rested,
		Concurrency:  workers,
		ReadTimeout:  5 * time.Second, WriteTimeout: 10 * time.Second, IdleTimeout: 30 * time.Second,
		ReadBufferSize: 8 << 10, MaxRequestsPerConn: 10_000,
		StreamRequestBody: true, MaxRequestBodySize: 1, // see withBody
		CloseOnShutdown: true, NoDefaultServerHeader: true,
		SecureErrorLogMessage: true, Logger: quiet{},
	}
}

// api tells whether a path is one of the API's.
func api(path []byte) bool {
	return string(path) == console.Base || bytes.HasPrefix(path, []byte(console.Base+"/"))
}

// unread answers staff what could not be read as a request. Which address it was for may not be known: it is told as the API tells errors.
func unread(ctx *fasthttp.RequestCtx, err error) {
	var small *fasthttp.ErrSmallBuffer
	var network net.Error
	switch {
	case errors.As(err, &small):
		problem(ctx, fasthttp.StatusRequestHeaderFieldsTooLarge, "too-large", "the head of the request is too large")
	case errors.Is(err, fasthttp.ErrBodyTooLarge):
		problem(ctx, fasthttp.StatusRequestEntityTooLarge, "too-large", "the body is too large: send it in several calls")
	case errors.As(err, &network) && network.Timeout():
		problem(ctx, fasthttp.StatusRequestTimeout, "timeout", "the request did not come to its end in time")
	default:
		problem(ctx, fasthttp.StatusBadRequest, "unreadable", "the request cannot be read")
	}
}

// health says whether hits can be taken: the ledger can be written, objections can be taken, and the server is not ending.
func (s *Server) health(ctx *fasthttp.RequestCtx) {
	ctx.SetContentType("text/plain; charset=utf-8")
	switch {
	case s.ending.Load():
		ctx.SetStatusCode(fasthttp.StatusServiceUnavailable)
		ctx.SetBodyString("ending\n")
	case s.ledger.Err() != nil:
		ctx.SetStatusCode(fasthttp.StatusServiceUnavailable)
		ctx.SetBodyString("the ledger cannot be written: nothing is forwarded\n")
	case errors.Is(s.objections.Err(), objection.ErrGone):
		ctx.SetStatusCode(fasthttp.StatusServiceUnavailable)
		ctx.SetBodyString("the objections' file is not in its place: nothing is acknowledged, and nothing is forwarded that one may object to\n")
	case s.objections.Err() != nil:
		ctx.SetStatusCode(fasthttp.StatusServiceUnavailable)
		ctx.SetBodyString("objections cannot be taken any more: nothing is forwarded that one may object to\n")
	case s.objections.Full():
		ctx.SetStatusCode(fasthttp.StatusServiceUnavailable)
		ctx.SetBodyString("too little room on the disk: objections are not taken, and nothing is forwarded that one may object to\n")
	default:
		ctx.SetBodyString("ok\n")
	}
}
