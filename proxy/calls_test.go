package proxy_test

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/internal/rawhttp"
	"github.com/tagwarden/tagwarden/proxy/problem"
)

// call is a call to the API that announces a body, without it.
func call(size int) string {
	return fmt.Sprintf("POST /api/v1/objections HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n",
		size)
}

// TestCallsHoldWhatCame: who has shown no token yet holds no more of the server than was sent.
func TestCallsHoldWhatCame(t *testing.T) {
	r := start(t, folder(t, "http://127.0.0.1:1"))
	const times = 20
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range times {
		c, err := rawhttp.Dial(r.admin)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Send(call(4<<20), strings.Repeat("x", 100)); err != nil {
			t.Fatal(err)
		}
		if err := c.Conn.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		a, err := c.Answer("POST")
		var p problem.Document
		if err != nil || a.Status != 400 || json.Unmarshal(a.Body, &p) != nil || p.Status != 400 {
			t.Errorf("a body that ends early: %+v, %v", a, err)
		}
		_ = c.Close()
	}
	runtime.ReadMemStats(&after)
	if taken := (after.TotalAlloc - before.TotalAlloc) / times; taken > 1<<20 {
		t.Errorf("each took %d bytes", taken)
	}
}

// TestACallThatIsNotThereWholeKeepsNobodyOut: every place is taken by calls whose bodies do not come.
func TestACallThatIsNotThereWholeKeepsNobodyOut(t *testing.T) {
	r := start(t, folder(t, "http://127.0.0.1:1"), func(o *proxy.Options) { o.OpenFiles = 120 })
	many, err := strconv.Atoi(r.figure(t, `tagwarden_connections_limit{listener="admin"}`))
	if err != nil {
		t.Fatal(err)
	}
	http.DefaultClient.CloseIdleConnections()
	for range 2 * many {
		c, err := rawhttp.Dial(r.admin)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		_ = c.Send(call(1000), "x") // an error where it has made room already for those that follow
	}
	// For a moment each of them may be at work, before it is seen that the body is not there: who comes then is turned
	// away, and comes again.
	var a *rawhttp.Answer
	for range 20 {
		if a, err = rawhttp.Exchange(r.admin, call(2)+"{}"); err == nil && a.Status != 503 {
			break
		}
	}
	if err != nil || a.Status != 401 {
		t.Errorf("%+v, %v", a, err)
	}
}

// TestLargeCallsLeaveRoom: where large calls hold all that they may together, another one may
// come again, and small ones are answered.
func TestLargeCallsLeaveRoom(t *testing.T) {
	r := start(t, folder(t, "http://127.0.0.1:1"))
	const size = 4 << 20
	large := strings.Repeat(" ", size)
	for range 7 {
		c, err := rawhttp.Dial(r.admin)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		if err := c.Send(call(size), large[:size-1]); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "there is no room", func() bool {
		a, err := rawhttp.Exchange(r.admin, call(size)+large)
		return err == nil && a.Status == 503 && a.Header.Get("Retry-After") != "" &&
			a.Header.Get("Content-Type") == problem.MediaType
	})
	if a, err := rawhttp.Exchange(r.admin, call(1000)+large[:1000]); err != nil || a.Status != 401 {
		t.Errorf("a small call: %+v, %v", a, err)
	}
}
