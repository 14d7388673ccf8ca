package proxy_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/delivery"
)

// scripted is a deliverer of a vendor that does what is written down for it, request by request, and then takes what
// comes. Each request passes the gate.
type scripted struct {
	mu    sync.Mutex
	will  []delivery.Outcome
	asked int
	left  []string
}

func (d *scripted) Deliver(e *delivery.Event, a *proxy.Response) delivery.Outcome {
	if !e.Gate.BeforeFirstByte() {
		return delivery.Outcome{Kind: delivery.Dropped, Why: delivery.WhyObjection}
	}
	defer e.Gate.AfterLastByte()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.left = append(d.left, string(e.Query)+string(e.Body))
	if d.asked++; d.asked <= len(d.will) {
		return d.will[d.asked-1]
	}
	a.SetStatusCode(200)
	a.SetBodyString(`{"success":true}`)
	return delivery.Outcome{Kind: delivery.Delivered, Status: 200, Why: delivery.WhyOK}
}

func (d *scripted) Close() {}

func (d *scripted) departed() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]string(nil), d.left...)
}

// option has it be the deliverer of a server.
func (d *scripted) option(o *proxy.Options) {
	o.Client = func([]delivery.Upstream) (proxy.Deliverer, error) { return d, nil }
}

// What a vendor may do with a request.
var (
	timedOut    = delivery.Outcome{Kind: delivery.Unknown, Why: delivery.WhyTimeout}
	unavailable = delivery.Outcome{Kind: delivery.Unknown, Status: 503, Why: delivery.WhyRefused}
	unconnected = delivery.Outcome{Kind: delivery.Dropped, Why: delivery.WhyDial}
	badRequest  = delivery.Outcome{Kind: delivery.Dropped, Status: 400, Why: delivery.WhyRefused}
)

// TestDoubtOutlivesStartsAndParking: an event that its vendor may have, and knows for a day, is not sent when that day
// is over, whatever became of it meanwhile; and one that it cannot have is.
func TestDoubtOutlivesStartsAndParking(t *testing.T) {
	for _, c := range []struct {
		name   string
		will   []delivery.Outcome
		parked bool
		doubt  bool
	}{
		{"timeout", []delivery.Outcome{timedOut}, false, true},
		{"503 without Retry-After", []delivery.Outcome{unavailable}, false, true},
		{"503, and then not there", []delivery.Outcome{unavailable, unconnected}, false, true},
		{"503, and then refused", []delivery.Outcome{unavailable, badRequest}, true, true},
		{"refused", []delivery.Outcome{badRequest}, true, false},
		{"not there, and then refused", []delivery.Outcome{unconnected, badRequest}, true, false},
	} {
		for _, starts := range []int{0, 1, 2} {
			t.Run(fmt.Sprintf("%s, %d starts", c.name, starts), func(t *testing.T) {
				t.Parallel()
				door, clock := &scripted{will: c.will}, newClock("2026-12-01T12:00:00Z")
				if !c.parked { // it is not there after that
					for range 1000 {
						door.will = append(door.will, unconnected)
					}
				}
				file := togetherFolder(t, "http://127.0.0.1:1")
				write(t, file, strings.Replace(read(t, file), "{ mode: queued,", "{ mode: queued, ttl: 72h,", 1))
				r := start(t, file, door.option, clock.option)
				if a := r.send(t, trackOf(1, "")); a.status != 200 {
					t.Fatal(a)
				}
				state := ""
				until(t, "it was tried", func() bool {
					clock.add(time.Second) // what is tried again is due
					got := r.queue(t, "GET", "/events", "", 200).Get("events.0")
					state = got.Get("state").Str
					return len(door.departed()) >= len(c.will) && got.Get("attempted").Bool() == c.doubt &&
						(state == "parked") == c.parked
				})
				for range starts {
					if err := r.stop(t); err != nil {
						t.Fatal(err)
					}
					r = start(t, file, door.option, clock.option)
					got := r.queue(t, "GET", "/events", "", 200).Get("events.0")
					if got.Get("attempted").Bool() != c.doubt {
						t.Errorf("after a start: %s", got.Raw)
					}
				}
				tried := len(c.will)
				clock.set("2026-12-02T13:00:00Z")
				r.queue(t, "POST", "/retry", `{"vendor":"segment"}`, 200) // what is put off is due, whatever timers say
				text := ""
				until(t, "it has ended", func() bool {
					clock.add(time.Second) // one that was under way when it was asked for is put off once more
					text = r.ledger(t)
					ended := endedAs(text)
					return ended["delivered"]+ended["unknown"]+ended["dropped"] > 0
				})
				if forgotten := strings.Contains(text, `"outcome":"unknown","why":"forgotten"`); forgotten != c.doubt {
					t.Errorf("it ended as\n%s", text)
				}
				if left := len(door.departed()) - tried; c.parked && (left == 0) != c.doubt {
					t.Errorf("it left %d times more", left)
				}
			})
		}
	}
}
