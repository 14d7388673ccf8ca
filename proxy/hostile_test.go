package proxy_test

import (
	"bytes"
	"compress/gzip"
	"runtime"
	"strings"
	"testing"
)

func zipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	return b.String()
}

// TestAmbiguousRequestsForwardNothing: each is a hit that would be permitted, in a form that two parsers might read
// in two ways, or that is over a limit.
func TestAmbiguousRequestsForwardNothing(t *testing.T) {
	v := startVendor(t)
	r := start(t, folder(t, v.URL))
	event := `{"type":"track","event":"x","anonymousId":"a"}`
	for _, c := range []struct {
		name, raw string
		status    int // 0: the connection may be closed without an answer
	}{
		{"length and encoding", "POST " + pageView + " HTTP/1.1\r\nHost: shop.example\r\n" + consent +
			"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
		{"encoding and length", "POST " + pageView + " HTTP/1.1\r\nHost: shop.example\r\n" + consent +
			"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400},
		{"two lengths", "POST " + pageView + " HTTP/1.1\r\nHost: shop.example\r\n" + consent +
			"Content-Length: 0\r\nContent-Length: 0\r\n\r\n", 400},
		{"encoding identity", "POST " + pageView + " HTTP/1.1\r\nHost: shop.example\r\n" + consent +
			"Transfer-Encoding: identity\r\nContent-Length: 0\r\n\r\n", 0},
		{"an encoding with underscore", get(pageView, consent+"Transfer_Encoding: chunked\r\n"), 400},
		{"a folded header", get(pageView, consent+"X-A: b\r\n c\r\n"), 400},
		{"a folded encoding", "POST " + pageView + " HTTP/1.1\r\nHost: shop.example\r\n" + consent +
			"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", 0},
		{"a bare LF between headers", "GET " + pageView + " HTTP/1.1\r\nHost: shop.example\n" + consent + "\r\n", 400},
		{"absolute form", "GET http://shop.example" + pageView + " HTTP/1.1\r\nHost: shop.example\r\n" +
			consent + "\r\n", 400},
		{"absolute form of another host", "GET http://evil.example" + pageView + " HTTP/1.1\r\nHost: shop.example\r\n" +
			consent + "\r\n", 400},
		{"a host with a user", "GET " + pageView + " HTTP/1.1\r\nHost: evil@shop.example\r\n" + consent + "\r\n", 400},
		{"two hosts", "GET " + pageView + " HTTP/1.1\r\nHost: shop.example\r\nHost: shop.example\r\n" +
			consent + "\r\n", 400},
		{"no host", "GET " + pageView + " HTTP/1.1\r\n" + consent + "\r\n", 400},
		{"an escaped slash", get(strings.Replace(pageView, "/g/", "/g%2f", 1), consent), 400},
		{"escaped dots", get(strings.Replace(pageView, "/t/", "/t/x/%2e%2e/", 1), consent), 400},
		{"dots", get(strings.Replace(pageView, "/t/", "/t/x/../", 1), consent), 400},
		{"an escaped backslash", get(strings.Replace(pageView, "/g/", "/g%5c", 1), consent), 400},
		{"a line's end in the path", get(strings.Replace(pageView, "/g/", "/g%0d%0aX:%20y/", 1), consent), 400},
		{"a fragment", get("/t/g/collect#x?v=2&tid=G-1&cid=1.2&en=page_view", consent), 400},
		{"CONNECT", "CONNECT shop.example:443 HTTP/1.1\r\nHost: shop.example\r\n" + consent + "\r\n", 400},
		{"a method in lower case", strings.Replace(get(pageView, consent), "GET", "get", 1), 0},
		{"another method", strings.Replace(get(pageView, consent), "GET", "DELETE", 1), 405},
		{"HTTP/1.2", strings.Replace(get(pageView, consent), "HTTP/1.1", "HTTP/1.2", 1), 0},
		{"HTTP/2.0", strings.Replace(get(pageView, consent), "HTTP/1.1", "HTTP/2.0", 1), 0},
		{"no version", "GET " + pageView + "\r\n\r\n", 0},
		{"GET with a body", strings.Replace(post(pageView, consent, "x=1"), "POST", "GET", 1), 400},
		{"an expectation", get(pageView, consent+"Expect: 200-foo\r\n"), 417},
		{"an upgrade", get(pageView, consent+"Upgrade: h2c\r\nConnection: Upgrade\r\n"), 400},
		{"a body over the limit", post("/t/v1/t", consent, strings.Repeat("x", 65<<10)), 413},
		{"headers over the limit", get(pageView, consent+"X-A: "+strings.Repeat("x", 64<<10)+"\r\n"), 431},
		{"two content types", post("/t/v1/t", consent+"Content-Type: application/json\r\nContent-Type: text/plain\r\n",
			event), 200},
		{"multipart", post("/t/v1/t", consent+"Content-Type: multipart/form-data; boundary=x\r\n", event), 200},
		{"stacked codings", post("/t/v1/t", consent+"Content-Encoding: gzip, gzip\r\n", zipped(zipped(event))), 200},
		{"an unknown coding", post("/t/v1/t", consent+"Content-Encoding: br\r\n", event), 200},
		{"a bomb", post("/t/v1/t", consent+"Content-Encoding: gzip\r\n", zipped(event+strings.Repeat(" ", 8<<20))), 413},
		{"deep JSON", post("/t/v1/t", consent, strings.Repeat("[", 60_000)), 413},
		{"many parameters", get("/t/g/collect?"+strings.Repeat("a=1&", 3000)+"v=2&tid=G-1&cid=1.2&en=x", consent), 413},
		{"many events", post("/t/g/collect?v=2&tid=G-1&cid=1.2", consent, strings.Repeat("en=x\r\n", 200)), 413},
		{"cut JSON", post("/t/v1/t", consent, event[:20]), 200},
		{"JSON with a tail", post("/t/v1/t", consent, event+"x"), 200},
		{"two names", get(pageView+"&en=purchase", consent), 204},
		{"two cookies that disagree", get(pageView, consent+strings.Replace(consent, "yes", "no", 1)), 204},
		{"one cookie that disagrees with another",
			get(pageView, `Cookie: site_consent={"analytics":"yes"}; site_consent={"analytics":"no"}`+"\r\n"), 204},
		{"an unknown host", "GET " + pageView + " HTTP/1.1\r\nHost: nobody.example\r\n" + consent + "\r\n", 421},
		{"an unknown path", get("/t/nothing", consent), 404},
	} {
		got := r.send(t, c.raw)
		if c.status != 0 && got.status != c.status {
			t.Errorf("%s: status %d, want %d", c.name, got.status, c.status)
		}
		if c.status == 0 && got.status == 200 {
			t.Errorf("%s: status 200", c.name)
		}
	}
	if got := v.got(); len(got) != 0 {
		t.Errorf("%d requests reached the vendor: %q", len(got), got)
	}
	if got := r.send(t, get(pageView, consent)); got.status != 204 || len(v.got()) != 1 {
		t.Errorf("the control, a good hit, got %d and the vendor %d requests", got.status, len(v.got()))
	}
	if err := r.stop(t); err != nil {
		t.Error(err)
	}
	records := r.ledger(t)
	for _, reason := range []string{"malformed", "limit", "unknown_host", "unknown_path", "wrong_method",
		"consent_refused"} {
		if !strings.Contains(records, `"reason":"`+reason+`"`) {
			t.Errorf("the ledger has no record of reason %s", reason)
		}
	}
}

// TestMemoryStaysBounded: hits that announce or unfold to much leave little behind.
func TestMemoryStaysBounded(t *testing.T) {
	r := start(t, folder(t, startVendor(t).URL))
	bomb := post("/t/v1/t", consent+"Content-Encoding: gzip\r\n", zipped(strings.Repeat(" ", 32<<20)))
	var before, after runtime.MemStats
	r.send(t, bomb)
	runtime.GC()
	runtime.ReadMemStats(&before)
	for range 50 {
		r.send(t, bomb)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 16<<20 {
		t.Errorf("50 bombs left %d bytes behind", grown)
	}
}
