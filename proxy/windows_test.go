package proxy_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/audit"
)

// TestWindows: records of events that are older than the window of their purpose go, line by line, by themselves;
// not before what the configuration says was on the log for a day, not those of another purpose, and not what is
// younger. The log is found no fault with.
func TestWindows(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		window string
		goes   bool
	}{
		{"{ purpose: measure, retain: 1d }", true},
		{"{ site: shop, purpose: measure, retain: 1d }", true},
		{"{ site: shop, retain: 1d }", true},
		{"{ site: shop, retain: 20d }", false},
	} {
		a, now := newAssessed(t, "ledger: { sync: 10ms, retain: 30d, windows: ["+c.window+"] }\n"),
			newClock("2026-12-01T12:00:00Z")
		looks := make(chan time.Time)
		r := start(t, a.file, now.option, func(o *proxy.Options) {
			o.Every = func(d time.Duration) (<-chan time.Time, func()) {
				if d == 10*time.Minute {
					return looks, func() {}
				}
				return nil, func() {}
			}
		})
		dir := filepath.Join(a.dir, "data", "ledger")
		events := func() int { return strings.Count(r.ledger(t), `"kind":"event"`) }
		look := func() {
			looks <- now.now()
			looks <- now.now() // the one before is done
		}
		send := func(at string, n int) {
			t.Helper()
			now.set(at)
			if got := a.reason(t, r); got != "permitted" {
				t.Fatal(got)
			}
			until(t, "another segment", func() bool { return len(a.segments(t)) > n })
		}
		send("2026-12-01T12:00:01Z", 0)
		send("2026-12-01T14:00:00Z", 1)
		look()
		if n := events(); n != 2 {
			t.Fatalf("%s: %d events, before a day was over", c.window, n)
		}
		send("2026-12-03T18:00:00Z", 2)
		if c.goes {
			until(t, "what is older is gone", func() bool { look(); now.set("2026-12-05T13:00:00Z"); return events() < 3 })
		} else {
			look()
		}
		now.set("2026-12-05T13:00:00Z")
		look()
		if n := events(); !c.goes && n != 3 || c.goes && n > 1 {
			t.Errorf("%s: %d events are left", c.window, n)
		}
		if said := strings.Count(r.ledger(t), `"kind":"`+ledger.KindErasure+`"`); (said > 0) != c.goes {
			t.Errorf("%s: %d records of erasing", c.window, said)
		}
		if err := r.stop(t); err != nil {
			t.Fatal(err)
		}
		report, err := audit.Verify(audit.Options{Dir: dir})
		if err != nil || len(report.Findings) > 0 {
			t.Errorf("%s: %v %+v", c.window, err, report)
		}
		r = start(t, a.file, now.option)
		if err := r.stop(t); err != nil {
			t.Fatal(err)
		}
	}
}

// TestAWindowGoesByThePolicyOfThen: what an event was for, the policy says that it was judged by. An activity that has
// another name since, or is for something else, changes nothing of that.
func TestAWindowGoesByThePolicyOfThen(t *testing.T) {
	t.Parallel()
	const more = "ledger: { sync: 10ms, retain: 30d, windows: [{ purpose: measure, retain: 1d }] }\n"
	a, now := newAssessed(t, more), newClock("2026-12-01T12:00:00Z")
	a.change(t, "policy/purposes.yaml", func(text string) string {
		return text + "  other:\n    title: Something else\n    categories: [analytics]\n"
	})
	a.replace(t, assessmentFile, "version: 1", "version: 2")
	a.sign(t)
	looks := make(chan time.Time)
	r := start(t, a.file, now.option, func(o *proxy.Options) {
		o.Every = func(d time.Duration) (<-chan time.Time, func()) {
			if d == 10*time.Minute {
				return looks, func() {}
			}
			return nil, func() {}
		}
	})
	send := func(at string, n int) {
		t.Helper()
		now.set(at)
		if got := a.reason(t, r); got != "permitted" {
			t.Fatal(got)
		}
		until(t, "another segment", func() bool { return len(a.segments(t)) > n })
	}
	send("2026-12-01T12:00:01Z", 0)
	a.replace(t, "policy/activities.yaml", "id: counting", "id: tallying")
	a.replace(t, assessmentFile, "version: 2", "version: 3")
	a.sign(t)
	r.reloaded(t)
	send("2026-12-01T14:00:00Z", 1)
	send("2026-12-05T12:00:00Z", 2)
	until(t, "both are gone", func() bool {
		looks <- now.now()
		return strings.Count(r.ledger(t), `"kind":"event"`) < 2
	})
	if all := r.ledger(t); strings.Contains(all, `"activity":"counting","basis"`) { // as records of events have it
		t.Error(all)
	}
	if err := r.stop(t); err != nil {
		t.Fatal(err)
	}
}
