package proxy_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/internal/rawhttp"
)

const fromShop = "Origin: https://shop.example\r\nContent-Type: application/json\r\n"

// chunkedPost is post with its body in chunks.
func chunkedPost(target, headers, body string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "POST %s HTTP/1.1\r\nHost: shop.example\r\n%sTransfer-Encoding: chunked\r\n\r\n", target, headers)
	for len(body) > 0 {
		n := min(len(body), 10_000)
		fmt.Fprintf(&b, "%x\r\n%s\r\n", n, body[:n])
		body = body[n:]
	}
	b.WriteString("0\r\n\r\n")
	return b.String()
}

// TestWhoSendsTooMuchReadsTheAnswer: a browser that sends more than an endpoint takes sends it whole before it looks
// for an answer. It sees the status, and its page may read it.
func TestWhoSendsTooMuchReadsTheAnswer(t *testing.T) {
	v := standIn(t)
	r := start(t, shop(t, v.Addr(), nil))
	refused := "Cookie: choice=no\r\n"
	for name, c := range map[string]struct {
		target, headers string
		size            int
	}{
		"a batch":               {"/t/posthog/batch/", yes, 3 << 20},
		"a little too much":     {"/t/posthog/batch/", yes, 128<<10 + 1},
		"one event":             {"/t/segment/v1/t", yes, 70 << 10},
		"the preference centre": {"/t/privacy/objections", "", 3 << 20},
		// consent mode is listed: the body might say otherwise
		"who refused, too": {"/t/posthog/batch/", refused, 3 << 20},
	} {
		body := `{"batch":[` + strings.Repeat(" ", c.size) + `]}`
		for form, text := range map[string]string{"announced": post(c.target, c.headers+fromShop, body),
			"in chunks": chunkedPost(c.target, c.headers+fromShop, body)} {
			conn, err := rawhttp.Dial(r.hits)
			if err != nil {
				t.Fatal(err)
			}
			if err := conn.Send(text); err != nil {
				t.Errorf("%s, %s: %v", name, form, err)
			}
			a, err := conn.Answer("POST")
			if err != nil || a.Status != 413 || a.Header.Get("Access-Control-Allow-Origin") != "https://shop.example" {
				t.Errorf("%s, %s: %+v, %v", name, form, a, err)
			}
			_ = conn.Close()
		}
	}
	if got := v.Received(); len(got) > 0 {
		t.Errorf("the vendor received\n%s", got)
	}
	if got := r.figure(t, `tagwarden_events_total{decision="deny",reason="limit",site="shop",vendor="posthog"}`); got != "6" {
		t.Errorf("%s events counted as lost", got)
	}
}

// TestAConnectionServesOnAfterASmallBodyThatNobodyWanted.
func TestAConnectionServesOnAfterASmallBodyThatNobodyWanted(t *testing.T) {
	v := standIn(t)
	r := start(t, shop(t, v.Addr(), nil))
	c, err := rawhttp.Dial(r.hits)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	for range 3 {
		if err := c.Send(post("/t/nowhere", yes, strings.Repeat("x", 20<<10)), get(pageView, yes)); err != nil {
			t.Fatal(err)
		}
		for _, want := range []int{404, 204} {
			if a, err := c.Answer("POST"); err != nil || a.Status != want {
				t.Fatalf("%+v, %v; want %d", a, err, want)
			}
		}
	}
}

// held waits until hits hold so many bytes, at least and at most.
func (r *running) held(t *testing.T, least, most int) {
	t.Helper()
	until(t, fmt.Sprintf("hits hold %d to %d bytes", least, most), func() bool {
		n, err := strconv.ParseFloat(r.figure(t, "tagwarden_hits_memory_bytes"), 64)
		return err == nil && n >= float64(least) && n <= float64(most)
	})
}

