package visitor_test

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/proxy/visitor"
)

// TestLimitOfAnAddress: thirty changes at once, then ten a minute; whoever is next door has limits of their own.
func TestLimitOfAnAddress(t *testing.T) {
	for _, c := range []struct{ from, same, other string }{
		{"192.0.2.7", "::ffff:192.0.2.7", "192.0.2.8"},
		{"2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:db8:1:3::1"},
	} {
		w := serve(t)
		b := w.browser("_ga=123.456")
		b.headers["Accept-Language"] = "de"
		taken := func(from string) bool {
			w.from = netip.MustParseAddr(from)
			return b.post("/privacy/", "do=all").StatusCode() == 303
		}
		for i := range 30 {
			if !taken(c.from) {
				t.Fatalf("change %d is refused", i)
			}
		}
		acts := len(w.store.acts)
		if taken(c.from) || taken(c.same) || len(w.store.acts) != acts {
			t.Error("there is no limit")
		}
		if !taken(c.other) {
			t.Error("somebody else is refused")
		}
		w.from = netip.MustParseAddr(c.from)
		page, call := b.post("/privacy/", "do=back"), b.json(`{"all":true}`)
		if page.StatusCode() != 429 || page.header("Retry-After") != "6" || !strings.Contains(page.text, "in 6 Sekunden") || page.header("Set-Cookie") != "" {
			t.Errorf("%d, %s s: %s", page.StatusCode(), page.header("Retry-After"), page.text)
		}
		if call.StatusCode() != 429 || call.header("Retry-After") != "6" || !strings.Contains(call.text, `"code":"many"`) {
			t.Errorf("%d, %s s: %s", call.StatusCode(), call.header("Retry-After"), call.text)
		}
		if a := b.get("/privacy/"); a.StatusCode() != 200 {
			t.Error("looking is refused")
		}
		w.now = w.now.Add(6 * time.Second)
		if !taken(c.from) || taken(c.from) {
			t.Error("after six seconds there is not one more")
		}
		w.now = w.now.Add(-time.Hour) // a clock that is set back gives nothing, and takes nothing for long
		if taken(c.from) {
			t.Error("the clock was set back, and one more is taken")
		}
		w.now = w.now.Add(time.Minute)
		for i := range 10 {
			if !taken(c.from) {
				t.Fatalf("a minute later change %d is refused", i)
			}
		}
	}
}

// TestLimitOfEverybody holds however many addresses there are.
func TestLimitOfEverybody(t *testing.T) {
	w := serve(t, func(o *visitor.Options, _ *visitor.Site) {
		o.Limits = visitor.Limits{PerSecond: 5, PerDay: 14, Addresses: 4}
	})
	count := func(from int) (taken int, wait string) {
		for i := range 20 {
			w.from = netip.MustParseAddr(fmt.Sprintf("198.51.100.%d", from+i))
			a := w.browser("_ga=123.456").post("/privacy/", "do=all")
			if a.StatusCode() == 303 {
				taken++
			} else if wait = a.header("Retry-After"); a.StatusCode() != 429 {
				t.Fatal(a.StatusCode())
			}
		}
		return taken, wait
	}
	if taken, wait := count(0); taken != 10 || wait != "1" {
		t.Errorf("%d at once, then %s s", taken, wait)
	}
	w.now = w.now.Add(time.Hour)
	if taken, wait := count(100); taken != 4 || wait != strconv.Itoa(11*60*60) {
		t.Errorf("%d more that day, then %s s", taken, wait)
	}
	w.now = w.now.Add(11 * time.Hour)
	if taken, _ := count(200); taken != 10 {
		t.Errorf("%d the next day", taken)
	}
	// A browser that keeps its choice itself makes no store grow.
	if a := w.browser().post("/privacy/", "do=all"); a.StatusCode() != 303 {
		t.Errorf("%d", a.StatusCode())
	}
}

// TestUnknownAddresses are one: whoever hides theirs is limited together.
func TestUnknownAddresses(t *testing.T) {
	w := serve(t, func(o *visitor.Options, _ *visitor.Site) { o.Limits = visitor.Limits{Burst: 1} })
	w.from = netip.Addr{}
	if a := w.browser().post("/privacy/", "do=all"); a.StatusCode() != 303 {
		t.Errorf("%d", a.StatusCode())
	}
	if a := w.browser().post("/privacy/", "do=all"); a.StatusCode() != 429 {
		t.Errorf("%d", a.StatusCode())
	}
}

// TestLimitOfLinks: mail providers send many clicks from one address, and what others send does not use up their limit.
func TestLimitOfLinks(t *testing.T) {
	w := serve(t, func(o *visitor.Options, _ *visitor.Site) {
		o.Limits = visitor.Limits{Burst: 1, PerSecond: 1, PerDay: 1, Links: 50}
	})
	w.browser().post("/privacy/", "do=all")
	path := "/privacy/u/" + token(t, unsubscribe)
	for i := range 100 {
		if a := w.browser().post(path, "List-Unsubscribe=One-Click"); a.StatusCode() != 200 {
			t.Fatalf("click %d: %d", i, a.StatusCode())
		}
	}
	if a := w.browser().post(path, "List-Unsubscribe=One-Click"); a.StatusCode() != 429 || a.header("Retry-After") != "1" {
		t.Errorf("%d", a.StatusCode())
	}
}
