package delivery_test

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/tagwarden/tagwarden/proxy/delivery"
	"github.com/tagwarden/tagwarden/proxy/internal/rawhttp"
)

// behaviour is what a vendor does with a request that it has read, and what is to come of it.
type behaviour struct {
	name        string
	do          func(*rawhttp.Conn)
	want        delivery.Outcome
	bare, keyed bool // it may come again: without an idempotency key, with one
}

// answering has a vendor give an answer.
func answering(answer string) func(*rawhttp.Conn) {
	return func(c *rawhttp.Conn) { _ = c.Send(answer) }
}

// status is an answer of a status, with more lines in its head.
func status(code string, more ...string) func(*rawhttp.Conn) {
	return answering("HTTP/1.1 " + code + " X\r\nContent-Length: 0\r\n" + strings.Join(more, "") + "\r\n")
}

// after is an outcome with a wait that the vendor asked for.
func after(o delivery.Outcome, wait time.Duration) delivery.Outcome {
	o.After = wait
	return o
}

// then has a vendor say something, and go on with something else.
func then(begin string, do func(*rawhttp.Conn)) func(*rawhttp.Conn) {
	return func(c *rawhttp.Conn) {
		if c.Send(begin) == nil {
			do(c)
		}
	}
}

// silent has a vendor say nothing more until the other side has had enough.
func silent(c *rawhttp.Conn) { _, _ = c.Ended() }

