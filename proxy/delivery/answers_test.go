package delivery_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/tagwarden/tagwarden/proxy/delivery"
	"github.com/tagwarden/tagwarden/proxy/internal/rawhttp"
)

// refusal is an answer that says what was wrong with the event.
const refusal = "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{\"bad\":1}"

// TestRefusals: the body of a refusal is handed up where it is wanted, from a connection on which
// nothing else came, and that is closed.
func TestRefusals(t *testing.T) {
	secure := newAuthority(t)
	for name, serve := range map[string]func(func(*rawhttp.Conn)) (*rawhttp.Server, string, func(*delivery.Options)){
		"in the clear": func(handle func(*rawhttp.Conn)) (*rawhttp.Server, string, func(*delivery.Options)) {
			s := serve(t, handle)
			return s, "http://" + s.Addr(), nil
		},
		"over TLS": func(handle func(*rawhttp.Conn)) (*rawhttp.Server, string, func(*delivery.Options)) {
			s := rawhttp.ServeOn(secure.listen(t), handle)
			t.Cleanup(s.Close)
			return s, "https://vendor.example:" + port(s.Addr()), secure.trusted
		},
	} {
		for _, c := range []struct {
			what, answer, body string
			wanted             []int
			closes             bool // the vendor does, right behind the answer
			conns              int  // for three events
		}{
			{"wanted", refusal, `{"bad":1}`, []int{413, 400}, false, 3},
			{"wanted, and closed", refusal, `{"bad":1}`, []int{400}, true, 3},
			{"not wanted", refusal, "", nil, false, 1},
			{"another is wanted", refusal, "", []int{413}, false, 1},
			{"with another behind it", refusal + stray, "", []int{400}, false, 3},
			{"with a byte behind it", refusal + "x", "", []int{400}, false, 3},
			{"not wanted, with a byte behind it", refusal + "x", "", nil, false, 3},
		} {
			s, address, change := serve(func(conn *rawhttp.Conn) {
				for {
					if _, err := conn.Request(); err != nil || conn.Send(c.answer) != nil || c.closes {
						return
					}
				}
			})
			d := client(t, address, change)
			for range 3 {
				e := event()
				e.Relay = c.wanted
				var answer fasthttp.Response
				got := d.Deliver(e, &answer)
				if got != dropped(400, delivery.WhyRefused) || string(answer.Body()) != c.body {
					t.Errorf("%s, %s: %+v, %q", name, c.what, got, answer.Body())
				}
			}
			if n := s.Accepted(); n != c.conns {
				t.Errorf("%s, %s: %d connections", name, c.what, n)
			}
		}
	}
}

// TestAskedForComesAlone: an answer that a visitor is shown comes over a connection that carried no other event and
// will carry none, so that it is nobody else's, however many a vendor gives.
func TestAskedForComesAlone(t *testing.T) {
	s := serve(t, func(c *rawhttp.Conn) {
		for {
			r, err := c.Request()
			if err != nil {
				return
			}
			body := string(r.Body)
			one := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
			if c.Send(one, one[:20]) != nil {
				return
			}
			time.AfterFunc(time.Millisecond, func() { _ = c.Send(one[20:]) }) // when another's request may be there already
		}
	})
	c := client(t, "http://"+s.Addr(), nil)
	var visitors sync.WaitGroup
	const each = 20
	for v := range 8 {
		visitors.Go(func() {
			for i := range each {
				e := event()
				e.Asked, e.Body = true, fmt.Appendf(nil, "visitor %d, %d", v, i)
				var answer fasthttp.Response
				if got := c.Deliver(e, &answer); got.Kind != delivery.Delivered || string(answer.Body()) != string(e.Body) {
					t.Errorf("%s got %+v, %q", e.Body, got, answer.Body())
				}
				c.Deliver(event(), &answer)
			}
		})
	}
	visitors.Wait()
	if n := s.Accepted(); n < 8*each {
		t.Errorf("%d connections", n)
	}
}

// TestBrokenEnds: where the head says that the vendor took the event, the outcome has its status, whatever came then;
// nobody knows whether the rest means something else.
func TestBrokenEnds(t *testing.T) {
	for answer, want := range map[string]delivery.Outcome{
		"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nok":   unknown(200, delivery.WhyCoded),
		"HTTP/1.1 202 OK\r\nTransfer-Encoding: chunked\r\n\r\n2 \r\nok\r\n0\r\n\r\n": unknown(202, delivery.WhyBroken),
		"HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\n":                           unknown(200, delivery.WhyTooLarge),
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok":        unknown(0, delivery.WhyBroken),
		"HTTP/1.1 000 OK\r\nContent-Length: 0\r\n\r\n":                               dropped(0, delivery.WhyRefused),
		"HTTP/1.1 999 OK\r\nContent-Length: 0\r\n\r\n":                               dropped(999, delivery.WhyRefused),
		"HTTP/1.1 304 Not Modified\r\n\r\n":                                          dropped(304, delivery.WhyRefused),
		"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n":                               dropped(101, delivery.WhyRefused),
		"HTTP/1.1 503 No\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nno":   unknown(503, delivery.WhyRefused),
	} {
		v := vendor(t)
		v.Answer(answer)
		var got fasthttp.Response
		c := client(t, "http://"+v.Addr(), nil)
		for range 2 {
			if o := c.Deliver(event(), &got); o != want || len(got.Body()) != 0 {
				t.Errorf("%.60q: %+v, %q", answer, o, got.Body())
			}
		}
		if again := v.Accepted() == 1; again != (want.Status == 304) {
			t.Errorf("%.60q: %d connections", answer, v.Accepted())
		}
	}
}

