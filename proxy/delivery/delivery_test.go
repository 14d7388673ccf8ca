package delivery_test

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/tagwarden/tagwarden/proxy/delivery"
	"github.com/tagwarden/tagwarden/proxy/internal/rawhttp"
)

func delivered(status int, why delivery.Why) delivery.Outcome {
	return delivery.Outcome{Kind: delivery.Delivered, Status: status, Why: why}
}

func dropped(status int, why delivery.Why) delivery.Outcome {
	return delivery.Outcome{Kind: delivery.Dropped, Status: status, Why: why}
}

func unknown(status int, why delivery.Why) delivery.Outcome {
	return delivery.Outcome{Kind: delivery.Unknown, Status: status, Why: why}
}

// client makes a client of one vendor, whose only host is at an address.
func client(t testing.TB, address string, change func(*delivery.Options)) *delivery.Client {
	t.Helper()
	o := delivery.Options{
		Upstreams: []delivery.Upstream{{Vendor: "v", Host: "api", Address: address, Private: true}},
		Timeout:   10 * time.Second,
	}
	if change != nil {
		change(&o)
	}
	c, err := delivery.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// serve starts a server that does with each connection what a test says.
func serve(t testing.TB, handle func(*rawhttp.Conn)) *rawhttp.Server {
	t.Helper()
	s, err := rawhttp.Serve(handle)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func vendor(t testing.TB) *rawhttp.Vendor {
	t.Helper()
	v, err := rawhttp.NewVendor()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Close)
	return v
}

// event is a hit with a body.
func event() *delivery.Event {
	return &delivery.Event{
		Vendor: "v", Host: "api", Method: "POST", Path: []byte("/g/collect"), Query: []byte("v=2&tid=G-1"),
		Headers: []delivery.Header{{Name: "Content-Type", Value: []byte("text/plain")},
			{Name: "User-Agent", Value: []byte("Firefox")}},
		Body: []byte("en=page_view"),
	}
}

// names resolves every name to the same addresses.
type names []netip.Addr

func (n names) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) { return n, nil }

// TestRequestIsExactly: the vendor gets these bytes and no others.
func TestRequestIsExactly(t *testing.T) {
	v := vendor(t)
	c := client(t, "http://"+v.Addr()+"/base/", nil)
	var answer fasthttp.Response
	e := event()
	if got := c.Deliver(e, &answer); got != delivered(204, delivery.WhyOK) {
		t.Fatalf("got %+v", got)
	}
	e.Method, e.Body, e.Headers, e.Query = "GET", nil, nil, []byte("u=https://a.example//b/../c&x=%2F+%e4;\xe4")
	c.Deliver(e, &answer)
	e.Method, e.Query = "POST", nil
	c.Deliver(e, &answer)
	got := v.Requests()
	if len(got) != 3 {
		t.Fatalf("%d requests", len(got))
	}
	for i, want := range []string{
		"POST /base/g/collect?v=2&tid=G-1 HTTP/1.1\r\nUser-Agent: Firefox\r\nHost: " + v.Addr() +
			"\r\nContent-Type: text/plain\r\nContent-Length: 12\r\n\r\nen=page_view",
		"GET /base/g/collect?u=https://a.example//b/../c&x=%2F+%e4;\xe4 HTTP/1.1\r\nHost: " + v.Addr() + "\r\n\r\n",
		"POST /base/g/collect HTTP/1.1\r\nHost: " + v.Addr() + "\r\nContent-Length: 0\r\n\r\n",
	} {
		if string(got[i].Raw) != want {
			t.Errorf("request %d:\n got %q\nwant %q", i, got[i].Raw, want)
		}
	}
}

func TestRedirectionsAreNotFollowed(t *testing.T) {
	elsewhere, v := vendor(t), vendor(t)
	v.Answer("HTTP/1.1 302 Found\r\nLocation: http://" + elsewhere.Addr() + "/\r\nContent-Length: 0\r\n\r\n")
	var answer fasthttp.Response
	got := client(t, "http://"+v.Addr(), nil).Deliver(event(), &answer)
	if got != dropped(302, delivery.WhyRefused) || elsewhere.Accepted() != 0 {
		t.Errorf("got %+v, and %d connections elsewhere", got, elsewhere.Accepted())
	}
}

