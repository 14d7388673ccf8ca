package proxy_test

import (
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/proxy/delivery"
)

// TestClockSetBackWhileEventsWait: an event that its vendor may have, and knows for a day, is not sent behind that day
// where the clock was set back meanwhile; and ends when it has waited for as long as it may, no sooner.
func TestClockSetBackWhileEventsWait(t *testing.T) {
	for _, c := range []struct {
		name, ttl, why string
		will           []delivery.Outcome
	}{
		{"may have arrived", "72h", `"outcome":"unknown","why":"forgotten"`, []delivery.Outcome{timedOut}},
		{"has not", "30h", `"outcome":"dropped","why":"expired"`, []delivery.Outcome{unconnected}},
	} {
		t.Run(c.name, func(t *testing.T) {
			door, clock := &scripted{will: c.will}, newClock("2026-12-01T00:00:00Z")
			for range 100_000 {
				door.will = append(door.will, unconnected)
			}
			file := togetherFolder(t, "http://127.0.0.1:1")
			write(t, file, strings.Replace(read(t, file), "{ mode: queued,", "{ mode: queued, ttl: "+c.ttl+",", 1))
			r := start(t, file, door.option, clock.jumpy)
			if a := r.send(t, trackOf(1, "")); a.status != 200 {
				t.Fatal(a)
			}
			left := func() float64 { return r.queue(t, "GET", "/events", "", 200).Get("events.0.left_seconds").Float() }
			until(t, "it is to come again", func() bool {
				of := r.queue(t, "GET", "/events", "", 200).Get("events.0")
				return of.Get("attempts").Int() > 0 && of.Get("attempted").Bool() == (c.will[0] == timedOut)
			})
			begun := left()
			for _, at := range []string{
				"2026-12-01T18:00:00Z", "2026-12-01T04:00:00Z", // 18 hours have passed
				"2026-12-01T09:59:00Z", // 23:59
			} {
				clock.set(at)
				until(t, "it is known", func() bool { // each look follows the clock
					return r.queue(t, "GET", "", "", 200).Get("pending").Int() == 1 && left() <= begun
				})
			}
			if waited := begun - left(); waited < 86300 || waited > 86400 {
				t.Errorf("it has waited for %v seconds", waited)
			}
			if ended := endedAs(r.ledger(t)); ended["unknown"]+ended["dropped"]+ended["delivered"] != 0 {
				t.Errorf("%v", ended)
			}
			clock.set("2026-12-01T16:01:00Z") // 30:01
			until(t, "it has ended so", func() bool { return strings.Contains(r.ledger(t), c.why) })
		})
	}
}
