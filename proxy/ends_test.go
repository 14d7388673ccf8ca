package proxy_test

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/proxy"
)

// TestAnswersThatEndAConnectionAreRead: where a connection is closed after an answer, bytes of the request may still be
// on their way. Closed at once it would be reset, and the answer lost.
func TestAnswersThatEndAConnectionAreRead(t *testing.T) {
	v := standIn(t)
	r := start(t, shop(t, v.Addr(), nil))
	body := strings.Repeat("x", 40<<10)
	for name, c := range map[string]struct{ text, status string }{
		"a place that is nowhere, closed by the sender": {post("/t/nowhere", yes+"Connection: close\r\n", body), "404"},
		"a method that is none": {strings.Replace(post("/t/nowhere", yes, body),
			"POST", "PUT", 1), "405"},
		"GET": {strings.Replace(post(pageView, yes, body),
			"POST", "GET", 1), "400"},
		"HTTP/1.0": {strings.Replace(post("/t/nowhere", yes, body), "HTTP/1.1",
			"HTTP/1.0", 1), "404"},
		"a header that names others": {post("/t/nowhere", yes+"Connection: Cookie\r\n", body), "400"},
	} {
		head, rest, _ := strings.Cut(c.text, "\r\n\r\n")
		conn, err := net.Dial("tcp", r.hits)
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
		if _, err := io.WriteString(conn, head+"\r\n\r\n"+rest[:30<<10]); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, 12)
		if _, err := io.ReadFull(conn, got); err != nil || !strings.HasSuffix(string(got), c.status) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		if _, err := io.WriteString(conn, rest[30<<10:]); err != nil {
			t.Errorf("%s: the rest: %v", name, err)
		}
		if _, err := io.ReadAll(conn); err != nil {
			t.Errorf("%s: the end: %v", name, err)
		}
		_ = conn.Close()
	}
}

// TestWhoOwesTheRestOfABodyKeepsNobodyOut: every place is taken by somebody who has an
// answer, and announced more than came.
func TestWhoOwesTheRestOfABodyKeepsNobodyOut(t *testing.T) {
	v := standIn(t)
	// 28 places, of which one network has 21
	r := start(t, shop(t, v.Addr(), nil), func(o *proxy.Options) { o.OpenFiles = 120 })
	for i := range 28 {
		c := r.from(t, []string{"127.0.0.1", "127.0.0.2"}[i/21])
		defer func() { _ = c.Close() }()
		if err := c.Send("POST /t/nowhere HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 100\r\n\r\nx"); err != nil {
			t.Fatal(err)
		}
		if a, err := c.Answer("POST"); err != nil || a.Status != 404 {
			t.Fatalf("%+v, %v", a, err)
		}
	}
	visitor := r.from(t, "127.0.0.9")
	defer func() { _ = visitor.Close() }()
	if err := visitor.Send(get(pageView, yes)); err != nil {
		t.Fatal(err)
	}
	if a, err := visitor.Answer("GET"); err != nil || a.Status != 204 {
		t.Errorf("%+v, %v", a, err)
	}
}