// TestAnnouncedIsNotHeld: a connection that announces a body holds what came of it, and nothing once it is gone.
func TestAnnouncedIsNotHeld(t *testing.T) {
	v := standIn(t)
	r := start(t, shop(t, v.Addr(), nil))
	head := "POST /t/posthog/batch/ HTTP/1.1\r\nHost: shop.example\r\n" + yes
	var open []*rawhttp.Conn
	for i := range 60 {
		c, err := rawhttp.Dial(r.hits)
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, c)
		framing := "Content-Length: 130000\r\n\r\n"
		if i%2 == 0 {
			framing = "Transfer-Encoding: chunked\r\n\r\n1fbd0\r\n"
		}
		if err := c.Send(head+framing, strings.Repeat("x", 100)); err != nil {
			t.Fatal(err)
		}
	}
	r.held(t, 60*4<<10, 60*16<<10)
	for _, c := range open {
		_ = c.Close()
	}
	r.held(t, 0, 0)
}

// TestWhereThereIsNoMemory a hit may come again, others are judged, and none of it is
// on the ledger but how often it was so.
func TestWhereThereIsNoMemory(t *testing.T) {
	v := standIn(t)
	r := start(t, shop(t, v.Addr(), nil), func(o *proxy.Options) { o.Memory = 2 << 20 }) // half of it
	event := `{"event":"x","distinct_id":"d","properties":{"a":"b","c":"d","e":"f"}}`
	batch := `{"api_key":"k","batch":[` + strings.TrimSuffix(strings.Repeat(event+",", 90), ",") + `]}`
	many := post("/t/posthog/batch/", yes+fromShop, batch+strings.Repeat(" ", 100<<10))
	var slow []*rawhttp.Conn
	for range 7 {
		c, err := rawhttp.Dial(r.hits)
		if err != nil {
			t.Fatal(err)
		}
		slow = append(slow, c)
		if err := c.Send(many[:len(many)-1]); err != nil {
			t.Fatal(err)
		}
	}
	r.held(t, 7*112<<10, 7*128<<10)
	const times = 4
	for range times {
		a := r.ask(t, many)
		if a.Status != 503 || a.Header.Get("Retry-After") == "" ||
			a.Header.Get("Access-Control-Allow-Origin") != "https://shop.example" {
			t.Fatalf("%s", a.Raw)
		}
		if a := r.ask(t, get(pageView, yes)); a.Status != 204 {
			t.Fatalf("a small hit: %d", a.Status)
		}
	}
	for _, c := range slow {
		_ = c.Close()
	}
	r.held(t, 0, 0)
	if a := r.ask(t, many); a.Status != 200 {
		t.Errorf("when there is room again: %d", a.Status)
	}
	r.held(t, 0, 0)
	if got := r.figure(t, `tagwarden_hits_total{reason="memory"}`); got != strconv.Itoa(times) {
		t.Errorf("%s counted", got)
	}
	if n := len(v.Requests()); n != times+1 {
		t.Errorf("the vendor received %d requests", n)
	}
	if records := r.records(t, "event"); len(records) != times+90 {
		t.Errorf("%d records of events", len(records))
	}
	if text := r.ledger(t); !strings.Contains(text, `"reason":"memory","count":`+strconv.Itoa(times)) {
		t.Errorf("the ledger has no aggregate: %s", text)
	}
}

// TestWhatNeverFitsIsNotSentAgain: a hit for which the budget is too small though nobody else is there is over a
// limit, and its SDK may send less at a time.
func TestWhatNeverFitsIsNotSentAgain(t *testing.T) {
	v := standIn(t)
	r := start(t, shop(t, v.Addr(), nil), func(o *proxy.Options) { o.Memory = 256 << 10 })
	events := strings.TrimSuffix(strings.Repeat(`{"event":"x","distinct_id":"d"},`, 90), ",")
	a := r.ask(t, post("/t/posthog/batch/", yes+fromShop, `{"api_key":"k","batch":[`+events+
		strings.Repeat(" ", 100<<10)+`]}`))
	if a.Status != 413 || a.Header.Get("Access-Control-Allow-Origin") == "" {
		t.Errorf("%s", a.Raw)
	}
	if a := r.ask(t, get(pageView, yes)); a.Status != 204 {
		t.Errorf("a small hit: %d", a.Status)
	}
	r.held(t, 0, 0)
}
