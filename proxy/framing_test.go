package proxy_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/proxy/internal/rawhttp"
)

// TestWhereAMessageEndsIsNeverGuessed: behind each request that two parsers might end in two places stands a good hit,
// which one of them would take for part of the first. Nothing is forwarded, and the connection is closed.
func TestWhereAMessageEndsIsNeverGuessed(t *testing.T) {
	v := standIn(t)
	r := start(t, shop(t, v.Addr(), nil))
	good := get(pageView, yes)
	head := func(method, target, version, headers string) string {
		return method + " " + target + " " + version + "\r\nHost: shop.example\r\n" + yes + headers
	}
	post := func(headers string) string { return head("POST", pageView, "HTTP/1.1", headers) }
	chunked := func(body string) string { return post("Transfer-Encoding: chunked\r\n\r\n" + body) }
	for name, text := range map[string]string{
		"length, then encoding":        post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
		"encoding, then length":        post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"),
		"length and encoding identity": post("Content-Length: 0\r\nTransfer-Encoding: identity\r\n\r\n"),
		"encoding identity":            post("Transfer-Encoding: identity\r\n\r\n"),
		"encoding gzip, chunked":       post("Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
		"encoding chunked, identity":   post("Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"),
		"encoding twice":               post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
		"encoding xchunked":            post("Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
		"encoding with a vertical tab": post("Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n"),
		"encoding in HTTP/1.0":         head("POST", pageView, "HTTP/1.0", "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
		"encoding, folded":             post("Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n"),
		"encoding in a folded line":    post("X-A: b\r\n Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n"),
		"a space before the colon":     post("Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"),
		"an underscore":                post("Transfer_Encoding: chunked\r\n\r\n"),
		"an underscore in length":      post("Content_Length: 5\r\n\r\n"),
		"two lengths, equal":           post("Content-Length: 0\r\nContent-Length: 0\r\n\r\n"),
		"two lengths":                  post("Content-Length: 0\r\nContent-Length: 5\r\n\r\n"),
		"a list of lengths":            post("Content-Length: 0, 0\r\n\r\n"),
		"a negative length":            post("Content-Length: -1\r\n\r\n"),
		"a length with a plus":         post("Content-Length: +0\r\n\r\n"),
		"a length in hex":              post("Content-Length: 0x0\r\n\r\n"),
		"a length without a value":     post("Content-Length: \r\n\r\n"),
		"a length too large to count":  post("Content-Length: 99999999999999999999\r\n\r\n"),
		"a length with a NUL":          post("Content-Length: 0\x00\r\n\r\n"),
		"a folded header":              post("X-A: b\r\n c\r\nContent-Length: 0\r\n\r\n"),
		"a first header that is folded": "POST " + pageView +
			" HTTP/1.1\r\n Host: shop.example\r\nHost: shop.example\r\n" + yes + "\r\n",
		"a bare LF between headers":     post("X-A: b\nContent-Length: 0\r\n\r\n"),
		"a bare LF at the end":          post("Content-Length: 0\r\n\n"),
		"a bare CR in a header":         post("X-A: b\rContent-Length: 5\r\nContent-Length: 0\r\n\r\n"),
		"a header without a colon":      post("X-A\r\nContent-Length: 0\r\n\r\n"),
		"a header without a name":       post(": a\r\nContent-Length: 0\r\n\r\n"),
		"a NUL in a header":             post("X-A: \x00\r\nContent-Length: 0\r\n\r\n"),
		"a chunk with a bare LF":        chunked("0\n\n"),
		"a chunk of size 0x0":           chunked("0x0\r\n\r\n"),
		"a chunk of size -1":            chunked("-1\r\n\r\n"),
		"a chunk of too large a size":   chunked("ffffffffffffffffff\r\n\r\n"),
		"a chunk with a space in front": chunked(" 0\r\n\r\n"),
		"a chunk without a size":        chunked("\r\n\r\n"),
		"a chunk with a space behind":   chunked("0 \r\n\r\n"),
		"a chunk with a tab behind":     chunked("0\t\r\n\r\n"),
		"a chunk with many zeros":       chunked("000000000\r\n\r\n"),
		"a chunk of size +0":            chunked("+0\r\n\r\n"),
		"a chunk of size 0_0":           chunked("0_0\r\n\r\n"),
		"an extension behind a space":   chunked("0 ;a\r\n\r\n"),
		"an extension with a space":     chunked("0;a=b c\r\n\r\n"),
		"an extension without a name":   chunked("0;\r\n\r\n"),
		"an extension without a value":  chunked("0;a=\r\n\r\n"),
		"an extension in quotes":        chunked("0;a=\"b\"\r\n\r\n"),
		"a quote that is not closed":    chunked("0;a=\"b\r\n\r\n"),
		"a bare CR in an extension":     chunked("0;a\rb\r\n\r\n"),
		"a NUL in an extension":         chunked("0;a\x00b\r\n\r\n"),
		"a chunk that ends in LF":       chunked("1\r\na\n0\r\n\r\n"),
		"a last line that ends in LF":   chunked("0\r\n\n"),
		"a trailer":                     chunked("0\r\nX-A: b\r\n\r\n"),
		"a trailer with a cookie":       chunked("0\r\nCookie: a=b\r\n\r\n"),
		"a trailer that is announced": post(
			"Trailer: Origin\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nOrigin: https://shop.example\r\n\r\n"),
		"a request line that ends in LF": "GET " + pageView + " HTTP/1.1\nHost: shop.example\r\n" + yes + "\r\n",
		"a bare LF in front":             "\n" + get(pageView, yes),
		"a connection named Length":      post("Connection: Content-Length\r\nContent-Length: 0\r\n\r\n"),
		"a connection named Encoding": post(
			"Connection: close, transfer-encoding\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
		"a connection named Host":   get(pageView, yes+"Connection: Host\r\n"),
		"a connection named Cookie": get(pageView, yes+"Connection: keep-alive,Cookie\r\n"),
		"a connection named Sec-GPC": get(pageView,
			yes+"Sec-GPC: 1\r\nConnection: keep-alive\r\nConnection: Sec-GPC\r\n"),
		"a connection named Origin": get(pageView, yes+"Connection: origin\r\n"),
		"a connection named Forwarded-For": get(pageView,
			yes+"X-Forwarded-For: 192.0.2.7\r\nConnection: close, X-Forwarded-For\r\n"),
		"a connection of many words":   get(pageView, yes+"Connection: keep-alive Cookie\r\n"),
		"a connection in quotes":       get(pageView, yes+"Connection: \"close\"\r\n"),
		"a chunk longer than it says":  chunked("1\r\nab\r\n0\r\n\r\n"),
		"an LF in a chunk's extension": chunked("0;a\nb\r\n\r\n"),
		"a trailer that frames":        chunked("0\r\nContent-Length: 5\r\n\r\n"),
		"a trailer that names a host":  chunked("0\r\nHost: evil.example\r\n\r\n"),
		"GET with a length":            head("GET", pageView, "HTTP/1.1", "Content-Length: 5\r\n\r\nen=ab"),
		"GET with chunks": head("GET", pageView, "HTTP/1.1",
			"Transfer-Encoding: chunked\r\n\r\n5\r\nen=ab\r\n0\r\n\r\n"),
		"an expectation of 200-foo": post("Expect: 200-foo\r\nContent-Length: 0\r\n\r\n"),
		"an upgrade":                post("Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 0\r\n\r\n"),
		"an upgrade to h2c": post(
			"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA\r\nContent-Length: 0\r\n\r\n"),
		"absolute form":                   head("GET", "http://shop.example"+pageView, "HTTP/1.1", "\r\n"),
		"absolute form, another host":     head("GET", "http://evil.example"+pageView, "HTTP/1.1", "\r\n"),
		"authority form":                  head("CONNECT", "shop.example:443", "HTTP/1.1", "\r\n"),
		"OPTIONS *":                       head("OPTIONS", "*", "HTTP/1.1", "\r\n"),
		"a host with a user":              "GET " + pageView + " HTTP/1.1\r\nHost: a@shop.example\r\n" + yes + "\r\n",
		"a host with a path":              "GET " + pageView + " HTTP/1.1\r\nHost: shop.example/a\r\n" + yes + "\r\n",
		"a host with a port that is none": "GET " + pageView + " HTTP/1.1\r\nHost: shop.example:80a\r\n" + yes + "\r\n",
		"two hosts": "GET " + pageView + " HTTP/1.1\r\nHost: shop.example\r\nHost: shop.example\r\n" +
			yes + "\r\n",
		"no host":                       "GET " + pageView + " HTTP/1.1\r\n" + yes + "\r\n",
		"HTTP/1.2":                      head("GET", pageView, "HTTP/1.2", "\r\n"),
		"HTTP/2.0":                      head("GET", pageView, "HTTP/2.0", "\r\n"),
		"HTTP/0.9, named":               head("GET", pageView, "HTTP/0.9", "\r\n"),
		"HTTP/0.9":                      "GET " + pageView + "\r\n",
		"http/1.1":                      head("GET", pageView, "http/1.1", "\r\n"),
		"the preface of HTTP/2":         "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"a method in small letters":     head("post", pageView, "HTTP/1.1", "Content-Length: 0\r\n\r\n"),
		"two spaces before the target":  head("GET ", pageView, "HTTP/1.1", "\r\n"),
		"a tab before the target":       "GET\t" + pageView + " HTTP/1.1\r\nHost: shop.example\r\n" + yes + "\r\n",
		"a space in the target":         head("GET", pageView+"&a=b c", "HTTP/1.1", "\r\n"),
		"an escaped slash":              get("/t/g%2fcollect?v=2&tid=G-1&cid=1.2&en=page_view", yes),
		"an escaped slash, in capitals": get("/t/g%2Fcollect?v=2&tid=G-1&cid=1.2&en=page_view", yes),
		"escaped dots":                  get("/t/x/%2e%2e/g/collect?v=2&tid=G-1&cid=1.2&en=page_view", yes),
		"dots":                          get("/t/x/../g/collect?v=2&tid=G-1&cid=1.2&en=page_view", yes),
		"an escaped backslash":          get("/t%5cg/collect?v=2&tid=G-1&cid=1.2&en=page_view", yes),
		"a backslash":                   get("/t\\g/collect?v=2&tid=G-1&cid=1.2&en=page_view", yes),
		"an escaped line's end":         get("/t/g/collect%0d%0aX:y?v=2&tid=G-1&cid=1.2&en=page_view", yes),
		"an escaped NUL":                get("/t/g/collect%00?v=2&tid=G-1&cid=1.2&en=page_view", yes),
		"bytes beyond ASCII":            get("/t/g/collect\xff?v=2&tid=G-1&cid=1.2&en=page_view", yes),
		"a fragment":                    get("/t/g/collect?v=2&tid=G-1&cid=1.2&en=page_view#a", yes),
	} {
		t.Run(name, func(t *testing.T) { r.refuses(t, text, good) })
	}
	if got := v.Received(); len(got) > 0 {
		t.Errorf("the vendor received\n%s", got)
	}
	refused := r.figure(t, `tagwarden_hits_total{reason="malformed"}`)
	if a := r.ask(t, good); a.Status != 204 || len(v.Requests()) != 1 {
		t.Errorf("the control: %d, %d requests", a.Status, len(v.Requests()))
	}
	counted := strings.Join(r.records(t, "refused"), "\n")
	if !strings.Contains(counted, `"reason":"malformed","count":`+refused) {
		t.Errorf("%s were refused, and the ledger has %s", refused, counted)
	}
}

// refuses sends what is no single request, and a good one behind it: the connection is
// closed, after a refusal or without a word.
func (r *running) refuses(t *testing.T, text, good string) {
	t.Helper()
	c, err := rawhttp.Dial(r.hits)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	_ = c.Send(text, good) // it may be refused before it is written whole
	answer, err := c.Answer("GET")
	if err == nil && (answer.Status < 400 || !answer.Close) {
		t.Errorf("answered with\n%s", answer.Raw)
	}
	if rest, err := c.Ended(); err != nil || len(rest) > 0 {
		t.Errorf("then %q (%v)", rest, err)
	}
}

// TestOneReading: what is odd but can be read in one way only is one hit, and the vendor gets a request that is plain.
func TestOneReading(t *testing.T) {
	v := standIn(t)
	r := start(t, shop(t, v.Addr(), nil))
	for name, text := range map[string]string{
		"chunks": "POST " + pageView + " HTTP/1.1\r\nHost: shop.example\r\n" + yes +
			"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"a length with zeros in front": "POST " + pageView + " HTTP/1.1\r\nHost: shop.example\r\n" + yes +
			"Content-Length: 000\r\n\r\n",
		"an empty line in front": "\r\n" + get(pageView, yes),
		"a chunk extension": "POST " + pageView + " HTTP/1.1\r\nHost: shop.example\r\n" + yes +
			"Transfer-Encoding: chunked\r\n\r\n0;a=b\r\n\r\n",
		"a host in capitals, with port": "GET " + pageView + " HTTP/1.1\r\nHost: SHOP.Example:8443\r\n" + yes + "\r\n",
		"a host with a dot behind":      "GET " + pageView + " HTTP/1.1\r\nHost: shop.example.\r\n" + yes + "\r\n",
		"HTTP/1.0":                      "GET " + pageView + " HTTP/1.0\r\nHost: shop.example\r\n" + yes + "\r\n",
		"hop by hop": get(pageView,
			yes+"Connection: keep-alive, , TE\r\nConnection: Keep-Alive\r\nKeep-Alive: 5\r\nTE: trailers\r\nProxy-Connection: close\r\n"),
		"a connection that says nothing": get(pageView, yes+"Connection:\r\n"),
	} {
		v.Forget()
		if a := r.ask(t, text); a.Status != 204 {
			t.Errorf("%s: answered with\n%s", name, a.Raw)
		}
		for _, got := range v.Requests() {
			for _, header := range []string{"Transfer-Encoding", "Connection", "Te", "Keep-Alive", "Cookie",
				"Proxy-Connection"} {
				if got.Header.Get(header) != "" {
					t.Errorf("%s: the vendor was sent %s: %s", name, header, got.Header.Get(header))
				}
			}
		}
		if n := len(v.Requests()); n != 1 {
			t.Errorf("%s: %d requests", name, n)
		}
	}
}

// TestSlowVisitors: who does not finish a request in time is cut off, and what was said so far goes nowhere.
func TestSlowVisitors(t *testing.T) {
	t.Parallel()
	v := standIn(t)
	r := start(t, shop(t, v.Addr(), nil))
	var all sync.WaitGroup
	for name, c := range map[string]struct{ text, drip string }{
		"a header that never ends":  {"POST " + pageView + " HTTP/1.1\r\nHost: shop.example\r\n" + yes + "X-A: ", "a"},
		"headers that never end":    {"POST " + pageView + " HTTP/1.1\r\nHost: shop.example\r\n" + yes, "X: y\r\n"},
		"lines that end in bare LF": {strings.ReplaceAll(get(pageView, yes), "\r\n", "\n"), ""},
		"a body that never ends": {"POST " + pageView + " HTTP/1.1\r\nHost: shop.example\r\n" + yes +
			"Content-Length: 1000\r\n\r\n", "a"},
		"a chunk that never ends": {"POST " + pageView + " HTTP/1.1\r\nHost: shop.example\r\n" + yes +
			"Transfer-Encoding: chunked\r\n\r\n3e8\r\n", "a"},
		"an extension that never ends": {"POST " + pageView + " HTTP/1.1\r\nHost: shop.example\r\n" + yes +
			"Transfer-Encoding: chunked\r\n\r\n0;", "a"},
		"a body that is never sent": {"POST " + pageView + " HTTP/1.1\r\nHost: shop.example\r\n" + yes +
			"Content-Length: 1000\r\n\r\n", ""},
		"one that expects and is quiet": {"POST " + pageView + " HTTP/1.1\r\nHost: shop.example\r\n" + yes +
			"Expect: 100-continue\r\nContent-Length: 1000\r\n\r\n", ""},
	} {
		all.Go(func() { slow(t, r, name, c.text, c.drip) })
	}
	all.Wait()
	if got := v.Received(); len(got) > 0 {
		t.Errorf("the vendor received\n%s", got)
	}
}

// slow sends a text, then a little now and again, until it is cut off.
func slow(t *testing.T, r *running, name, text, drip string) {
	c, err := rawhttp.Dial(r.hits)
	if err != nil {
		t.Error(err)
		return
	}
	defer func() { _ = c.Close() }()
	begun := time.Now()
	if err := c.Send(text); err != nil {
		t.Error(err)
	}
	if drip != "" {
		go func() {
			for beat := time.NewTicker(100 * time.Millisecond); c.Send(drip) == nil; {
				<-beat.C
			}
		}()
	}
	if rest, err := c.Ended(); err != nil || strings.Contains(string(rest), "HTTP/1.1 20") {
		t.Errorf("%s: %q, %v", name, rest, err)
	}
	if took := time.Since(begun); took > 8*time.Second {
		t.Errorf("%s: it took %v", name, took)
	}
}

// TestVisitorsWhoLeave: a hit of which only a part came goes nowhere, wherever it was cut.
func TestVisitorsWhoLeave(t *testing.T) {
	v := standIn(t)
	r := start(t, shop(t, v.Addr(), nil))
	whole := post("/t/segment/v1/t", yes+"Content-Type: application/json\r\n",
		`{"type":"track","event":"x","anonymousId":"a"}`)
	for cut := range len(whole) {
		c, err := rawhttp.Dial(r.hits)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Send(whole[:cut]); err != nil {
			t.Fatal(err)
		}
		c.Abort()
	}
	if a := r.ask(t, whole); a.Status != 200 {
		t.Errorf("the control: %s", a.Raw)
	}
	if n := len(v.Requests()); n != 1 {
		t.Errorf("%d requests", n)
	}
}
