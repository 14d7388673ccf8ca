package proxy_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/delivery"
)

// trap delivers as an open door does, and panics at one event.
type trap struct {
	closedDoor
	asked atomic.Int64
}

func (d *trap) Deliver(e *delivery.Event, a *proxy.Response) delivery.Outcome {
	if d.asked.Add(1) == 13 {
		panic("it is " + string(e.Query))
	}
	return d.closedDoor.Deliver(e, a)
}

// TestAPanicOfACourierEndsOneDelivery: what panics takes nothing else with it, and is there after a restart; what was
// caught is not logged.
func TestAPanicOfACourierEndsOneDelivery(t *testing.T) {
	door := new(trap)
	door.open.Store(true)
	option := func(o *proxy.Options) {
		o.Client = func([]delivery.Upstream) (proxy.Deliverer, error) { return door, nil }
	}
	file := queuedFolder(t, "http://127.0.0.1:1")
	r := start(t, file, option)
	const events = 40
	for n := range events {
		hit := strings.ReplaceAll(pageView, "1234567890", fmt.Sprint(1_000_000_000+n))
		if a := r.send(t, get(hit, consent)); a.status != 204 {
			t.Fatal(a)
		}
	}
	until(t, "all others arrive", func() bool { return r.Pending() == 1 })
	if got := r.figure(t, "tagwarden_panics_total"); got != "1" {
		t.Errorf("%s panics are counted", got)
	}
	if err := r.stop(t); err != nil {
		t.Fatal(err)
	}
	door.closedDoor.mu.Lock()
	if n := len(door.left); n != events-1 {
		t.Errorf("%d arrived", n)
	}
	door.closedDoor.mu.Unlock()
	r = start(t, file)
	if n := r.Pending(); n != 1 {
		t.Errorf("%d wait after a restart", n)
	}
}
