package proxy_test

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/proxy/internal/rawhttp"
	"github.com/tagwarden/tagwarden/rules/hit"
)

func deflated(text string) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	return b.String()
}

// TestHitsTakeLittleMemory: whatever a hit unfolds to, or announces, what is set aside for it stays
// within a small multiple of the limits.
func TestHitsTakeLittleMemory(t *testing.T) {
	v := standIn(t)
	r := start(t, shop(t, v.Addr(), nil))
	json := yes + "Content-Type: application/json\r\n"
	spaces := strings.Repeat(" ", 12<<20)
	for name, c := range map[string]struct {
		hit    string
		status int
		reason string
	}{
		"a gzip bomb": {post("/t/segment/v1/t", json+"Content-Encoding: gzip\r\n", zipped(spaces)), 413, "limit"},
		"a deflate bomb": {post("/t/segment/v1/t", json+"Content-Encoding: deflate\r\n", deflated(spaces)),
			413, "limit"},
		"stacked codings": {post("/t/segment/v1/t", json+"Content-Encoding: gzip, gzip\r\n", zipped(zipped(spaces))),
			200, "malformed"},
		"gzip within gzip": {post("/t/segment/v1/t", json+"Content-Encoding: gzip\r\n", zipped(zipped(spaces))),
			413, "limit"},
		"arrays, 10^6 deep": {post("/t/segment/v1/t", json+"Content-Encoding: gzip\r\n",
			zipped(strings.Repeat("[", 1_000_000))), 413, "limit"},
		"objects, 10^5 deep": {post("/t/segment/v1/t", json+"Content-Encoding: gzip\r\n",
			zipped(strings.Repeat(`{"a":`, 100_000))), 413, "limit"},
		"10^5 parameters": {post("/t/g/collect?v=2&tid=G-1&cid=1.2", yes+"Content-Encoding: gzip\r\n",
			zipped("en=page_view"+strings.Repeat("&a=b", 100_000))), 413, "limit"},
		"10^5 members": {post("/t/segment/v1/t", json+"Content-Encoding: gzip\r\n",
			zipped(`{"type":"track"`+strings.Repeat(`,"a":1`, 100_000)+"}")), 413, "limit"},
		"10^5 events": {post("/t/segment/v1/batch", json+"Content-Encoding: gzip\r\n",
			zipped(`{"batch":[{}`+strings.Repeat(",{}", 100_000)+"]}")), 413, "limit"},
		"a body over the limit": {post("/t/segment/v1/t", json, strings.Repeat("x", 129<<10)), 413, ""},
		"1 TiB announced": {"POST /t/segment/v1/t HTTP/1.1\r\nHost: shop.example\r\n" + json +
			"Content-Length: 1099511627776\r\n\r\nx", 413, ""},
		"a header of 64 KiB": {get(pageView, yes+"X-A: "+strings.Repeat("x", 64<<10)+"\r\n"), 431, ""},
		"a target of 64 KiB": {get(pageView+"&a="+strings.Repeat("x", 64<<10), yes), 431, ""},
		"10,000 headers":     {get(pageView, yes+strings.Repeat("X: y\r\n", 10_000)), 431, ""},
		"10,000 cookies": {get(pageView, "Cookie: "+strings.Repeat("choice=yes; ", 1000)+"choice=no\r\n"),
			204, "consent_refused"},
	} {
		r.try(t, c.hit)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		const times = 5
		for range times {
			if a := r.try(t, c.hit); a != nil && a.Status != c.status {
				t.Errorf("%s: %d, want %d", name, a.Status, c.status)
			}
		}
		runtime.ReadMemStats(&after)
		most := uint64(8 << 20)
		if name == "10^5 parameters" || name == "10^5 events" { // a hit may have so many: each is a node
			most += 2 * 100_000 * uint64(hit.NodeSize)
		}
		if taken := (after.TotalAlloc - before.TotalAlloc) / times; taken > most {
			t.Errorf("%s took %d bytes", name, taken)
		}
	}
	if got := v.Received(); len(got) > 0 {
		t.Errorf("the vendor received\n%s", got)
	}
	text := ""
	if err := r.stop(t); err != nil {
		t.Fatal(err)
	}
	text = r.ledger(t)
	for _, reason := range []string{`"kind":"event"`, `"reason":"limit"`, `"reason":"malformed"`,
		`"reason":"consent_refused"`} {
		if !strings.Contains(text, reason) {
			t.Errorf("the ledger has no %s", reason)
		}
	}
}

