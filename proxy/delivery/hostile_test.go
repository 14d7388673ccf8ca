package delivery_test

import (
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/tagwarden/tagwarden/proxy/delivery"
	"github.com/tagwarden/tagwarden/proxy/internal/rawhttp"
)

// endless writes a text again and again until the other side has had enough.
func endless(c *rawhttp.Conn, text string) {
	for text := strings.Repeat(text, 4096/len(text)+1); c.Send(text) == nil; {
	}
}

// drip writes a byte now and then.
func drip(c *rawhttp.Conn, text string) {
	for beat := time.NewTicker(20 * time.Millisecond); ; <-beat.C {
		if c.Send(text) != nil {
			beat.Stop()
			return
		}
	}
}

// TestHostileVendors: whatever a vendor answers, the attempt ends in time, in the right outcome,
// with little memory, and is not repeated.
func TestHostileVendors(t *testing.T) {
	text := func(answer string) func(*rawhttp.Conn) { return func(c *rawhttp.Conn) { _ = c.Send(answer) } }
	then := func(begin string, do func(*rawhttp.Conn, string), with string) func(*rawhttp.Conn) {
		return func(c *rawhttp.Conn) {
			if c.Send(begin) == nil {
				do(c, with)
			}
		}
	}
	for _, c := range []struct {
		name   string
		answer func(*rawhttp.Conn)
		why    string
	}{
		{"a body of 1 TiB is announced", text("HTTP/1.1 200 OK\r\nContent-Length: 1099511627776\r\n\r\nx"), "too_large"},
		{"a body without an end", then("HTTP/1.1 200 OK\r\n\r\n", endless, "x"), "too_large"},
		{"chunks without an end", then("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", endless, "1000\r\n"+
			strings.Repeat("x", 0x1000)+"\r\n"), "too_large"},
		{"one chunk of 1 TiB", text("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10000000000\r\nx"), "too_large"},
		{"a chunk extension without an end", then("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", endless, "x"),
			""},
		{"headers without an end", then("HTTP/1.1 200 OK\r\n", endless, "X-A: b\r\n"), "broken"},
		{"one header without an end", then("HTTP/1.1 200 OK\r\nX-A: ", endless, "x"), "broken"},
		{"informational answers without an end", then("", endless, "HTTP/1.1 100 Continue\r\n\r\n"), ""},
		{"a body that drips", then("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", drip, "x"), "timeout"},
		{"a header that drips", then("HTTP/1.1 200 OK\r\nX-A: ", drip, "x"), "timeout"},
		{"silence", func(c *rawhttp.Conn) { _, _ = c.Ended() }, "timeout"},
		{"closed before the answer", text(""), "broken"},
		{"reset before the answer", (*rawhttp.Conn).Abort, "broken"},
		{"half a header", text("HTTP/1.1 200 OK\r\nContent-Le"), "broken"},
		{"half a body", text("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"), "broken"},
		{"no HTTP", text("220 smtp.example ESMTP\r\n"), "broken"},
		{"NUL bytes", text("\x00\x00\x00\x00\r\n\r\n"), "broken"},
		{"a status that is none", text("HTTP/1.1 abc OK\r\n\r\n"), "broken"},
		{"a negative length", text("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"), ""},
		{"two lengths", text("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx"), "broken"},
		{"a length that overflows", text("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nxx"), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var requests atomic.Int64
			s := serve(t, func(conn *rawhttp.Conn) {
				if _, err := conn.Request(); err == nil {
					requests.Add(1)
					c.answer(conn)
				}
			})
			o := client(t, "http://"+s.Addr(), func(o *delivery.Options) { o.Timeout = 400 * time.Millisecond })
			for _, method := range []string{"POST", "GET"} {
				requests.Store(0)
				e := event()
				if e.Method = method; method == "GET" {
					e.Body = nil
				}
				var answer fasthttp.Response
				got := o.Deliver(e, &answer)
				if got.Kind != delivery.Unknown || c.why != "" && got.Why.String() != c.why {
					t.Errorf("%s: got %s, %d, %s; want unknown, %s", method, got.Kind, got.Status, got.Why, c.why)
				}
				if n := requests.Load(); n != 1 {
					t.Errorf("%s: the vendor saw %d requests", method, n)
				}
			}
		})
	}
}

// TestHugeAnswersTakeLittleMemory: what a vendor announces is not what is set aside.
func TestHugeAnswersTakeLittleMemory(t *testing.T) {
	v := vendor(t)
	v.Answer("HTTP/1.1 200 OK\r\nContent-Length: 1099511627776\r\n\r\nx")
	c := client(t, "http://"+v.Addr(), nil)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 20 {
		var answer fasthttp.Response
		c.Deliver(event(), &answer)
	}
	runtime.ReadMemStats(&after)
	if taken := after.TotalAlloc - before.TotalAlloc; taken > 8<<20 {
		t.Errorf("20 answers of 1 TiB took %d bytes", taken)
	}
}

// TestAnswersMayBeLargerWhereAskedFor: a host that is asked for answers may give longer ones.
func TestAnswersMayBeLargerWhereAskedFor(t *testing.T) {
	v := vendor(t)
	v.Answer("HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n" + strings.Repeat("x", 300_000))
	for limit, want := range map[int]delivery.Kind{0: delivery.Unknown, 1 << 20: delivery.Delivered} {
		c := client(t, "http://"+v.Addr(), func(o *delivery.Options) { o.Upstreams[0].Answer = limit })
		e := event()
		e.Asked = true
		var answer fasthttp.Response
		if got := c.Deliver(e, &answer); got.Kind != want || want == delivery.Delivered && len(answer.Body()) != 300_000 {
			t.Errorf("limit %d: %+v", limit, got)
		}
		if got := c.Deliver(event(), &answer); got.Kind != delivery.Unknown || got.Why != delivery.WhyTooLarge {
			t.Errorf("limit %d, and not asked for: %+v", limit, got)
		}
	}
}
