package proxy_test

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/delivery"
	"github.com/tagwarden/tagwarden/proxy/internal/rawhttp"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// TestARequestTakesNoMoreBytesThanOneMay: what a parser skips is read no further than what it keeps.
func TestARequestTakesNoMoreBytesThanOneMay(t *testing.T) {
	v := standIn(t)
	r := start(t, shop(t, v.Addr(), nil))
	head := "POST /t/segment/v1/t HTTP/1.1\r\nHost: shop.example\r\n" + yes +
		"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
	for name, text := range map[string]string{
		"an extension of 8 MiB": head + "1;" + strings.Repeat("a", 8<<20),
		"8 MiB of small chunks": head + strings.Repeat(
			"1;aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n{\r\n", 120_000),
	} {
		if a := r.try(t, text); a != nil && (a.Status != 413 || !a.Close) {
			t.Errorf("%s: %s", name, a.Raw)
		}
	}
	if got := r.figure(t, `tagwarden_hits_total{reason="limit"}`); got != "2" {
		t.Errorf("%s counted", got)
	}
	// On one connection each request has what it may take.
	c, err := rawhttp.Dial(r.hits)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	hit := post("/t/segment/v1/t", yes+"Content-Type: application/json\r\n", `{"type":"track","event":"x","anonymousId":"`+
		strings.Repeat("a", 60<<10)+`"}`)
	for i := range 8 {
		if err := c.Send(hit); err != nil {
			t.Fatal(err)
		}
		if a, err := c.Answer("POST"); err != nil || a.Status != 200 {
			t.Fatalf("request %d: %v, %v", i, a, err)
		}
	}
}

// TestConnectionsOfOneAddress: one address has as many as one may; who comes then gets the place of the one that rests
// longest. Of a trusted proxy they are not counted.
func TestConnectionsOfOneAddress(t *testing.T) {
	v := standIn(t)
	for trusted, counted := range map[string]bool{"192.0.2.0/24": true, "127.0.0.0/8": false} {
		r := start(t, shop(t, v.Addr(), map[string]string{"tagwarden.yaml": strings.Replace(shopFiles["tagwarden.yaml"],
			"192.0.2.0/24", trusted, 1)}), plenty)
		var open []*rawhttp.Conn
		for range 258 {
			open = append(open, r.resting(t, "127.0.0.1"))
		}
		went := 0
		for _, c := range open[:20] { // which of two came to rest first is seen by the server alone
			if c.Send(get("/nothing", "")) != nil {
				went++
			} else if _, err := c.Answer("GET"); err != nil {
				went++
			}
		}
		if (went == 2) != counted || !counted && went > 0 {
			t.Errorf("trusted %s: %d connections went", trusted, went)
		}
		if got := r.figure(t, `tagwarden_connections_not_kept_total{cause="made_room",listener="hits"}`); (got == "2") != counted {
			t.Errorf("trusted %s: %s made room", trusted, got)
		}
		for _, c := range open {
			_ = c.Close()
		}
		until(t, "all are gone", func() bool { return r.figure(t, `tagwarden_connections{listener="hits"}`) == "0" })
	}
}

// TestConnectionsOfStaff: the admin listener has bounds as well, and answers however many connections somebody holds.
func TestConnectionsOfStaff(t *testing.T) {
	r := start(t, shop(t, standIn(t).Addr(), nil), plenty)
	const ofOne = 192 // three quarters of 256
	for i := range ofOne + 20 {
		c, err := rawhttp.Dial(r.admin)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		if err := c.Send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		if a, err := c.Answer("GET"); err != nil || a.Status != 200 {
			t.Fatalf("connection %d: %+v, %v", i, a, err)
		}
	}
	open, err := strconv.Atoi(r.figure(t, `tagwarden_connections{listener="admin"}`))
	if err != nil || open > ofOne || open < ofOne/2 {
		t.Errorf("%d are open (%v)", open, err)
	}
	if made, err := strconv.Atoi(
		r.figure(t, `tagwarden_connections_not_kept_total{cause="made_room",listener="admin"}`)); err != nil || made < 20 {
		t.Errorf("%d made room (%v)", made, err)
	}
	if got := r.figure(t, `tagwarden_connections_limit{listener="admin"}`); got != "264" {
		t.Errorf("%s may be open", got)
	}
}

