package delivery_test

import (
	"crypto/tls"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/valyala/fasthttp"

	"github.com/tagwarden/tagwarden/proxy/delivery"
	"github.com/tagwarden/tagwarden/proxy/internal/rawhttp"
)

const (
	thanks = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nthanks"
	stray  = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nSTRAY"
)

// TestStaleConnection: a connection that the vendor closed while it was idle costs no event, and no event goes twice.
func TestStaleConnection(t *testing.T) {
	closed := make(chan struct{})
	var requests atomic.Int64
	s := serve(t, func(c *rawhttp.Conn) {
		if _, err := c.Request(); err == nil {
			requests.Add(1)
			_ = c.Send(thanks)
			_ = c.Close()
			give(t, closed)
		}
	})
	c := client(t, "http://"+s.Addr(), nil)
	for i := range 20 {
		var answer fasthttp.Response
		if got := c.Deliver(event(), &answer); got.Kind != delivery.Delivered {
			t.Fatalf("attempt %d: %+v", i, got)
		}
		take(t, closed)
	}
	if n := requests.Load(); n != 20 {
		t.Errorf("20 events became %d requests", n)
	}
}

// TestAllConnectionsStale: a vendor that starts anew leaves every connection stale; the next event still gets through.
func TestAllConnectionsStale(t *testing.T) {
	const open = 8
	var together, closed sync.WaitGroup
	together.Add(open)
	closed.Add(open)
	var requests atomic.Int64
	s := serve(t, func(c *rawhttp.Conn) {
		if _, err := c.Request(); err != nil {
			return
		}
		if requests.Add(1) <= open {
			together.Done()
			together.Wait() // so that each has a connection of its own
			_ = c.Send(thanks)
			_ = c.Close()
			closed.Done()
			return
		}
		_ = c.Send(thanks)
	})
	c := client(t, "http://"+s.Addr(), nil)
	var senders sync.WaitGroup
	for range open {
		senders.Go(func() {
			var answer fasthttp.Response
			if got := c.Deliver(event(), &answer); got.Kind != delivery.Delivered {
				t.Errorf("got %+v", got)
			}
		})
	}
	senders.Wait()
	closed.Wait()
	var answer fasthttp.Response
	if got := c.Deliver(event(), &answer); got.Kind != delivery.Delivered || requests.Load() != open+1 {
		t.Errorf("got %+v after %d requests", got, requests.Load())
	}
}

// TestStrayAnswers: what a vendor says out of turn is never taken for the answer to the next visitor's event.
func TestStrayAnswers(t *testing.T) {
	secure := newAuthority(t)
	for name, transport := range map[string]func(func(*rawhttp.Conn)) (address string, change func(*delivery.Options)){
		"in the clear": func(handle func(*rawhttp.Conn)) (string, func(*delivery.Options)) {
			return "http://" + serve(t, handle).Addr(), nil
		},
		"over TLS": func(handle func(*rawhttp.Conn)) (string, func(*delivery.Options)) {
			s := rawhttp.ServeOn(secure.listen(t), handle)
			t.Cleanup(s.Close)
			return "https://vendor.example:" + port(s.Addr()), secure.trusted
		},
	} {
		for when, say := range map[string]func(c *rawhttp.Conn, answered <-chan struct{}) error{
			"with the answer":   func(c *rawhttp.Conn, _ <-chan struct{}) error { return c.Send(thanks + stray) },
			"behind the answer": func(c *rawhttp.Conn, _ <-chan struct{}) error { return c.Send(thanks, stray) },
			"in two pieces": func(c *rawhttp.Conn, answered <-chan struct{}) error {
				err := c.Send(thanks+stray[:9], stray[9:20])
				take(t, answered)
				return err
			},
			"while idle": func(c *rawhttp.Conn, answered <-chan struct{}) error {
				if err := c.Send(thanks); err != nil {
					return err
				}
				take(t, answered)
				return c.Send(stray)
			},
		} {
			t.Run(name+", "+when, func(t *testing.T) {
				answered, spoken := make(chan struct{}), make(chan struct{})
				address, change := transport(func(c *rawhttp.Conn) {
					for {
						if _, err := c.Request(); err != nil {
							return
						}
						if when == "while idle" || when == "in two pieces" {
							_ = say(c, answered)
						} else {
							_ = say(c, nil)
							give(t, answered)
						}
						give(t, spoken)
					}
				})
				d := client(t, address, change)
				for i := range 20 {
					var answer fasthttp.Response
					got := d.Deliver(event(), &answer)
					if got.Kind != delivery.Delivered || string(answer.Body()) != "thanks" {
						t.Fatalf("event %d: %+v, %q", i, got, answer.Body())
					}
					if when == "while idle" || when == "in two pieces" {
						give(t, answered)
					} else {
						take(t, answered)
					}
					take(t, spoken)
				}
			})
		}
	}
}

// TestTwoRecordsInOneSegment: TLS reads ahead, so that a stray answer lies in no socket
// any more when the next event is to go.
func TestTwoRecordsInOneSegment(t *testing.T) {
	secure := newAuthority(t)
	s := rawhttp.ServeOn(tls.NewListener(coalescing{listen(t)}, secure.server()), func(c *rawhttp.Conn) {
		for {
			if _, err := c.Request(); err != nil || c.Send(thanks, stray) != nil {
				return
			}
		}
	})
	t.Cleanup(s.Close)
	c := client(t, "https://vendor.example:"+port(s.Addr()), secure.trusted)
	for range 20 {
		var answer fasthttp.Response
		if got := c.Deliver(event(), &answer); got.Kind != delivery.Delivered || string(answer.Body()) != "thanks" {
			t.Fatalf("%+v, %.40q", got, answer.Body())
		}
	}
	if n := s.Accepted(); n != 20 {
		t.Errorf("%d connections: one that had spoken out of turn was used again", n)
	}
}

func BenchmarkDeliver(b *testing.B) {
	c := client(b, "http://"+serve(b, thrifty).Addr(), nil)
	e := event()
	e.Body = []byte(strings.Repeat("en=page_view&_et=1\r\n", 40))
	var answer fasthttp.Response
	b.ReportAllocs()
	for b.Loop() {
		if got := c.Deliver(e, &answer); got.Kind != delivery.Delivered {
			b.Fatalf("%+v", got)
		}
	}
}

// thrifty answers every segment that comes, and allocates nothing.
func thrifty(c *rawhttp.Conn) {
	room, answer := make([]byte, 4096), []byte(rawhttp.NoContent)
	for {
		if _, err := c.Read(room); err != nil {
			return
		}
		if _, err := c.Write(answer); err != nil {
			return
		}
	}
}

// give and take meet, unless the test has ended.
func give(t *testing.T, c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	case <-t.Context().Done():
	}
}

func take(t *testing.T, c <-chan struct{}) {
	select {
	case <-c:
	case <-t.Context().Done():
	}
}