// TestAnswersTakeNoMoreBytes: whatever a vendor sends without end, no more of it is read than an answer may take.
func TestAnswersTakeNoMoreBytes(t *testing.T) {
	const most = 16 << 20 // with what lies in the buffers of both ends
	for name, c := range map[string]struct{ begin, with string }{
		"a chunk extension": {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", "x"},
		"extensions": {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
			"1;" + strings.Repeat("x", 500) + "\r\nx\r\n"},
		"a trailer":             {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "X-A: b\r\n"},
		"a header":              {"HTTP/1.1 200 OK\r\nX-A: ", "x"},
		"early answers":         {"", "HTTP/1.1 103 Early\r\nX-A: b\r\n\r\n"},
		"a body":                {"HTTP/1.1 200 OK\r\n\r\n", "x"},
		"the body of a refusal": {"HTTP/1.1 503 No\r\n\r\n", "x"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var sent atomic.Int64
			ended := make(chan struct{})
			s := serve(t, func(conn *rawhttp.Conn) {
				defer close(ended)
				if _, err := conn.Request(); err != nil || conn.Send(c.begin) != nil {
					return
				}
				for text := strings.Repeat(c.with, 4096/len(c.with)); conn.Send(text) == nil &&
					sent.Add(int64(len(text))) < 64<<20; {
				}
			})
			d := client(t, "http://"+s.Addr(), func(o *delivery.Options) { o.Timeout = rawhttp.Patience })
			var answer fasthttp.Response
			got := d.Deliver(event(), &answer)
			take(t, ended)
			if got.Kind == delivery.Delivered || got.Why == delivery.WhyTimeout || len(answer.Body()) != 0 {
				t.Errorf("%+v", got)
			}
			if n := sent.Load(); n > most {
				t.Errorf("it sent %d bytes", n)
			}
		})
	}
}

// TestPlaces: a vendor that hangs holds no more exchanges than it may, over all its hosts, and another's events go on.
func TestPlaces(t *testing.T) {
	hanging := make(chan struct{})
	var held atomic.Int64
	s := serve(t, func(c *rawhttp.Conn) {
		if _, err := c.Request(); err == nil {
			held.Add(1)
			<-hanging
		}
	})
	well := vendor(t)
	c := client(t, "http://"+s.Addr(), func(o *delivery.Options) {
		o.Upstreams = append(o.Upstreams,
			delivery.Upstream{Vendor: "v", Host: "settings", Address: "http://" + s.Addr(), Private: true},
			delivery.Upstream{Vendor: "w", Host: "api", Address: "http://" + well.Addr(), Private: true})
		o.Conns, o.Places = 4, 6
	})
	var all sync.WaitGroup
	for i := range 6 {
		all.Go(func() {
			e := event()
			if i%2 == 1 {
				e.Host, e.Asked = "settings", true
			}
			var answer fasthttp.Response
			if got := c.Deliver(e, &answer); got.Why != delivery.WhyBroken {
				t.Errorf("%+v", got)
			}
		})
	}
	for held.Load() < 6 {
		<-time.After(time.Millisecond)
	}
	for _, host := range []string{"api", "settings"} {
		e := event()
		e.Host = host
		var answer fasthttp.Response
		if got := c.Deliver(e, &answer); got != dropped(0, delivery.WhyOverload) {
			t.Errorf("%s: %+v", host, got)
		}
	}
	e := event()
	e.Vendor = "w"
	var answer fasthttp.Response
	if got := c.Deliver(e, &answer); got.Kind != delivery.Delivered {
		t.Errorf("another vendor: %+v", got)
	}
	close(hanging)
	all.Wait()
	if got := c.Deliver(event(), &answer); got.Why != delivery.WhyBroken {
		t.Errorf("once they ended: %+v", got)
	}
}

// TestAnswersAreTimed: how long after its first byte a request was answered is told
// of each that was, whatever the answer.
func TestAnswersAreTimed(t *testing.T) {
	var told atomic.Int64
	v := vendor(t)
	c := client(t, "http://"+v.Addr(), func(o *delivery.Options) {
		o.Answers = func(vendor string, after time.Duration) {
			if vendor != "v" || after <= 0 || after > rawhttp.Patience {
				t.Errorf("%s after %v", vendor, after)
			}
			told.Add(1)
		}
	})
	for answer, want := range map[string]int64{
		"HTTP/1.1 204 OK\r\n\r\n":                                                  1,
		"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n":                             1,
		"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nok": 1,
		"no answer at all\r\n\r\n":                                                 0,
	} {
		v.Answer(answer)
		told.Store(0)
		var got fasthttp.Response
		c.Deliver(event(), &got)
		if n := told.Load(); n != want {
			t.Errorf("%q: told %d times, want %d", answer, n, want)
		}
	}
	held := event()
	held.Gate = gateThatSaysNo{}
	told.Store(0)
	var got fasthttp.Response
	if o := c.Deliver(held, &got); o.Why != delivery.WhyObjection || told.Load() != 0 {
		t.Errorf("%+v, and told %d times", o, told.Load())
	}
}

type gateThatSaysNo struct{}

func (gateThatSaysNo) BeforeFirstByte() bool { return false }
func (gateThatSaysNo) AfterLastByte()        {}
