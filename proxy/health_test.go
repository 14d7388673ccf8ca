package proxy_test

import (
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/internal/rawhttp"
)

// TestHealthIsARequestLikeAnyOther: what is no single request is refused there too, and the connection closed, so that
// the path is no way round what every request has to pass.
func TestHealthIsARequestLikeAnyOther(t *testing.T) {
	v := standIn(t)
	r := start(t, shop(t, v.Addr(), nil))
	good := get(pageView, yes)
	ask := func(method, headers string) string {
		return method + " /.tagwarden/health HTTP/1.1\r\nHost: 10.0.0.7:8080\r\n" + headers
	}
	for name, text := range map[string]string{
		"two lengths":                 ask("GET", "Content-Length: 0\r\nContent-Length: 0\r\n\r\n"),
		"length and encoding":         ask("GET", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
		"encoding identity":           ask("GET", "Transfer-Encoding: identity\r\n\r\n"),
		"a chunk with a space behind": ask("GET", "Transfer-Encoding: chunked\r\n\r\n0 \r\n\r\n"),
		"a body":                      ask("GET", "Content-Length: 5\r\n\r\nen=ab"),
		"a folded header":             ask("GET", "X-A: b\r\n c\r\n\r\n"),
		"a bare LF":                   ask("GET", "X-A: b\n\r\n"),
		"a connection named Length":   ask("GET", "Connection: Content-Length\r\nContent-Length: 0\r\n\r\n"),
		"an upgrade":                  ask("GET", "Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n"),
		"an expectation":              ask("GET", "Expect: 200-foo\r\n\r\n"),
		"two hosts":                   ask("GET", "Host: shop.example\r\n\r\n"),
		"no host":                     "GET /.tagwarden/health HTTP/1.1\r\n\r\n",
		"two hosts, HTTP/1.0":         "GET /.tagwarden/health HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n",
		"no host, elsewhere":          "GET /.tagwarden/health/ HTTP/1.0\r\n\r\n",
		"a host that is none":         "GET /.tagwarden/health HTTP/1.1\r\nHost: a/b\r\n\r\n",
		"HTTP/1.2":                    "GET /.tagwarden/health HTTP/1.2\r\nHost: a\r\n\r\n",
		"absolute form":               "GET http://a/.tagwarden/health HTTP/1.1\r\nHost: a\r\n\r\n",
		"a fragment":                  "GET /.tagwarden/health#a HTTP/1.1\r\nHost: a\r\n\r\n",
		"POST":                        ask("POST", "Content-Length: 0\r\n\r\n"),
		"POST with a body":            ask("POST", "Content-Length: 5\r\n\r\nen=ab"),
		"PUT":                         ask("PUT", "Content-Length: 0\r\n\r\n"),
		"OPTIONS":                     ask("OPTIONS", "\r\n"),
	} {
		t.Run(name, func(t *testing.T) { r.refuses(t, text, good) })
	}
	if got := v.Received(); len(got) > 0 {
		t.Errorf("the vendor received\n%s", got)
	}
	c, err := rawhttp.Dial(r.hits)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	for _, one := range []struct{ method, text string }{
		{"GET", ask("GET", "\r\n")}, {"GET", ask("GET", "Content-Length: 0\r\n\r\n")},
		{"HEAD", ask("HEAD", "Connection: keep-alive\r\n\r\n")},
		{"GET", "GET /.tagwarden/health?probe=1 HTTP/1.1\r\nHost: shop.example\r\n\r\n"},
	} {
		if err := c.Send(one.text); err != nil {
			t.Fatal(err)
		}
		a, err := c.Answer(one.method)
		if err != nil || a.Status != 200 || a.Header.Get(proxy.HealthHeader) != "ok" ||
			one.method == "GET" && !strings.Contains(string(a.Raw), "ok\n") {
			t.Errorf("%q: %+v, %v", one.text, a, err)
		}
	}
	if a := r.ask(t, "GET /.tagwarden/health HTTP/1.0\r\n\r\n"); a.Status != 200 {
		t.Errorf("HTTP/1.0 without a host: %d", a.Status)
	}
	if got := r.figure(t, `tagwarden_hits_total{reason="wrong_method"}`); got != "4" {
		t.Errorf("%s of a wrong method counted", got)
	}
}
