package main

import (
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
)

// received is a request as a stand-in for a vendor got it.
type received struct {
	Vendor  string            `json:"vendor"`
	Method  string            `json:"method"`
	Target  string            `json:"target"`
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body"`
}

// standIns take the place of vendors on loopback, answer as they would, and remember what they got.
type standIns struct {
	mu        sync.Mutex
	all       []received
	servers   []*fasthttp.Server
	listeners map[string]net.Listener
}

// remembered is how many requests are kept.
const remembered = 1000

func startStandIns(vendors ...string) (*standIns, error) {
	s := &standIns{listeners: map[string]net.Listener{}}
	for _, vendor := range vendors {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			s.close()
			return nil, err
		}
		server := &fasthttp.Server{Handler: s.answer(vendor), ReadTimeout: 5 * time.Second, NoDefaultServerHeader: true}
		s.listeners[vendor] = l
		s.servers = append(s.servers, server)
		go func() { _ = server.Serve(l) }()
	}
	return s, nil
}

func (s *standIns) address(vendor string) string { return s.listeners[vendor].Addr().String() }

func (s *standIns) answer(vendor string) fasthttp.RequestHandler {
	return func(ctx *fasthttp.RequestCtx) {
		r := received{Vendor: vendor, Method: string(ctx.Method()), Target: string(ctx.RequestURI()),
			Headers: map[string]string{}, Body: string(ctx.PostBody())}
		for name, value := range ctx.Request.Header.All() {
			r.Headers[string(name)] = string(value)
		}
		s.mu.Lock()
		if s.all = append(s.all, r); len(s.all) > remembered {
			s.all = slices.Delete(s.all, 0, remembered/2)
		}
		s.mu.Unlock()
		switch {
		case vendor == "ga4":
			ctx.SetStatusCode(fasthttp.StatusNoContent)
		case strings.Contains(r.Target, "/settings"):
			ctx.SetContentType("application/json")
			ctx.SetBodyString(`{"integrations":{"Segment.io":{"apiKey":"demo"}}}`)
		default:
			ctx.SetContentType("application/json")
			ctx.SetBodyString(`{"success":true}`)
		}
	}
}

func (s *standIns) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.all)
}

// since returns what was received after the first n requests.
func (s *standIns) since(n int) []received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.all[min(n, len(s.all)):])
}

func (s *standIns) close() {
	for _, server := range s.servers {
		_ = server.Shutdown()
	}
}
