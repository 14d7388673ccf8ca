package delivery_test

import (
	"sync/atomic"
	"testing"

	"github.com/valyala/fasthttp"

	"github.com/tagwarden/tagwarden/proxy/delivery"
	"github.com/tagwarden/tagwarden/proxy/internal/rawhttp"
)

// gate is asked when an event is about to leave.
type gate struct {
	shut        bool
	asked, left int
	departed    chan struct{} // told when it has left
}

func (g *gate) BeforeFirstByte() bool {
	g.asked++
	return !g.shut
}

func (g *gate) AfterLastByte() {
	g.left++
	if g.departed != nil {
		close(g.departed)
	}
}

// TestAskedBeforeTheFirstByte: what may not leave any more is not written, and costs no connection; what leaves has
// left before there is an answer.
func TestAskedBeforeTheFirstByte(t *testing.T) {
	var conns, requests atomic.Int64
	hold := make(chan chan struct{}, 1)
	s := serve(t, func(c *rawhttp.Conn) {
		conns.Add(1)
		for {
			if _, err := c.Request(); err != nil {
				return
			}
			requests.Add(1)
			select {
			case release := <-hold:
				<-release
			default:
			}
			if c.Send(thanks) != nil {
				return
			}
		}
	})
	c := client(t, "http://"+s.Addr(), nil)
	deliver := func(g *gate) delivery.Outcome {
		e := event()
		e.Gate = g
		var answer fasthttp.Response
		return c.Deliver(e, &answer)
	}
	open := &gate{}
	if got := deliver(open); got.Kind != delivery.Delivered || open.asked != 1 || open.left != 1 {
		t.Fatalf("%+v, %+v", got, open)
	}
	shut := &gate{shut: true}
	if got := deliver(shut); got != dropped(0, delivery.WhyObjection) || shut.asked != 1 || shut.left != 0 {
		t.Fatalf("%+v, %+v", got, shut)
	}
	// The vendor answers only when the event is known to have left: were that told with the answer, this would hang.
	hanging := &gate{departed: make(chan struct{})}
	hold <- hanging.departed
	if got := deliver(hanging); got.Kind != delivery.Delivered || hanging.left != 1 {
		t.Fatalf("%+v, %+v", got, hanging)
	}
	if conns.Load() != 1 || requests.Load() != 2 {
		t.Errorf("%d connections, %d requests", conns.Load(), requests.Load())
	}
}

// TestLeftWhenCut: where the bytes cannot be written, it has left too, for nothing more of it goes out; and a
// connection that was stale is asked about only once it is known not to be.
func TestLeftWhenCut(t *testing.T) {
	closed := make(chan struct{})
	s := serve(t, func(c *rawhttp.Conn) {
		if _, err := c.Request(); err == nil {
			_ = c.Send(thanks)
			_ = c.Close()
			give(t, closed)
		}
	})
	c := client(t, "http://"+s.Addr(), nil)
	for range 5 {
		e, g := event(), &gate{}
		e.Gate = g
		var answer fasthttp.Response
		if got := c.Deliver(e, &answer); got.Kind != delivery.Delivered || g.asked != 1 || g.left != 1 {
			t.Fatalf("%+v, %+v", got, g)
		}
		take(t, closed)
	}
	e, g := event(), &gate{}
	e.Gate, e.Body = g, make([]byte, 64<<20) // more than any buffer holds
	blocked := serve(t, func(c *rawhttp.Conn) { _ = c.Close() })
	c = client(t, "http://"+blocked.Addr(), nil)
	var answer fasthttp.Response
	if got := c.Deliver(e, &answer); got.Kind == delivery.Delivered || g.asked != g.left {
		t.Fatalf("%+v, asked %d, left %d", got, g.asked, g.left)
	}
}
