package proxy_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/delivery"
	"github.com/tagwarden/tagwarden/proxy/internal/rawhttp"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// impatient delivers as ever, but waits for vendors only a moment.
func impatient(o *proxy.Options) {
	o.Client = func(u []delivery.Upstream) (proxy.Deliverer, error) {
		return delivery.New(delivery.Options{Upstreams: u, Timeout: 300 * time.Millisecond})
	}
}

// startHanging starts a vendor that reads a request and never answers, and tells of each that reached it.
func startHanging(t *testing.T) (vendor *rawhttp.Server, reached <-chan struct{}) {
	t.Helper()
	told := make(chan struct{}, 64)
	vendor, err := rawhttp.Serve(func(c *rawhttp.Conn) {
		if _, err := c.Request(); err == nil {
			told <- struct{}{}
			_, _ = c.Ended()
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(vendor.Close)
	return vendor, told
}

// TestTheEndWithAHangingVendor: hits under way get their answer and their outcome, those that come later are told to
// try again, and the end does not wait for the vendor longer than a hit does.
func TestTheEndWithAHangingVendor(t *testing.T) {
	hanging, reached := startHanging(t)
	r := start(t, shop(t, hanging.Addr(), nil), impatient)
	waiting, err := rawhttp.Dial(r.hits) // a connection from before, on which the next hit comes too late
	if err != nil {
		t.Fatal(err)
	}
	if err := waiting.Send(get("/nothing", "")); err != nil {
		t.Fatal(err)
	}
	if _, err := waiting.Answer("GET"); err != nil {
		t.Fatal(err)
	}
	underWay := make(chan *rawhttp.Answer, 1)
	go func() { underWay <- r.ask(t, get(pageView, yes)) }()
	<-reached
	begun := time.Now()
	ended := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 4*time.Second)
		defer cancel()
		ended <- r.Shutdown(ctx)
	}()
	if a := <-underWay; a.Status != 502 || a.Header.Get("Retry-After") == "" {
		t.Errorf("the hit under way got\n%s", a.Raw)
	}
	if rest, err := waiting.Ended(); err != nil || len(rest) > 0 {
		t.Errorf("an idle connection: %q, %v", rest, err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := <-r.ended; err != nil {
		t.Error(err)
	}
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
	text := r.ledger(t)
	outcome, stop := strings.Index(text, `"outcome":"unknown","why":"timeout"`), strings.Index(text, `"kind":"stop"`)
	if outcome < 0 || stop < outcome {
		t.Errorf("the ledger says %s", text)
	}
	if _, err := rawhttp.Dial(r.hits); err == nil {
		t.Error("somebody still listens")
	}
}

// TestHitsAfterTheEndBegan: on a connection that is busy when the end begins, the next hit is told to try again.
func TestHitsAfterTheEndBegan(t *testing.T) {
	block, sent := make(chan struct{}), make(chan struct{}, 1)
	r := start(t, shop(t, "127.0.0.1:1", nil), func(o *proxy.Options) {
		o.Client = func([]delivery.Upstream) (proxy.Deliverer, error) { return &gate{sent: sent, block: block}, nil }
	})
	c, err := rawhttp.Dial(r.hits)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if err := c.Send(get(pageView, yes), get(pageView, yes)); err != nil {
		t.Fatal(err)
	}
	<-sent
	late, err := rawhttp.Dial(r.hits) // accepted before the end, speaks after it
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = late.Close() }()
	until(t, "the connection is open", func() bool { return late.Send("GET ") == nil })
	ended := make(chan error, 1)
	go func() { ended <- r.Shutdown(context.Background()) }()
	until(t, "the end begins", func() bool {
		probe, err := rawhttp.Dial(r.hits)
		if err == nil {
			_ = probe.Close()
		}
		return err != nil
	})
	if err := late.Send(strings.TrimPrefix(get(pageView, yes), "GET ")); err != nil {
		t.Fatal(err)
	}
	if a, err := late.Answer("GET"); err == nil && (a.Status != 503 || a.Header.Get("Retry-After") == "" || !a.Close) {
		t.Errorf("a hit that came too late got\n%s", a.Raw)
	}
	close(block)
	if a, err := c.Answer("GET"); err != nil || a.Status != 204 || !a.Close {
		t.Errorf("the hit under way got %v, %v", a, err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := <-r.ended; err != nil {
		t.Error(err)
	}
}

// gate is a vendor that takes a hit when it is told to.
type gate struct {
	sent, block chan struct{}
}

func (g *gate) Deliver(_ *delivery.Event, a *proxy.Response) delivery.Outcome {
	g.sent <- struct{}{}
	<-g.block
	a.SetStatusCode(204)
	return delivery.Outcome{Kind: delivery.Delivered, Status: 204, Why: delivery.WhyOK}
}

func (g *gate) Close() {}

// TestAnEndRightAfterTheBeginning ends, whichever comes first.
func TestAnEndRightAfterTheBeginning(t *testing.T) {
	loaded, err := config.Load(folder(t, "http://127.0.0.1:1"))
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		s, err := proxy.New(loaded, proxy.Options{Root: pseudonym.TestRoot})
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- s.Serve(listen(t), listen(t)) }()
		if err := s.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

// TestABrokenListenerEndsTheServer in good order: it does not go on with half of itself.
func TestABrokenListenerEndsTheServer(t *testing.T) {
	loaded, err := config.Load(shop(t, "127.0.0.1:1", nil))
	if err != nil {
		t.Fatal(err)
	}
	s, err := proxy.New(loaded, proxy.Options{Root: pseudonym.TestRoot})
	if err != nil {
		t.Fatal(err)
	}
	hits, admin := listen(t), listen(t)
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(hits, admin) }()
	_ = admin.Close()
	if err := <-ended; err != nil && !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
	if _, err := rawhttp.Dial(hits.Addr().String()); err == nil {
		t.Error("hits are still taken")
	}
}

// failing panics while it delivers.
type failing struct{ calls atomic.Int64 }

func (f *failing) Deliver(*delivery.Event, *proxy.Response) delivery.Outcome {
	f.calls.Add(1)
	panic("jane.doe@example.com")
}

func (f *failing) Close() {}

// TestAPanicEndsOneHit: nothing more of it is forwarded, it is counted and recorded, what was caught is
// told to nobody, and the next is served.
func TestAPanicEndsOneHit(t *testing.T) {
	f := new(failing)
	r := start(t, shop(t, "127.0.0.1:1", nil), func(o *proxy.Options) {
		o.Client = func([]delivery.Upstream) (proxy.Deliverer, error) { return f, nil }
	})
	for n := range int64(3) {
		a := r.ask(t, get(pageView, yes))
		if a.Status != 500 || !a.Close || len(a.Body) > 0 || f.calls.Load() != n+1 {
			t.Errorf("answered with\n%s", a.Raw)
		}
	}
	if a := r.ask(t, get(pageView, "")); a.Status != 204 {
		t.Errorf("afterwards: %d", a.Status)
	}
	if got := r.figure(t, "tagwarden_panics_total"); got != "3" {
		t.Errorf("%s panics counted", got)
	}
	if got := r.records(t, "outcome"); len(got) != 3 || !strings.Contains(got[0], `"outcome":"unknown","why":"failed"`) {
		t.Errorf("outcomes: %s", got)
	}
	if text := r.ledger(t); strings.Contains(text, "jane") || !strings.Contains(text, `"reason":"failed","count":3`) {
		t.Errorf("the ledger says %s", text)
	}
}
