package proxy

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/valyala/fasthttp"
	"github.com/valyala/fasthttp/fasthttpadaptor"

	"github.com/tagwarden/tagwarden/proxy/api"
	"github.com/tagwarden/tagwarden/proxy/memory"
	"github.com/tagwarden/tagwarden/proxy/metrics"
	"github.com/tagwarden/tagwarden/proxy/problem"
)

// adminOptions are what the listener of staff needs.
type adminOptions struct {
	Metrics *metrics.Metrics
	API     http.Handler               // of staff and other systems
	Ready   func(*fasthttp.RequestCtx) // answers whether hits are taken
}

// admin answers staff: health, readiness, figures, the API.
type admin struct {
	ready          func(*fasthttp.RequestCtx)
	metrics, calls fasthttp.RequestHandler
	bodies         *memory.Budget // of calls to the API
}

func newAdmin(o adminOptions) *admin {
	return &admin{
		ready:   o.Ready,
		metrics: fasthttpadaptor.NewFastHTTPHandler(promhttp.HandlerFor(o.Metrics.Registry, promhttp.HandlerOpts{})),
		calls:   fasthttpadaptor.NewFastHTTPHandler(ofItsOwn(o.API)),
		bodies:  memory.NewBudget(callMemory),
	}
}

// ofItsOwn gives calls a context of their own, which ends with them, and with the server. It is none below fasthttp's:
// what waits for that one reads of it, when it ends, what the next call on the connection writes.
func ofItsOwn(calls http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, end := context.WithCancel(context.Background())
		defer end()
		ending := r.Context().Done() // the server's
		go func() {
			select {
			case <-ending:
				end()
			case <-ctx.Done():
			}
		}()
		calls.ServeHTTP(w, r.WithContext(ctx))
	})
}

// asksHealth tells whether a path is one that is answered where there is no place, too.
func asksHealth(path []byte) bool { return string(path) == "/healthz" || string(path) == "/readyz" }

// serve answers one request.
func (a *admin) serve(ctx *fasthttp.RequestCtx) {
	switch {
	case ofAPI(ctx.Path()):
		if _, err := url.ParseRequestURI(string(ctx.RequestURI())); err != nil {
			refuseCall(ctx, problem.New(fasthttp.StatusBadRequest, "unreadable", "the address cannot be read"))
			return
		}
		a.withBody(ctx, a.calls)
	case !ctx.IsGet() && !ctx.IsHead():
		ctx.SetStatusCode(fasthttp.StatusMethodNotAllowed)
	case string(ctx.Path()) == "/metrics":
		a.metrics(ctx)
	case string(ctx.Path()) == "/healthz":
		ctx.Response.Header.Set(HealthHeader, "ok")
		ctx.SetBodyString("ok\n")
	case string(ctx.Path()) == "/readyz":
		a.ready(ctx)
	default:
		ctx.SetStatusCode(fasthttp.StatusNotFound)
	}
}

// adminServer serves staff.
func adminServer(handler fasthttp.RequestHandler) *fasthttp.Server {
	return &fasthttp.Server{
		Handler:      handler,
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

// ofAPI tells whether a path is one of the API's, the log's among them.
func ofAPI(path []byte) bool {
	return string(path) == api.Base || bytes.HasPrefix(path, []byte(api.Base+"/")) || api.OfLog(string(path))
}

// unread answers staff what could not be read as a request. Which address it was for may not be
// known: it is told as the API tells errors.
func unread(ctx *fasthttp.RequestCtx, err error) {
	var small *fasthttp.ErrSmallBuffer
	switch {
	case errors.As(err, &small):
		refuseCall(ctx, problem.New(fasthttp.StatusRequestHeaderFieldsTooLarge, "too-large",
			"the head of the request is too large"))
	case errors.Is(err, fasthttp.ErrBodyTooLarge):
		refuseCall(ctx, problem.New(fasthttp.StatusRequestEntityTooLarge, "too-large",
			"the body is too large: send it in several calls"))
	case timedOut(err):
		refuseCall(ctx, problem.New(fasthttp.StatusRequestTimeout, "timeout",
			"the request did not come to its end in time"))
	default:
		refuseCall(ctx, problem.New(fasthttp.StatusBadRequest, "unreadable", "the request cannot be read"))
	}
}