func TestOutcomes(t *testing.T) {
	for _, c := range []struct {
		answer string
		want   delivery.Outcome
	}{
		{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", delivered(200, delivery.WhyOK)},
		{"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", dropped(400, delivery.WhyRefused)},
		{"HTTP/1.1 429 Slow\r\nContent-Length: 0\r\n\r\n", dropped(429, delivery.WhyRefused)},
		{"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", unknown(503, delivery.WhyRefused)},
		{"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", unknown(500, delivery.WhyRefused)},
		{"HTTP/1.1 501 No\r\nContent-Length: 0\r\n\r\n", dropped(501, delivery.WhyRefused)},
		{"HTTP/1.1 408 No\r\nContent-Length: 0\r\n\r\n", unknown(408, delivery.WhyRefused)},
	} {
		v := vendor(t)
		v.Answer(c.answer)
		var answer fasthttp.Response
		if got := client(t, "http://"+v.Addr(), nil).Deliver(event(), &answer); got != c.want {
			t.Errorf("%q: got %+v", c.answer, got)
		}
		if n := len(v.Requests()); n != 1 {
			t.Errorf("%q: %d requests", c.answer, n)
		}
	}
}

// TestNothingLeft: where no byte left, the outcome says so, and nobody has to wonder whether the event was counted.
func TestNothingLeft(t *testing.T) {
	gone := vendor(t)
	gone.Close()
	var answer fasthttp.Response
	if got := client(t, "http://"+gone.Addr(), nil).Deliver(event(), &answer); got != dropped(0, delivery.WhyDial) {
		t.Errorf("nobody listens: %+v", got)
	}
	e := event()
	e.Host = "settings"
	if got := client(t, "http://"+gone.Addr(), nil).Deliver(e, &answer); got != dropped(0, delivery.WhyTarget) {
		t.Errorf("a host that is not configured: %+v", got)
	}
	for _, path := range []string{"", "g/collect", "//evil.example/g/collect"} {
		e := event()
		e.Path = []byte(path)
		if got := client(t, "http://"+gone.Addr(), nil).Deliver(e, &answer); got != dropped(0, delivery.WhyTarget) {
			t.Errorf("path %q: %+v", path, got)
		}
	}
	hanging := make(chan struct{})
	defer close(hanging)
	s := serve(t, func(c *rawhttp.Conn) {
		_, _ = c.Request()
		<-hanging
	})
	c := client(t, "http://"+s.Addr(), func(o *delivery.Options) { o.Conns, o.Wait = 1, time.Millisecond })
	busy := make(chan struct{})
	go func() {
		defer close(busy)
		var answer fasthttp.Response
		c.Deliver(event(), &answer)
	}()
	for s.Accepted() == 0 {
		<-time.After(time.Millisecond)
	}
	if got := c.Deliver(event(), &answer); got.Kind != delivery.Dropped || got.Why != delivery.WhyOverload {
		t.Errorf("no free connection: %+v", got)
	}
	hanging <- struct{}{}
	<-busy
}

func TestAddressesThatAreNone(t *testing.T) {
	for _, c := range []struct {
		address string
		private bool
	}{
		{"", true},
		{"v.example", true},
		{"ftp://v.example", true},
		{"https://", true},
		{"https://u:p@v.example", true},
		{"https://v.example/?a=b", true},
		{"http://v.example", false},
		{"http://169.254.169.254", false},
	} {
		_, err := delivery.New(
			delivery.Options{Upstreams: []delivery.Upstream{{Vendor: "v", Host: "api", Address: c.address, Private: c.private}}})
		if err == nil || !strings.Contains(err.Error(), "vendor v, host api") {
			t.Errorf("%q, private %v: %v", c.address, c.private, err)
		}
	}
}
