package wire_test

import (
	"net/netip"
	"testing"

	"github.com/tagwarden/tagwarden/rules/wire"
)

func address(text string) netip.Addr { return netip.MustParseAddr(text) }

func prefixes(texts ...string) []netip.Prefix {
	var all []netip.Prefix
	for _, text := range texts {
		all = append(all, netip.MustParsePrefix(text))
	}
	return all
}

func TestParseRequestTakesLFForCRLF(t *testing.T) {
	for _, c := range []struct {
		name, text, path, query, body string
		refused, broken               bool
	}{
		{name: "LF", text: "GET /a?b=c HTTP/1.1\nHost: x\n\n", path: "/a", query: "b=c"},
		{name: "no empty line", text: "GET /a HTTP/1.1\nHost: x", path: "/a"},
		{name: "a body without a length", text: "POST /a HTTP/1.1\nHost: x\n\nbody\n", path: "/a", body: "body"},
		{name: "a body with one", text: "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nbody",
			path: "/a", body: "bo"},
		{name: "a folded header", text: "GET /a HTTP/1.1\nHost: x\nA: b\n c\n\n", refused: true},
		{name: "no host", text: "GET /a HTTP/1.1\nA: b\n\n", refused: true},
		{name: "a length that is none", text: "POST /a HTTP/1.1\nHost: x\nContent-Length: -1\n\n", refused: true},
		{name: "a mark of the byte order", text: "\xef\xbb\xbfGET /a?b=c HTTP/1.1\nHost: x\n\n", path: "/a", query: "b=c"},
		{name: "nothing", text: "", broken: true},
		{name: "nothing but a mark", text: "\xef\xbb\xbf", broken: true},
		{name: "no request line", text: "hello\nHost: x\n\n", broken: true},
	} {
		r, refused, err := wire.ParseRequest([]byte(c.text), address("192.0.2.1"), nil)
		if refused != c.refused || (err != nil) != c.broken {
			t.Errorf("%s: refused %v, error %v", c.name, refused, err)
			continue
		}
		if !c.refused && !c.broken && (string(r.Path) != c.path || string(r.Query) != c.query || string(r.Body) != c.body) {
			t.Errorf("%s: got %s %s %q", c.name, r.Path, r.Query, r.Body)
		}
	}
}

func FuzzParseRequest(f *testing.F) {
	f.Add([]byte("GET /g/collect?v=2 HTTP/1.1\nHost: shop.example\nX-Forwarded-For: 1.2.3.4, x\n\n"))
	f.Add([]byte("POST / HTTP/1.1\r\nHost: [::1]:80\r\nContent-Length: 3\r\n\r\nabc"))
	f.Add([]byte("GET / HTTP/1.0\nHost:."))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, refused, err := wire.ParseRequest(text, address("10.0.0.1"), prefixes("10.0.0.0/8"))
		if err != nil || refused {
			return
		}
		for _, c := range r.Path {
			if c <= ' ' || c >= 0x7f || c == '\\' {
				t.Fatalf("path %q passed", r.Path)
			}
		}
		if len(r.Host) == 0 {
			t.Fatal("a request without a host passed")
		}
	})
}
