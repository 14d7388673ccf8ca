package main

import (
	"context"
	_ "embed"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/replay"
)

//go:embed demo/page.html
var demoPage []byte

// demoSite is the shop's own web server: its page, and /t, which it passes on to the
// proxy as the setting `base` is meant for.
type demoSite struct {
	demo    *demonstration
	t       *terminal
	address string
	server  *fasthttp.Server

	mu    sync.Mutex
	shown []shownHit
	next  uint64 // the record of the log that comes next
}

// shownHit is a hit as the page shows it.
type shownHit struct {
	Number   int                `json:"number"`
	Request  string             `json:"request"`
	Verdict  *rules.Explanation `json:"verdict"`
	Received []received         `json:"received"`
	Status   int                `json:"status"`
	Hit      uint64             `json:"hit,omitempty"` // its number in the log; 0: the log has none of it
}

func startDemoSite(d *demonstration, t *terminal) (*demoSite, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &demoSite{demo: d, t: t, address: l.Addr().String()}
	s.server = &fasthttp.Server{Handler: s.serve, ReadTimeout: 5 * time.Second, IdleTimeout: 30 * time.Second,
		CloseOnShutdown: true, NoDefaultServerHeader: true}
	go func() { _ = s.server.Serve(l) }()
	return s, nil
}

func (s *demoSite) close() { _ = s.server.Shutdown() }

func (s *demoSite) serve(ctx *fasthttp.RequestCtx) {
	ctx.Response.Header.Set("Content-Security-Policy",
		"default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; img-src 'self' data:")
	ctx.Response.Header.Set("Cache-Control", "no-store")
	switch path := string(ctx.Path()); {
	case path == "/":
		ctx.SetContentType("text/html; charset=utf-8")
		ctx.SetBody(demoPage)
	case path == "/hits.json":
		s.list(ctx)
	case path == "/record.json":
		s.record(ctx)
	case path == "/proof.json":
		s.proof(ctx)
	case path == "/assessment.json":
		s.assessment(ctx)
	case isVisitorsPage(path):
		s.passPage(ctx)
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
	defer s.mu.Unlock()
	answerJSON(ctx, s.shown)
}

// isVisitorsPage tells whether a path is one of the proxy's own pages, which the shop's web server passes on as well.
func isVisitorsPage(path string) bool {
	path = strings.TrimPrefix(path, "/t")
	return path == "/privacy" || strings.HasPrefix(path, "/privacy/") || path == "/.well-known/gpc.json"
}

// passPage hands what is no hit to the proxy, and answers as that does.
func (s *demoSite) passPage(ctx *fasthttp.RequestCtx) {
	if err := s.demo.pass(asPassedOn(ctx), &ctx.Response); err != nil {
		ctx.SetStatusCode(fasthttp.StatusBadGateway)
	}
}

// asPassedOn is the text of a request as the shop's web server passes it on, of a visitor whose address is one of those
// kept for documentation (RFC 5737), in place of loopback.
func asPassedOn(ctx *fasthttp.RequestCtx) []byte {
	headers := append(rawHeaders(ctx), [2]string{"X-Forwarded-For", "203.0.113.77"}, [2]string{"Connection", "close"})
	return replay.Text(string(ctx.Method()), string(ctx.RequestURI()), headers, ctx.PostBody(), "")
}

// passOn hands a hit to the proxy and remembers what became of it. One at a time: so that
// what a stand-in received is this hit's.
func (s *demoSite) passOn(ctx *fasthttp.RequestCtx) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := asPassedOn(ctx)
	verdict, err := s.demo.explain(text, s.t.now())
	if err != nil {
		ctx.SetStatusCode(fasthttp.StatusBadRequest)
		return
	}
	if _, err := s.readOn(context.Background()); err != nil { // what is recorded from here on is this hit's
		ctx.SetStatusCode(fasthttp.StatusInternalServerError)
		return
	}
	before := s.demo.vendors.count()
	if err := s.demo.pass(text, &ctx.Response); err != nil {
		ctx.SetStatusCode(fasthttp.StatusBadGateway)
		return
	}
	number := 1
	if len(s.shown) > 0 {
		number = s.shown[len(s.shown)-1].Number + 1
	}
	got := s.demo.vendors.since(before)
	s.shown = append(s.shown, shownHit{number, string(text), verdict, got, ctx.Response.StatusCode(), s.recorded()})
	own := demoHit{Title: "A hit of yours", Choice: "cookie", text: string(ctx.PostBody())}
	own.Method, own.Target = string(ctx.Method()), string(ctx.RequestURI())
	printDemoHit(s.t.out, number, &own, verdict, got)
	if len(s.shown) > 20 {
		s.shown = slices.Delete(s.shown, 0, 1)
	}
	ctx.Response.Header.Set("X-Demo-Hit", strconv.Itoa(number))
}

// rawHeaders are the headers as they came: fasthttp's own list leaves out cookies with quotes in them.
func rawHeaders(ctx *fasthttp.RequestCtx) (headers [][2]string) {
	for line := range strings.SplitSeq(string(ctx.Request.Header.RawHeaders()), "\r\n") {
		if name, value, found := strings.Cut(line, ":"); found && !strings.EqualFold(name, "Connection") {
			headers = append(headers, [2]string{name, strings.TrimSpace(value)})
		}
	}
	return headers
}
