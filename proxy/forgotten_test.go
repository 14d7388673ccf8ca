package proxy_test

import (
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/delivery"
)

// silent is a deliverer of a vendor that takes an event and does not say so, and then is not there.
type silent struct {
	closedDoor
	asked atomic.Int64
}

func (d *silent) Deliver(e *delivery.Event, a *proxy.Response) delivery.Outcome {
	if d.asked.Add(1) > 1 {
		return d.closedDoor.Deliver(e, a)
	}
	if e.Gate.BeforeFirstByte() {
		e.Gate.AfterLastByte()
	}
	return delivery.Outcome{Kind: delivery.Unknown, Why: delivery.WhyTimeout}
}

// TestWhatMayHaveArrivedIsNotSentWhenItIsForgotten: an event that its vendor may have, and knows again for a day, does
// not come again after that day, over a restart too; and nobody says that it did not arrive.
func TestWhatMayHaveArrivedIsNotSentWhenItIsForgotten(t *testing.T) {
	for _, restarts := range []bool{false, true} {
		door, c := new(silent), newClock("2026-12-01T12:00:00Z")
		option := func(o *proxy.Options) {
			o.Client = func([]delivery.Upstream) (proxy.Deliverer, error) { return door, nil }
		}
		file := togetherFolder(t, "http://127.0.0.1:1")
		write(t, file, strings.Replace(read(t, file), "{ mode: queued,", "{ mode: queued, ttl: 72h,", 1))
		r := start(t, file, option, c.option)
		if a := r.send(t, trackOf(1, "")); a.status != 200 {
			t.Fatal(a)
		}
		until(t, "it is to come again", func() bool { return endedAs(r.ledger(t))["deferred"] == 1 })
		if restarts {
			if err := r.stop(t); err != nil {
				t.Fatal(err)
			}
		}
		c.set("2026-12-02T13:00:00Z")
		if restarts {
			r = start(t, file, option, c.option)
		}
		door.open.Store(true)
		until(t, "it has ended", func() bool {
			text := r.ledger(t)
			return strings.Contains(text, `"outcome":"unknown","why":"forgotten"`) || endedAs(text)["delivered"] > 0
		})
		if n := len(door.left); n > 0 {
			t.Errorf("it came again")
		}
	}
}
