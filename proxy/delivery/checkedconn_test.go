package delivery

import (
	"errors"
	"io"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/tagwarden/tagwarden/proxy/internal/rawhttp"
)

// letters is a connection on which bytes come one by one.
type letters struct {
	net.Conn
	reads int
}

func (l *letters) Read(b []byte) (int, error) {
	l.reads++
	b[0] = 'x'
	return 1, nil
}

// TestLettersCountForMore: what comes in small pieces costs as much as what is large, and counts as much.
func TestLettersCountForMore(t *testing.T) {
	l := new(letters)
	g := newCheckedConn(l, nil)
	if _, err := g.Read(make([]byte, 10)); !errors.Is(err, errSpent) || l.reads != 0 {
		t.Errorf("before anything was asked for: %v, %d reads", err, l.reads)
	}
	g.left = 64 << 10
	n, err := io.Copy(io.Discard, g)
	if !errors.Is(err, errSpent) || n != 256 || l.reads != 256 {
		t.Errorf("%d bytes, %d reads, %v", n, l.reads, err)
	}
}

// TestClosedAtOnce: a vendor that closes, or speaks, before it is asked anything is tried once more, and not
// as often as there may be connections.
func TestClosedAtOnce(t *testing.T) {
	for name, handle := range map[string]func(*rawhttp.Conn){
		"closes": func(*rawhttp.Conn) {},
		"speaks": func(c *rawhttp.Conn) {
			if c.Send("HTTP/1.1 200 OK\r\n\r\n") == nil {
				_, _ = c.Ended()
			}
		},
	} {
		s, err := rawhttp.Serve(handle)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		c, err := New(Options{Upstreams: []Upstream{{Vendor: "v", Host: "api", Address: "http://" + s.Addr(), Private: true}},
			Timeout: rawhttp.Patience})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		h := c.hosts[[2]string{"v", "api"}]
		dials := 0
		dial := func(address string, _ time.Duration) (net.Conn, error) {
			dials++
			conn, err := net.Dial("tcp", address)
			if err != nil {
				return nil, err
			}
			g := newCheckedConn(conn, conn)
			for !g.unreadSocket() { // until what it does has come over
				runtime.Gosched()
			}
			return g, nil
		}
		h.client.DialTimeout, h.alone.DialTimeout = dial, dial
		for _, asked := range []bool{false, true} {
			dials = 0
			var answer fasthttp.Response
			got := c.Deliver(&Event{Vendor: "v", Host: "api", Method: "POST", Path: []byte("/"), Asked: asked}, &answer)
			if got != dropped(0, WhyStrayAnswer) || dials != 2 {
				t.Errorf("%s, asked %v: %+v after %d connections", name, asked, got, dials)
			}
		}
	}
}
