package delivery

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/tagwarden/tagwarden/proxy/internal/rawhttp"
)

// clientOf is a client of one vendor. One that is slow writes and reads as over TLS: by itself, not in one step.
func clientOf(t *testing.T, address string, slow bool) (*Client, *atomic.Int64) {
	t.Helper()
	c, err := New(Options{Upstreams: []Upstream{{Vendor: "v", Host: "api", Address: "http://" + address, Private: true}},
		Timeout: rawhttp.Patience})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	h, dials := c.hosts[[2]string{"v", "api"}], new(atomic.Int64)
	dial := func(address string, _ time.Duration) (net.Conn, error) {
		dials.Add(1)
		conn, err := net.Dial("tcp", address)
		if err != nil {
			return nil, err
		}
		g := newCheckedConn(conn, conn)
		if slow {
			g.step = nil
		}
		return g, nil
	}
	h.client.DialTimeout, h.alone.DialTimeout = dial, dial
	return c, dials
}

// TestInOneStepOrInSeveral: whatever a vendor answers, in one piece or byte by byte, the outcome, what
// is handed on and how many connections it takes are the same whether a request goes out and its
// answer comes in as one step or in several.
func TestInOneStepOrInSeveral(t *testing.T) {
	for _, a := range answers {
		for _, piece := range []int{len(a.text), 7} {
			if len(a.text)/piece > 1000 {
				continue
			}
			s, err := rawhttp.Serve(func(c *rawhttp.Conn) {
				for {
					if _, err := c.Request(); err != nil {
						return
					}
					for text := a.text; text != ""; text = text[min(piece, len(text)):] {
						if c.Send(text[:min(piece, len(text))]) != nil {
							return
						}
					}
					if !a.again {
						return
					}
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			var said [2]string
			for i := range said {
				c, dials := clientOf(t, s.Addr(), i == 1)
				for range 3 {
					var answer fasthttp.Response
					o := c.Deliver(&Event{
						Vendor: "v", Host: "api", Method: "POST", Path: []byte("/"), Body: []byte("x"), Relay: []int{400}, Count: 1,
					}, &answer)
					said[i] += fmt.Sprintf("%+v %d %q %q; ", o, answer.StatusCode(), answer.Header.ContentType(), answer.Body())
				}
				if a.again {
					said[i] += fmt.Sprint(dials.Load(), " connections")
				}
			}
			if said[0] != said[1] {
				t.Errorf("%s, in pieces of %d: in one step\n%.500s\nin several\n%.500s", a.name, piece, said[0], said[1])
			}
			s.Close()
		}
	}
}

// FuzzBare: an answer that is read at one look is the same to whoever reads it from a stream.
func FuzzBare(f *testing.F) {
	for _, a := range answers {
		f.Add([]byte(a.text))
	}
	f.Add([]byte(rawhttp.NoContent))
	f.Add([]byte("HTTP/1.1 204 No Content\r\nContent-Type: text/plain\r\nRetry-After: 7\r\nConnection: close\r\n\r\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		var bare, read fasthttp.Response
		one, ok := readBare(&checkedConn{came: text}, &bare)
		if !ok {
			return
		}
		in := bufio.NewReaderSize(bytes.NewReader(text), 16<<10)
		other, err := readAnswer(in, &read, new(Event), 64<<10)
		if err != nil || one != other || in.Buffered() > 0 || bare.String() != read.String() || len(bare.Body()) > 0 {
			t.Errorf("%+v and %q at one look; %+v, %v and %q from a stream, %d bytes left", one, bare.String(), other, err,
				read.String(), in.Buffered())
		}
	})
}

// TestOthersDeadlines: the deadline of an exchange before, which a connection still has,
// ends no wait; the exchange's own does.
func TestOthersDeadlines(t *testing.T) {
	answer := make(chan bool)
	s, err := rawhttp.Serve(func(c *rawhttp.Conn) {
		for {
			if _, err := c.Request(); err != nil {
				return
			}
			if <-answer && c.Send(rawhttp.NoContent) != nil {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	long := bytes.Repeat([]byte("x"), mostBeside+1)
	for name, q := range map[string]request{
		"in one step": {[]byte("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"), nil},
		"a long body": {fmt.Appendf(nil, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n", len(long)), long},
	} {
		conn, err := net.Dial("tcp", s.Addr())
		if err != nil {
			t.Fatal(err)
		}
		c := newCheckedConn(conn, conn)
		for _, before := range []time.Duration{-time.Hour, time.Microsecond, 20 * time.Millisecond, 2 * time.Hour} {
			c.deadline = time.Now().Add(time.Hour)
			if err := c.armAt(time.Now().Add(before)); err != nil {
				t.Fatal(err)
			}
			go func() {
				for late := time.NewTimer(max(0, min(2*before, time.Second))); ; {
					<-late.C
					answer <- true
					return
				}
			}()
			if err := c.send(q, nil); err != nil {
				t.Fatalf("%s, %v before: %v", name, before, err)
			}
			c.left = 64 << 10
			text := make([]byte, 4096)
			if n, err := c.Read(text); err != nil || !strings.HasPrefix(rawhttp.NoContent, string(text[:n])) {
				t.Fatalf("%s, %v before: %q, %v", name, before, text[:n], err)
			}
		}
		for _, before := range []time.Duration{-time.Hour, time.Millisecond, time.Hour} {
			const within = 50 * time.Millisecond
			conn, err := net.Dial("tcp", s.Addr())
			if err != nil {
				t.Fatal(err)
			}
			c := newCheckedConn(conn, conn)
			begun := time.Now()
			c.deadline = begun.Add(within)
			if err := c.armAt(begun.Add(before)); err != nil {
				t.Fatal(err)
			}
			err = c.send(q, nil)
			if err == nil {
				c.left = 64 << 10
				_, err = c.Read(make([]byte, 1))
			}
			if took := time.Since(begun); !isTimeout(err) || took < within {
				t.Errorf("%s, %v before: %v after %v of %v", name, before, err, took, within)
			}
			_ = c.Close()
			answer <- false
		}
		_ = c.Close()
	}
}

// TestNothingIsWrittenUnasked: what is written to a connection otherwise than by sending does not leave.
func TestNothingIsWrittenUnasked(t *testing.T) {
	if n, err := new(checkedConn).Write([]byte("GET / HTTP/1.1\r\n\r\n")); n != 0 || !errors.Is(err, errHeldBack) {
		t.Errorf("%d, %v", n, err)
	}
}