// plenty is a limit of open files that is enough for all.
func plenty(o *proxy.Options) { o.OpenFiles = 1 << 20 }

// from connects from an address of this machine.
func (r *running) from(t testing.TB, address string) *rawhttp.Conn {
	t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}, Timeout: rawhttp.Patience}
	c, err := dialer.DialContext(t.Context(), "tcp", r.hits)
	if err != nil {
		t.Fatal(err)
	}
	return rawhttp.NewConn(c)
}

// resting is a connection on which a request was answered.
func (r *running) resting(t testing.TB, address string) *rawhttp.Conn {
	t.Helper()
	c := r.from(t, address)
	if err := c.Send(get("/nothing", "")); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Answer("GET"); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestEveryPlaceAtWork: with the vendor silent and every place taken by others, a load balancer that nobody
// knows is told how the server is, a hit is asked to come again, what was refused is counted and recorded, and
// who has many connections gives one up.
func TestEveryPlaceAtWork(t *testing.T) {
	g := &gate{sent: make(chan struct{}, 100), block: make(chan struct{})}
	r := start(t, shop(t, "127.0.0.1:1", nil), func(o *proxy.Options) {
		o.OpenFiles = 120 // 28 places and 4 beside them, of which one network has 21
		o.Client = func([]delivery.Upstream) (proxy.Deliverer, error) { return g, nil }
	})
	if got := r.figure(t, `tagwarden_connections_limit{listener="hits"}`); got != "32" {
		t.Fatalf("%s places", got)
	}
	var working []*rawhttp.Conn
	hit := func(address string) (*rawhttp.Conn, error) {
		c := r.from(t, address)
		return c, c.Send(get(pageView, yes))
	}
	for i := range 28 {
		c, err := hit([]string{"127.0.0.1", "127.0.0.2"}[i/21])
		if err != nil {
			t.Fatal(err)
		}
		<-g.sent
		working = append(working, c)
	}
	if c, err := hit("127.0.0.1"); err == nil {
		if a, err := c.Answer("GET"); err == nil {
			t.Errorf("one more of the same address: %s", a.Raw)
		}
	}
	for range 3 {
		balancer := r.from(t, "127.0.0.9")
		if err := balancer.Send(get("/.tagwarden/health", "")); err != nil {
			t.Fatal(err)
		}
		if a, err := balancer.Answer("GET"); err != nil || a.Status != 200 || !a.Close {
			t.Errorf("a load balancer: %+v, %v", a, err)
		}
		late := r.from(t, "127.0.0.8")
		if err := late.Send(get(pageView, yes+"Origin: https://shop.example\r\n")); err != nil {
			t.Fatal(err)
		}
		if a, err := late.Answer("GET"); err != nil || a.Status != 503 || a.Header.Get("Retry-After") != "1" || !a.Close ||
			a.Header.Get("Access-Control-Allow-Origin") == "" {
			t.Errorf("a hit: %+v, %v", a, err)
		}
	}
	close(g.block)
	closed := 0
	for _, c := range working {
		a, err := c.Answer("GET")
		if err != nil || a.Status != 204 {
			t.Fatalf("a hit under way: %+v, %v", a, err)
		}
		if a.Close {
			closed++
		}
	}
	if closed == 0 || closed == len(working) {
		t.Errorf("%d of %d are closed for those who found no place", closed, len(working))
	}
	for want, name := range map[string]string{
		"1": `tagwarden_connections_not_kept_total{cause="network",listener="hits"}`,
		"3": `tagwarden_connections_not_kept_total{cause="full",listener="hits"}`,
	} {
		if got := r.figure(t, name); got != want {
			t.Errorf("%s is %s, not %s", name, got, want)
		}
	}
	if text := strings.Join(r.records(t, "refused"), "\n"); !strings.Contains(text, `"reason":"no_place","count":4`) {
		t.Errorf("the ledger says %s", text)
	}
}

// TestSlowConnectionsMakeRoom: whoever sends nothing, or half a request, keeps nobody out.
func TestSlowConnectionsMakeRoom(t *testing.T) {
	announced := func(path, framing, body string) string {
		return "POST " + path + " HTTP/1.1\r\nHost: shop.example\r\n" + framing + "\r\n\r\n" + body
	}
	for name, c := range map[string]struct {
		sends    func(i int) string
		answered bool // before the request is there whole
	}{
		"half a head": {func(i int) string { return get(pageView, yes)[:i] }, false},
		"half a body": {func(int) string {
			return announced("/t/posthog/batch/", "Content-Length: 60000", "{")
		}, false},
		"half a chunk": {func(int) string {
			return announced("/t/posthog/batch/", "Transfer-Encoding: chunked", "ffff\r\n{")
		}, false},
		"half of what nobody asks": {func(int) string { return announced("/nowhere", "Content-Length: 60000", "{") }, true},
		"half of too much": {func(int) string {
			return announced("/t/posthog/batch/", "Content-Length: 60000000", "{")
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			v := standIn(t)
			r := start(t, shop(t, v.Addr(), nil), func(o *proxy.Options) { o.OpenFiles = 120 })
			for i := range 60 {
				conn := r.from(t, "127.0.0."+strconv.Itoa(1+i%4))
				t.Cleanup(func() { _ = conn.Close() })
				if err := conn.Send(c.sends(i)); err != nil && i > 0 {
					t.Fatal(err)
				}
				if c.answered {
					_, _ = conn.Answer("POST") // some make room before
				}
			}
			for i := range 8 {
				conn := r.resting(t, "127.0.1."+strconv.Itoa(1+i))
				if err := conn.Send(get(pageView, yes)); err != nil {
					t.Fatal(err)
				}
				if a, err := conn.Answer("GET"); err != nil || a.Status != 204 {
					t.Errorf("visitor %d: %+v, %v", i, a, err)
				}
			}
			if got := r.figure(t, `tagwarden_hits_total{reason="malformed"}`); name == "half a head" && got != "0" {
				t.Errorf("%s of those who made room are counted as hits", got)
			}
		})
	}
}

// failingListener says a few times that there are no descriptors left.
type failingListener struct {
	net.Listener
	times atomic.Int64
}

func (l *failingListener) Accept() (net.Conn, error) {
	if l.times.Add(-1) >= 0 {
		return nil, &net.OpError{Op: "accept", Net: "tcp", Err: os.NewSyscallError("accept4", syscall.EMFILE)}
	}
	return l.Listener.Accept()
}

// TestWithoutDescriptorsTheServerGoesOn, on both listeners, and says so once for each.
func TestWithoutDescriptorsTheServerGoesOn(t *testing.T) {
	loaded, err := config.Load(shop(t, standIn(t).Addr(), nil))
	if err != nil {
		t.Fatal(err)
	}
	core, logged := observer.New(zap.WarnLevel)
	s, err := proxy.New(loaded, proxy.Options{Root: pseudonym.TestRoot, Log: zap.New(core), OpenFiles: 200})
	if err != nil {
		t.Fatal(err)
	}
	hits, admin := &failingListener{Listener: listen(t)}, &failingListener{Listener: listen(t)}
	hits.times.Store(4)
	admin.times.Store(4)
	r := &running{Server: s, hits: hits.Addr().String(), admin: admin.Addr().String(), ended: make(chan error, 1)}
	go func() { r.ended <- s.Serve(hits, admin) }()
	if a := r.ask(t, get(pageView, yes)); a.Status != 204 {
		t.Errorf("%d", a.Status)
	}
	if status, _ := r.get(t, "/readyz"); status != 200 {
		t.Errorf("%d", status)
	}
	if err := r.stop(t); err != nil {
		t.Error(err)
	}
	said := map[string]int{}
	for _, entry := range logged.All() {
		said[fmt.Sprint(entry.Message, " ", entry.ContextMap()["listener"])]++
		if limit, ok := entry.ContextMap()["limit"]; ok &&
			(limit != int64(200) || entry.ContextMap()["connections"].(int64) > 136) {
			t.Errorf("%v", entry.ContextMap())
		}
	}
	const cannot = "connections cannot be accepted: they wait, and whoever rests makes room "
	if said[cannot+"hits"] != 1 || said[cannot+"admin"] != 1 || len(said) != 4 { // beside them the limit and the keys
		t.Errorf("it says %v", said)
	}
}