// behaviours are those of vendors that fail, refuse, hang and lie.
var behaviours = []behaviour{
	{"429", status("429"), dropped(429, delivery.WhyRefused), true, true},
	{
		"429 with seconds",
		status("429", "Retry-After: 7\r\n"),
		after(dropped(429, delivery.WhyRefused), 7*time.Second), true, true,
	},
	{
		"429 with a date",
		status("429", "Retry-After: Sun, 29 Nov 2026 12:00:30 GMT\r\n"),
		after(dropped(429, delivery.WhyRefused), 30*time.Second), true, true,
	},
	{
		"503 with seconds",
		status("503", "Retry-After: 120\r\n"),
		after(dropped(503, delivery.WhyRefused), 2*time.Minute), true, true,
	},
	{
		"503 with an old date",
		status("503", "Retry-After: Thu, 01 Jan 1970 00:00:00 GMT\r\n"),
		after(dropped(503, delivery.WhyRefused), time.Second), true, true,
	},
	{
		"503 with ten digits",
		status("503", "Retry-After: 1000000000\r\n"),
		after(dropped(503, delivery.WhyRefused), time.Hour), true, true,
	},
	{
		"503 with less than nothing",
		status("503", "Retry-After: -1\r\n"),
		unknown(503, delivery.WhyRefused), false, true,
	},
	{"503 with garbage", status("503", "Retry-After: soon\r\n"), unknown(503, delivery.WhyRefused), false, true},
	{"503", status("503"), unknown(503, delivery.WhyRefused), false, true},
	{
		"503, its body packed",
		answering("HTTP/1.1 503 X\r\nContent-Encoding: gzip\r\nRetry-After: 3\r\nContent-Length: 2\r\n\r\nno"),
		after(dropped(503, delivery.WhyRefused), 3*time.Second), true, true,
	},
	{
		"503, its body cut",
		answering("HTTP/1.1 503 X\r\nRetry-After: 3\r\nContent-Length: 20\r\n\r\nno"),
		after(dropped(503, delivery.WhyRefused), 3*time.Second), true, true,
	},
	{"500", status("500"), unknown(500, delivery.WhyRefused), false, true},
	{
		"500 with seconds",
		status("500", "Retry-After: 7\r\n"),
		after(unknown(500, delivery.WhyRefused), 7*time.Second), false, true,
	},
	{"502", status("502"), unknown(502, delivery.WhyRefused), false, true},
	{"504", status("504"), unknown(504, delivery.WhyRefused), false, true},
	{"520", status("520"), unknown(520, delivery.WhyRefused), false, true},
	{"408", status("408"), unknown(408, delivery.WhyRefused), false, true},
	{"425", status("425"), dropped(425, delivery.WhyRefused), false, true},
	{"400", status("400"), dropped(400, delivery.WhyRefused), false, false},
	{"401", status("401"), dropped(401, delivery.WhyRefused), false, false},
	{"404", status("404"), dropped(404, delivery.WhyRefused), false, false},
	{
		"413 with seconds",
		status("413", "Retry-After: 7\r\n"),
		after(dropped(413, delivery.WhyRefused), 7*time.Second), false, false,
	},
	{"501", status("501"), dropped(501, delivery.WhyRefused), false, false},
	{
		"led elsewhere",
		status("302", "Location: http://127.0.0.1:1/\r\n"),
		dropped(302, delivery.WhyRefused), false, false,
	},
	{"not modified", status("304"), dropped(304, delivery.WhyRefused), false, false},
	{"another protocol", status("101", "Upgrade: x\r\n"), dropped(101, delivery.WhyRefused), false, false},
	{"a status of no kind", status("999"), dropped(999, delivery.WhyRefused), false, false},
	{
		"interim answers, and a refusal",
		answering("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 X\r\n\r\nHTTP/1.1 429 X\r\nContent-Length: 0\r\n\r\n"),
		dropped(429, delivery.WhyRefused), true, true,
	},

	{"reset", (*rawhttp.Conn).Abort, unknown(0, delivery.WhyBroken), false, true},
	{"closed", func(*rawhttp.Conn) {}, unknown(0, delivery.WhyBroken), false, true},
	{"half a head", answering("HTTP/1.1 200 OK\r\nContent-Le"), unknown(0, delivery.WhyBroken), false, true},
	{
		"half a head, and a reset",
		then("HTTP/1.1 200 OK\r\nContent-Le", (*rawhttp.Conn).Abort),
		unknown(0, delivery.WhyBroken), false, true,
	},
	{
		"half a body",
		answering("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"),
		unknown(200, delivery.WhyBroken), false, true,
	},
	{
		"half a chunk",
		answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\nhalf"),
		unknown(200, delivery.WhyBroken), false, true,
	},
	{
		"a chunk of no size",
		answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n"),
		unknown(200, delivery.WhyBroken), false, true,
	},
	{
		"another protocol's greeting",
		answering("220 mail.example ESMTP\r\n"),
		unknown(0, delivery.WhyBroken), false, true,
	},
	{"zeros", answering("\x00\x00\x00\x00\r\n\r\n"), unknown(0, delivery.WhyBroken), false, true},
	{"a status that is none", answering("HTTP/1.1 abc OK\r\n\r\n"), unknown(0, delivery.WhyBroken), false, true},
	{
		"two lengths",
		answering("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx"),
		unknown(0, delivery.WhyBroken), false, true,
	},
	{
		"a length and chunks",
		answering("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
		unknown(0, delivery.WhyBroken), false, true,
	},
	{
		"a folded line",
		answering("HTTP/1.1 200 OK\r\nX-A: a\r\n b\r\nContent-Length: 0\r\n\r\n"),
		unknown(0, delivery.WhyBroken), false, true,
	},
	{
		"a packed answer",
		answering("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nok"),
		unknown(200, delivery.WhyCoded), false, false,
	},
	{
		"an answer of 1 TiB",
		answering("HTTP/1.1 200 OK\r\nContent-Length: 1099511627776\r\n\r\nx"),
		unknown(200, delivery.WhyTooLarge), false, false,
	},
	{"silence", silent, unknown(0, delivery.WhyTimeout), false, true},
	{"silence in the head", then("HTTP/1.1 200 OK\r\n", silent), unknown(0, delivery.WhyTimeout), false, true},
	{
		"silence in the body",
		then("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", silent),
		unknown(200, delivery.WhyTimeout), false, true,
	},
	{
		"a head that drips",
		then("HTTP/1.1 200 OK\r\nX-A: ", func(c *rawhttp.Conn) { drip(c, "x") }),
		unknown(0, delivery.WhyTimeout), false, true,
	},
}

// TestVendorsThatFail: what comes of each behaviour, whether the event may come again, and that the vendor sees one
// request for each attempt, and no attempt more than may be made.
func TestVendorsThatFail(t *testing.T) {
	for _, b := range behaviours {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			for _, keyed := range []bool{false, true} {
				failing(t, &b, keyed, "POST")
				if b.want.Why != delivery.WhyTimeout { // each takes its time
					failing(t, &b, keyed, "GET")
				}
			}
		})
	}
}

