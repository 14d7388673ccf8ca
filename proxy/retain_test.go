package proxy_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/objection"
)

// TestOldRecordsAreDeleted: where the configuration says how long records are kept, older segments go, by themselves,
// and that is recorded; what a start has to know was recorded again before. Where it does not say so, nothing goes.
func TestOldRecordsAreDeleted(t *testing.T) {
	t.Parallel()
	for _, retain := range []string{"", ", retain: 1d"} {
		a, c := newAssessed(t, "ledger: { sync: 10ms"+retain+" }\n"), newClock("2026-12-01T12:00:00Z")
		minute := make(chan time.Time)
		r := start(t, a.file, c.option, func(o *proxy.Options) {
			o.Every = func(d time.Duration) (<-chan time.Time, func()) {
				if d == time.Minute {
					return minute, func() {}
				}
				return nil, func() {}
			}
		})
		if got := a.reason(t, r); got != "permitted" {
			t.Fatal(got)
		}
		r.act(t, objection.Change{Object: []string{"all"}})
		first := a.segments(t)[0]
		for n, day := range []string{"2026-12-02T11:00:00Z", "2026-12-03T10:00:00Z", "2026-12-04T09:00:00Z"} {
			c.set(day)
			a.reason(t, r) // a segment without records goes on
			until(t, "another segment", func() bool {
				all := a.segments(t)
				return len(all) > n && all[len(all)-1] != first
			})
		}
		minutes := 0
		until(t, "records that are old and were repeated are gone", func() bool {
			r.reloaded(t) // reviews are looked at, and what is remembered is repeated on another day
			minute <- c.now()
			minutes++
			return retain == "" && minutes == 3 || !slices.Contains(a.segments(t), first)
		})
		gone := !slices.Contains(a.segments(t), first)
		if gone != (retain != "") {
			t.Errorf("retain %q: %q", retain, a.segments(t))
		}
		if said := strings.Contains(r.ledger(t), `"kind":"`+ledger.KindRetention+`"`); said != gone {
			t.Errorf("retain %q: recorded %t", retain, said)
		}
		if err := r.stop(t); err != nil {
			t.Fatal(err)
		}
		r = start(t, a.file, c.option)
		if got := a.reason(t, r); got != "permitted" {
			t.Error(got)
		}
		if err := r.stop(t); err != nil {
			t.Fatal(err)
		}
	}
}
