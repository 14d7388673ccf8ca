package proxy_test

import (
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tagwarden/tagwarden/proxy"
)

// object is a browser that objects to everything in the preference centre, through a proxy that says in this way whose
// it is. Cookies are those that it has besides.
func (r *running) object(t testing.TB, n int, forwarded string, cookies ...string) answer {
	t.Helper()
	if forwarded != "" {
		forwarded = "X-Forwarded-For: " + forwarded + "\r\n"
	}
	return r.send(t, post("/t/privacy/", fmt.Sprintf("Origin: https://shop.example\r\nSec-Fetch-Site: same-origin\r\n"+
		"Content-Type: application/x-www-form-urlencoded\r\nCookie: _ga=GA1.1.%d.1700000000%s\r\n%s", 1_000_000_000+n,
		strings.Join(append([]string{""}, cookies...), "; "), forwarded), "do=all"))
}

// cookiesOf are the cookies that an answer sets, as a browser sends them back.
func cookiesOf(a *answer) (cookies []string) {
	for _, one := range a.headers.Values("Set-Cookie") {
		pair, _, _ := strings.Cut(one, ";")
		cookies = append(cookies, pair)
	}
	return cookies
}

// behind makes a configuration whose visitors come through a proxy on this machine.
func behind(t testing.TB) string {
	t.Helper()
	file := folder(t, startVendor(t).URL)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	write(t, file, strings.Replace(string(text), "trusted_proxies: [10.0.0.0/8]", "trusted_proxies: [127.0.0.0/8]", 1))
	return file
}

// TestVisitorsBehindAProxyHaveBucketsOfTheirOwn, in whatever form it names them; where it names
// none, nobody is refused for that either.
func TestVisitorsBehindAProxyHaveBucketsOfTheirOwn(t *testing.T) {
	for name, form := range map[string]func(n int) string{
		"address and port":        func(n int) string { return fmt.Sprintf("198.51.100.%d:%d", n, 40000+n) },
		"address":                 func(n int) string { return fmt.Sprintf("198.51.100.%d", n) },
		"mapped":                  func(n int) string { return fmt.Sprintf("::ffff:198.51.100.%d", n) },
		"brackets and port":       func(n int) string { return fmt.Sprintf("[2001:db8:%d::1]:40000", n) },
		"6to4":                    func(n int) string { return fmt.Sprintf("2002:c633:64%02x::1", n) },
		"none":                    func(int) string { return "" },
		"the proxy's":             func(int) string { return "127.0.0.9" },
		"what nobody understands": func(int) string { return "unknown" },
	} {
		r := start(t, behind(t))
		for n := range 40 {
			if a := r.object(t, n, form(n)); a.status != 303 {
				t.Errorf("%s: visitor %d is answered with %d", name, n, a.status)
			}
		}
		if name == "address and port" {
			for n := range 40 {
				if a := r.object(t, n, "198.51.100.200:1"); (a.status == 303) != (n < 30) {
					t.Errorf("change %d of one visitor: %d", n, a.status)
				}
			}
			if got := r.figure(t, `tagwarden_objections_not_taken_total{cause="limit"}`); got != "10" {
				t.Errorf("%s are counted", got)
			}
		}
	}
}

// TestAFullDiskIsSaid: an objection that would leave too little room is not acknowledged, what one may object to does
// not travel, and with room again it is taken.
func TestAFullDiskIsSaid(t *testing.T) {
	var free atomic.Uint64
	free.Store(1 << 40)
	r := start(t, behind(t), func(o *proxy.Options) { o.Free = func() (uint64, error) { return free.Load(), nil } })
	first := r.object(t, 1, "198.51.100.1")
	if first.status != 303 {
		t.Fatal(first.status)
	}
	free.Store(63 << 20)
	if a := r.object(t, 2, "198.51.100.2"); a.status != 503 || a.headers.Get("Retry-After") == "" ||
		a.headers.Get("Set-Cookie") != "" {
		t.Errorf("%d %v", a.status, a.headers)
	}
	if status, text := r.get(t, "/readyz"); status != 503 || !strings.Contains(text, "too little room") {
		t.Errorf("health: %d %s", status, text)
	}
	if a := r.object(t, 1, "198.51.100.1", cookiesOf(&first)...); a.status != 303 {
		t.Errorf("what stands: %d", a.status)
	}
	if got := r.figure(t, `tagwarden_objections_not_taken_total{cause="full"}`); got != "1" {
		t.Errorf("%s are counted", got)
	}
	free.Store(1 << 30)
	if a := r.object(t, 2, "198.51.100.2"); a.status != 303 {
		t.Errorf("with room again: %d", a.status)
	}
	if status, text := r.get(t, "/readyz"); status != 200 {
		t.Errorf("health with room again: %d %s", status, text)
	}
}
