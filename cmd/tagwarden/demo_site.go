package main

import (
	_ "embed"
	"encoding/json"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/tagwarden/tagwarden/rules"
)

//go:embed demo/page.html
var demoPage []byte

// demoSite is the shop's own web server: its page, and /t, which it passes on to the proxy as the setting `base` is meant for.
type demoSite struct {
	demo    *demonstration
	now     func() time.Time
	address string
	server  *fasthttp.Server
	client  *fasthttp.HostClient

	mu    sync.Mutex
	shown []shownHit
}

// shownHit is a hit as the page shows it.
type shownHit struct {
	Number   int                `json:"number"`
	Request  string             `json:"request"`
	Verdict  *rules.Explanation `json:"verdict"`
	Received []received         `json:"received"`
	Status   int                `json:"status"`
}

func startDemoSite(d *demonstration, now func() time.Time) (*demoSite, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &demoSite{demo: d, now: now, address: l.Addr().String(), client: &fasthttp.HostClient{Addr: d.hits, ReadTimeout: 5 * time.Second}}
	s.server = &fasthttp.Server{Handler: s.serve, ReadTimeout: 5 * time.Second, IdleTimeout: 30 * time.Second, CloseOnShutdown: true, NoDefaultServerHeader: true}
	go func() { _ = s.server.Serve(l) }()
	return s, nil
}

func (s *demoSite) close() { _ = s.server.Shutdown() }

func (s *demoSite) serve(ctx *fasthttp.RequestCtx) {
	ctx.Response.Header.Set("Content-Security-Policy", "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; img-src 'self' data:")
	ctx.Response.Header.Set("Cache-Control", "no-store")
	switch path := string(ctx.Path()); {
	case path == "/":
		ctx.SetContentType("text/html; charset=utf-8")
		ctx.SetBody(demoPage)
	case path == "/hits.json":
		s.list(ctx)
	case strings.HasPrefix(path, "/t/"):
		s.passOn(ctx)
	case path == "/favicon.ico":
		ctx.SetStatusCode(fasthttp.StatusNoContent)
	default:
		ctx.SetStatusCode(fasthttp.StatusNotFound)
	}
}

func (s *demoSite) list(ctx *fasthttp.RequestCtx) {
	s.mu.Lock()
	text, err := json.Marshal(s.shown)
	s.mu.Unlock()
	if err != nil {
		ctx.SetStatusCode(fasthttp.StatusInternalServerError)
		return
	}
	ctx.SetContentType("application/json")
	ctx.SetBody(text)
}

// passOn hands a hit to the proxy and remembers what became of it. One at a time: so that what a stand-in received is this hit's.
func (s *demoSite) passOn(ctx *fasthttp.RequestCtx) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var headers [][2]string
	for name, value := range ctx.Request.Header.All() {
		headers = append(headers, [2]string{string(name), string(value)})
	}
	const visitor = "203.0.113.77" // an address kept for documentation (RFC 5737), in place of loopback
	headers = append(headers, [2]string{"X-Forwarded-For", visitor})
	text := rawRequest(string(ctx.Method()), string(ctx.RequestURI()), headers, ctx.PostBody(), "")
	verdict, err := s.demo.explain(text, s.now())
	if err != nil {
		ctx.SetStatusCode(fasthttp.StatusBadRequest)
		return
	}
	before := s.demo.vendors.count()
	var request fasthttp.Request
	ctx.Request.CopyTo(&request)
	request.Header.Set("X-Forwarded-For", visitor)
	if err := s.client.Do(&request, &ctx.Response); err != nil {
		ctx.SetStatusCode(fasthttp.StatusBadGateway)
		return
	}
	number := 1
	if len(s.shown) > 0 {
		number = s.shown[len(s.shown)-1].Number + 1
	}
	s.shown = append(s.shown, shownHit{number, string(text), verdict, s.demo.vendors.since(before), ctx.Response.StatusCode()})
	if len(s.shown) > 20 {
		s.shown = slices.Delete(s.shown, 0, 1)
	}
	ctx.Response.Header.Set("X-Demo-Hit", strconv.Itoa(number))
}
