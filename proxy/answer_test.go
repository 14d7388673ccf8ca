package proxy_test

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/wire"
)

func TestCrossOrigin(t *testing.T) {
	r := start(t, folder(t, startVendor(t).URL))
	preflight := func(target, origin string) answer {
		return r.send(t, "OPTIONS "+target+" HTTP/1.1\r\nHost: shop.example\r\nOrigin: "+origin+
			"\r\nAccess-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: content-type\r\n\r\n")
	}
	good := preflight("/t/v1/t", "https://shop.example")
	if good.status != 204 || good.headers.Get("Access-Control-Allow-Origin") != "https://shop.example" ||
		good.headers.Get("Access-Control-Allow-Credentials") != "true" ||
		good.headers.Get("Access-Control-Allow-Headers") != "content-type" {
		t.Errorf("the site's own origin: %+v", good)
	}
	for _, origin := range []string{"https://shop.example.evil", "https://evilshop.example", "http://shop.example",
		"https://shop.example:8443", "null", "*"} {
		if got := preflight("/t/v1/t", origin); got.headers.Get("Access-Control-Allow-Origin") != "" ||
			got.headers.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s is allowed: %v", origin, got.headers)
		}
		if got := r.send(t, get(pageView, consent+"Origin: "+origin+"\r\n")); got.headers.Get(
			"Access-Control-Allow-Origin") != "" || !strings.Contains(got.headers.Get("Vary"), "Origin") {
			t.Errorf("%s may read: %v", origin, got.headers)
		}
	}
	if got := preflight("/t/nothing", "https://shop.example"); got.status != 404 {
		t.Errorf("an unknown path: %d", got.status)
	}
}

func TestForwardedAddress(t *testing.T) {
	text := func(lines string) []byte { return []byte("GET / HTTP/1.1\r\nHost: shop.example\r\n" + lines + "\r\n") }
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("127.0.0.0/8")}
	for _, c := range []struct{ peer, lines, want string }{
		{"10.0.0.1", "", "10.0.0.1"},
		{"10.0.0.1", "X-Forwarded-For: 203.0.113.7\r\n", "203.0.113.7"},
		{"203.0.113.9", "X-Forwarded-For: 203.0.113.7\r\n", "203.0.113.9"},
		{"10.0.0.1", "X-Forwarded-For: 198.51.100.1, 203.0.113.7\r\n", "203.0.113.7"},
		{"10.0.0.1", "X-Forwarded-For: 198.51.100.1, 203.0.113.7, 10.2.3.4\r\n", "203.0.113.7"},
		{"10.0.0.1", "X-Forwarded-For: 198.51.100.1\r\nX-Forwarded-For: 203.0.113.7\r\n", "203.0.113.7"},
		{"10.0.0.1", "X-Forwarded-For: 10.1.1.1, 10.2.2.2\r\n", "10.1.1.1"},
		{"10.0.0.1", "X-Forwarded-For: nonsense\r\n", "invalid IP"},
		{"10.0.0.1", "X-Forwarded-For: 203.0.113.7:8080\r\n", "203.0.113.7"},
		{"10.0.0.1", "X-Forwarded-For: \r\n", "invalid IP"},
		{"10.0.0.1", "X-Forwarded-For: 2001:db8::1\r\n", "2001:db8::1"},
		{"10.0.0.1", "X-Forwarded-For: ::ffff:203.0.113.7\r\n", "203.0.113.7"},
		{"10.0.0.1", "Forwarded: for=203.0.113.7\r\nX-Real-IP: 203.0.113.8\r\n", "203.0.113.7"},
		{"10.0.0.1", "X-Real-IP: 203.0.113.8\r\n", "10.0.0.1"},
	} {
		r, refused, err := wire.ParseRequest(text(c.lines), netip.MustParseAddr(c.peer), trusted)
		if err != nil || refused || r.Address.String() != c.want {
			t.Errorf("%s %q: got %s, want %s (%v %v)", c.peer, c.lines, r.Address, c.want, refused, err)
		}
	}
}

// TestEmptyAnswerKeepsItsType: a script that a vendor answers with may be empty, and has to stay a script.
func TestEmptyAnswerKeepsItsType(t *testing.T) {
	v := startVendor(t)
	r := start(t, folder(t, v.URL))
	v.answer = func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Type", "application/javascript") }
	if got := r.send(t, get(settings, consent)); got.status != 200 ||
		got.headers.Get("Content-Type") != "application/javascript" {
		t.Errorf("got %d, type %q", got.status, got.headers.Get("Content-Type"))
	}
}