// failing has a vendor fail twice, and then take what it is sent.
func failing(t *testing.T, b *behaviour, keyed bool, method string) {
	t.Helper()
	var requests atomic.Int64
	s := serve(t, func(conn *rawhttp.Conn) {
		for {
			if _, err := conn.Request(); err != nil {
				return
			}
			if requests.Add(1) <= 2 {
				b.do(conn)
				return
			}
			if conn.Send("HTTP/1.1 204 No Content\r\n\r\n") != nil {
				return
			}
		}
	})
	c := client(t, "http://"+s.Addr(), func(o *delivery.Options) {
		if b.want.Why == delivery.WhyTimeout {
			o.Timeout = 400 * time.Millisecond
		}
		o.Now = func() time.Time { return time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC) }
	})
	e := event()
	if e.Method = method; method == "GET" {
		e.Body = nil
	}
	again, attempts := b.bare, int64(0)
	if keyed {
		again = b.keyed
	}
	var answer fasthttp.Response
	for {
		attempts++
		got := c.Deliver(e, &answer)
		c.Close() // whether the vendor closes a connection before it is used again is nobody's to tell
		if attempts <= 2 && got != b.want || attempts > 2 && got.Kind != delivery.Delivered {
			t.Errorf("%s, attempt %d: %+v, want %+v", method, attempts, got, b.want)
		}
		if got.Again(keyed) != (again && attempts <= 2) {
			t.Errorf("%s, attempt %d, a key %v: again is %v", method, attempts, keyed, got.Again(keyed))
		}
		if !got.Again(keyed) || attempts > 3 {
			break
		}
	}
	if n := requests.Load(); n != attempts || again != (attempts == 3) {
		t.Errorf("%s, a key %v: %d attempts, and the vendor saw %d requests", method, keyed, attempts, n)
	}
}

// unresolved knows no name.
type unresolved struct{}

func (unresolved) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	return nil, errors.New("no such host")
}

// TestNetworksThatFail: where nothing left, the event comes again whatever its vendor knows, and nobody sees it before.
func TestNetworksThatFail(t *testing.T) {
	gone := vendor(t)
	gone.Close()
	stranger, secure := newAuthority(t), newAuthority(t)
	untrusted := rawhttp.ServeOn(stranger.listen(t), silent)
	t.Cleanup(untrusted.Close)
	plain := serve(t, func(c *rawhttp.Conn) { _ = c.Send("HTTP/1.1 400 Bad Request\r\n\r\n") })
	mute := serve(t, func(c *rawhttp.Conn) { _, _ = c.Ended() })
	const named = "https://vendor.example"
	inside := func(o *delivery.Options) {
		o.Upstreams[0].Private, o.Resolver = false, names{netip.MustParseAddr("10.0.0.1")}
	}
	unknown := func(o *delivery.Options) { o.Resolver = unresolved{} }
	for name, c := range map[string]struct {
		address string
		change  func(*delivery.Options)
		why     delivery.Why
	}{
		"nobody listens":                   {"http://" + gone.Addr(), nil, delivery.WhyDial},
		"a certificate of a stranger's":    {named + ":" + port(untrusted.Addr()), secure.trusted, delivery.WhyDial},
		"no TLS where there is to be some": {named + ":" + port(plain.Addr()), secure.trusted, delivery.WhyDial},
		"TLS that is not answered":         {named + ":" + port(mute.Addr()), secure.trusted, delivery.WhyDial},
		"a name that leads inside":         {named, inside, delivery.WhyAddress},
		"a name that leads nowhere":        {named, func(o *delivery.Options) { o.Resolver = names{} }, delivery.WhyAddress},
		"a name that is not known":         {named, unknown, delivery.WhyDial},
	} {
		t.Run(name, func(t *testing.T) {
			d := client(t, c.address, func(o *delivery.Options) {
				if o.Timeout = 300 * time.Millisecond; c.change != nil {
					c.change(o)
				}
			})
			var answer fasthttp.Response
			got := d.Deliver(event(), &answer)
			if got != dropped(0, c.why) || !got.Again(false) || !got.Again(true) {
				t.Errorf("%+v", got)
			}
		})
	}
}