// TestRecordsGrowWithTheHit: identifiers that all events share are recorded with each; they cannot be made many.
func TestRecordsGrowWithTheHit(t *testing.T) {
	v := standIn(t)
	r := start(t, shop(t, v.Addr(), nil))
	for many, want := range map[int]int{60: 204, 70: 413} {
		var ids strings.Builder
		for n := range many {
			fmt.Fprintf(&ids, "&cid=%d.1700000000", 1_000_000_000+n)
		}
		if a := r.ask(t, post("/t/g/collect?v=2&tid=G-1"+ids.String(), "", strings.Repeat("en=page_view\r\n",
			90))); a.Status != want {
			t.Errorf("%d identifiers: %d", many, a.Status)
		}
	}
	if n := len(strings.Join(r.records(t, "event"), "")); n > 300_000 {
		t.Errorf("they made records of %d bytes", n)
	}
}

// TestOneSmallHitIsNoLargeRecord: many events that say next to nothing, below many identifiers that all
// of them share, are refused as a whole.
func TestOneSmallHitIsNoLargeRecord(t *testing.T) {
	v := standIn(t)
	text := strings.Replace(shopFiles["tagwarden.yaml"], "events: 100", "events: 2500", 1)
	r := start(t, shop(t, v.Addr(), map[string]string{"tagwarden.yaml": text}))
	var ids strings.Builder
	for n := range 60 {
		fmt.Fprintf(&ids, "&cid=%d.1", n)
	}
	if a := r.ask(t, post("/t/g/collect?v=2&tid=G-1"+ids.String(), "",
		strings.Repeat("en=a\r\n", 2500))); a.Status != 413 {
		t.Errorf("answered with %d", a.Status)
	}
	if n := len(strings.Join(r.records(t, "event"), "")); n > 1000 {
		t.Errorf("it made records of %d bytes", n)
	}
}

// try sends a request that may be refused before it is written whole, and then even without an answer.
func (r *running) try(t *testing.T, request string) *rawhttp.Answer {
	t.Helper()
	c, err := rawhttp.Dial(r.hits)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	go func() { _ = c.Send(request) }()
	a, err := c.Answer("GET")
	if err != nil {
		return nil
	}
	return a
}

// TestUnknownPlacesAreCounted: who asks for what is not here is told so, and counted.
func TestUnknownPlacesAreCounted(t *testing.T) {
	v := standIn(t)
	r := start(t, shop(t, v.Addr(), nil))
	preflight := "Access-Control-Request-Method: POST\r\nOrigin: https://shop.example\r\n"
	for _, c := range []struct {
		request string
		status  int
	}{
		{get("/nothing", yes), 404},
		{get("/t//g/collect", yes), 404},
		{post("/", "", "x=1"), 404},
		{strings.Replace(get("/nothing", preflight), "GET", "OPTIONS", 1), 404},
		{strings.Replace(get(pageView, yes), "shop.example", "evil.example", 1), 421},
		{strings.Replace(get(pageView, yes), "shop.example", "169.254.169.254", 1), 421},
		{strings.Replace(get(pageView, yes), "shop.example", "shop.example.evil.example", 1), 421},
		{strings.Replace(strings.Replace(get(pageView, preflight), "GET", "OPTIONS", 1), "shop.example",
			"evil.example", 1), 421},
		{strings.Replace(get(pageView, yes), "GET", "DELETE", 1), 405},
	} {
		if a := r.ask(t, c.request); a.Status != c.status || len(a.Body) > 0 {
			t.Errorf("%q was answered with\n%s", c.request, a.Raw)
		}
	}
	for reason, want := range map[string]string{"unknown_path": "4", "unknown_host": "4", "wrong_method": "1"} {
		if got := r.figure(t, fmt.Sprintf("tagwarden_hits_total{reason=%q}", reason)); got != want {
			t.Errorf("%s: %s counted", reason, got)
		}
	}
	text := strings.Join(r.records(t, "refused"), "\n")
	for _, want := range []string{`"reason":"unknown_path","count":4`, `"reason":"unknown_host","count":4`,
		`"reason":"wrong_method","count":1`} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in %s", want, text)
		}
	}
	if n := len(v.Requests()); n != 0 || strings.Contains(text, "evil") {
		t.Errorf("%d requests at the vendor; the ledger says %s", n, text)
	}
}
