package visitor_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/proxy/visitor"
)

// TestLimitOfAnAddress: thirty changes at once, then ten a minute; whoever is next door has limits of their own.
func TestLimitOfAnAddress(t *testing.T) {
	for _, c := range []struct{ from, same, other string }{
		{"192.0.2.7", "::ffff:192.0.2.7", "192.0.2.8"},
		{"2001:db8:1:2::1", "2001:db8:1:ffff::9", "2001:db8:2:2::1"},
		{"2002:c633:6409::1", "2002:c633:6409:7::1", "2002:c633:640a::1"}, // 6to4: the network of an IPv4 address
	} {
		w := serve(t)
		fresh := func() *browser { // without a proof of what it did before
			b := w.browser("_ga=123.456")
			b.headers["Accept-Language"] = "de"
			return b
		}
		taken := func(from string) bool {
			w.from = netip.MustParseAddr(from)
			return fresh().post("/privacy/", "do=all").StatusCode() == 303
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
		page, call := fresh().post("/privacy/", "do=back"), fresh().json(`{"all":true}`)
		if page.StatusCode() != 429 || page.header("Retry-After") != "6" || !strings.Contains(page.text, "in 6 Sekunden") ||
			page.header("Set-Cookie") != "" {
			t.Errorf("%d, %s s: %s", page.StatusCode(), page.header("Retry-After"), page.text)
		}
		if call.StatusCode() != 429 || call.header("Retry-After") != "6" || !strings.Contains(call.text, `"code":"many"`) {
			t.Errorf("%d, %s s: %s", call.StatusCode(), call.header("Retry-After"), call.text)
		}
		if a := fresh().get("/privacy/"); a.StatusCode() != 200 {
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

// TestWhatIsInForceTakesNothing: whoever shows by the signed cookie or by a link that it is theirs
// may say again what stands as often as they like. Who does not is answered by the bucket alone,
// whatever stands: an empty one must not tell.
func TestWhatIsInForceTakesNothing(t *testing.T) {
	w := serve(t, func(o *visitor.Options, _ *visitor.Site) { o.Limits = visitor.Limits{Burst: 2, LinkBurst: 2} })
	b := w.browser("_ga=123.456")
	for i := range 10 {
		if a := b.post("/privacy/", "do=all"); a.StatusCode() != 303 {
			t.Fatalf("said again for the %d. time: %d", i, a.StatusCode())
		}
	}
	if a := b.json(`{"all":true}`); a.StatusCode() != 200 {
		t.Errorf("the same by the endpoint: %d", a.StatusCode())
	}
	if a := b.json(`{"purposes":["surveys"]}`); a.StatusCode() != 200 {
		t.Errorf("the second change: %d", a.StatusCode())
	}
	if a := b.json(`{"take_back":{"all":true}}`); a.StatusCode() != 429 {
		t.Errorf("the third change: %d", a.StatusCode())
	}
	if a := b.post("/privacy/", "do=all"); a.StatusCode() != 303 {
		t.Errorf("what stands, with an empty bucket: %d", a.StatusCode())
	}
	known, unknown := w.browser("_ga=123.456").post("/privacy/", "do=all"), w.browser("_ga=654.321").post(
		"/privacy/", "do=all")
	if known.StatusCode() != 429 || unknown.StatusCode() != 429 || known.text != unknown.text {
		t.Errorf("without a proof: %d for an id that objected, %d for one that did not", known.StatusCode(),
			unknown.StatusCode())
	}
	path := "/privacy/u/" + token(t, unsubscribe)
	for i := range 10 {
		if a := w.browser().post(path, "List-Unsubscribe=One-Click"); a.StatusCode() != 200 {
			t.Fatalf("click %d: %d", i, a.StatusCode())
		}
	}
	if n := len(w.store.acts); n < 20 {
		t.Errorf("of what was acknowledged the store knows of %d: it has to see to it that what came before is in force", n)
	}
}

// TestWhatOnlyACookieHoldsIsNotLimited: no store grows by it.
func TestWhatOnlyACookieHoldsIsNotLimited(t *testing.T) {
	w := serve(t, func(o *visitor.Options, _ *visitor.Site) { o.Limits = visitor.Limits{Burst: 1} })
	for i := range 10 {
		if a := w.browser().post("/privacy/", "do=all"); a.StatusCode() != 303 {
			t.Fatalf("change %d: %d", i, a.StatusCode())
		}
	}
	if len(w.only) != 10 || len(w.store.acts) != 0 {
		t.Errorf("%d in cookies, %d in the store", len(w.only), len(w.store.acts))
	}
}

// TestUnknownAddressesShareNoBucket: whose addresses are not known are many, and none of
// them is refused because of the others.
func TestUnknownAddressesShareNoBucket(t *testing.T) {
	w := serve(t, func(o *visitor.Options, _ *visitor.Site) { o.Limits = visitor.Limits{Burst: 1} })
	w.from = netip.Addr{}
	for i := range 40 {
		if a := w.browser(fmt.Sprintf("_ga=%d.456", i+1)).post("/privacy/", "do=all"); a.StatusCode() != 303 {
			t.Errorf("visitor %d: %d", i, a.StatusCode())
		}
	}
}

// TestLimitOfLinks: of all links of one person, by whatever server they are followed; somebody else's is not touched.
func TestLimitOfLinks(t *testing.T) {
	w := serve(t, func(o *visitor.Options, _ *visitor.Site) { o.Limits = visitor.Limits{Burst: 1} })
	w.browser("_ga=123.456").post("/privacy/", "do=all")
	other := unsubscribe
	other.Campaign = "autumn"
	links := []string{"/privacy/u/" + token(t, unsubscribe), "/privacy/u/" + token(t, other)}
	for i := range 10 {
		do := []string{"do=object", "do=back"}[i%2]
		if a := w.browser().post(links[i/2%2], do); a.StatusCode() != 303 {
			t.Fatalf("change %d: %d", i, a.StatusCode())
		}
	}
	for _, link := range links {
		if a := w.browser().post(link, "do=object"); a.StatusCode() != 429 || a.header("Retry-After") != "10" {
			t.Errorf("%d, %s s", a.StatusCode(), a.header("Retry-After"))
		}
	}
	for i := range 40 {
		somebody := unsubscribe
		somebody.Subjects = []objection.Subject{{Space: "email", Hash: [16]byte{1, byte(i)}}}
		if a := w.browser().post("/privacy/u/"+token(t, somebody), "List-Unsubscribe=One-Click"); a.StatusCode() != 200 {
			t.Errorf("somebody else's link: %d", a.StatusCode())
		}
	}
	w.now = w.now.Add(10 * time.Second)
	if a := w.browser().post(links[0], "do=object"); a.StatusCode() != 303 {
		t.Errorf("ten seconds later: %d", a.StatusCode())
	}
}
