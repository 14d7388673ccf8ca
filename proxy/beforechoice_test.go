package proxy_test

import (
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/internal/rawhttp"
	"github.com/tagwarden/tagwarden/proxy/objection"
)

// late is a shop with a vendor whose SDK keeps what could not be sent, and a clock that a test sets.
type late struct {
	*running
	t      *testing.T
	vendor *rawhttp.Vendor
	clock  sync.Mutex
	now    time.Time
	seen   int // records of events that were looked at
}

// openLate starts the shop with such signals.
func openLate(t *testing.T, signals string) *late {
	t.Helper()
	l := &late{t: t, vendor: standIn(t), now: time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)}
	file := shop(t, l.vendor.Addr(), map[string]string{
		"tagwarden.yaml": `version: 1
listen: 127.0.0.1:0
admin: { listen: 127.0.0.1:0 }
sites:
  shop: { hosts: [shop.example], base: /t, region: { default: DE }, signals: { ` + signals + ` } }
vendors:
  mixpanel: { catalog: mixpanel, upstream: "http://VENDOR", private: true }
  segment:  { catalog: segment, prefix: /segment, upstreams: { api: "http://VENDOR", settings: "http://VENDOR" }, private: true }
`,
		"policy/activities.yaml": `activities:
  - { id: mixpanel-consent, vendor: mixpanel, purposes: [measure], basis: consent, retention: 14 months, profile: small, events: ["*"] }
  - { id: segment-consent, vendor: segment, purposes: [measure], basis: consent, retention: 14 months, profile: small, events: ["*"] }
`,
		"policy/profiles.yaml": `profiles:
  small: { classes: { event_name: keep, event_id: keep, timestamp: keep, client_id: { pseudonymise: { rotate: week } } } }
`,
	})
	l.running = start(t, file, l.clocked)
	return l
}

// clocked has a server go by that clock.
func (l *late) clocked(o *proxy.Options) { o.Now = l.time }

func (l *late) time() time.Time {
	l.clock.Lock()
	defer l.clock.Unlock()
	return l.now
}

func (l *late) pass(d time.Duration) {
	l.clock.Lock()
	defer l.clock.Unlock()
	l.now = l.now.Add(d)
}

// tracked is an event as mixpanel-browser sends it, and sends it again.
func tracked(id string, at time.Time) string {
	list := fmt.Sprintf(`[{"event":"Add to cart","properties":{"token":"mx","distinct_id":"$device:d1",`+
		`"$device_id":"5d889c3c-0547-48a4-9dc5-2e5a46242f82","$insert_id":%q,"time":%.3f}}]`, id,
		float64(at.UnixMilli())/1000)
	return "data=" + url.QueryEscape(list)
}

// sends sends events, and says what was decided of each.
func (l *late) sends(path, cookie, contentType, body string) string {
	l.t.Helper()
	a := l.ask(l.t, post(path, "Cookie: "+cookie+"\r\nContent-Type: "+contentType+"\r\n", body))
	if a.Status != 200 {
		l.t.Fatalf("%+v", a)
	}
	records := l.recordsOf(l.t, "event")
	var reasons []string
	for _, r := range records[l.seen:] {
		reasons = append(reasons, gjson.Get(r, "reason").Str)
	}
	l.seen = len(records)
	return strings.Join(reasons, " ")
}

func (l *late) mixpanel(cookie, id string, at time.Time) string {
	l.t.Helper()
	return l.sends("/t/track/", cookie, "application/x-www-form-urlencoded", tracked(id, at))
}

func (l *late) is(what, got, want string) {
	l.t.Helper()
	if got != want {
		l.t.Errorf("%s: %s, want %s", what, got, want)
	}
}

const ownChoice = `own: [{ cookie: choice, category: analytics, granted: ["yes"], refused: ["no"] }]`

// TestAYesDoesNotReachBack: what was denied for lack of a yes, and is sent again after one, stays denied, whether the
// choice has a date or none. What comes after it passes.
func TestAYesDoesNotReachBack(t *testing.T) {
	t.Parallel()
	for _, lacks := range []string{"choice=no", "choice=", "other=1"} {
		l := openLate(t, ownChoice)
		left := l.now
		l.is(lacks, l.mixpanel(lacks, "before-the-yes", left), map[bool]string{true: "consent_refused",
			false: "no_consent"}[lacks == "choice=no"])
		l.pass(time.Minute)
		l.is("the same again", l.mixpanel("choice=yes", "before-the-yes", left), "before_choice")
		l.is("with a time that says otherwise", l.mixpanel("choice=yes", "before-the-yes", l.now), "before_choice")
		l.is("another", l.mixpanel("choice=yes", "after-the-yes", l.now), "permitted")
		l.is("that again", l.mixpanel("choice=yes", "after-the-yes", l.now), "permitted")
		l.pass(25 * time.Hour)
		l.is("the day after", l.mixpanel("choice=yes", "before-the-yes", l.now), "permitted")
	}
	l := openLate(t, `onetrust: { categories: { C0002: analytics } }`)
	choice := func(answer string, at time.Time) string {
		return "OptanonConsent=groups=" + url.QueryEscape("C0002:"+answer) + "; OptanonAlertBoxClosed=" +
			at.Format(time.RFC3339)
	}
	offline := l.now
	l.pass(3 * time.Hour)
	yes := choice("1", l.now)
	l.is("kept while offline", l.mixpanel(yes, "offline-event", offline), "before_choice")
	l.is("minutes before", l.mixpanel(yes, "minutes-before", l.now.Add(-4*time.Minute)), "permitted")
	l.is("more of them", l.mixpanel(yes, "more-minutes-before", l.now.Add(-6*time.Minute)), "before_choice")
	l.pass(time.Hour)
	l.is("afterwards", l.mixpanel(yes, "afterwards", l.now), "permitted")
}

// TestAnObjectionTakenBackDoesNotReachBack: what happened before stays denied, by when it was and by its id, for every
// event of the visitor; after a restart too.
func TestAnObjectionTakenBackDoesNotReachBack(t *testing.T) {
	t.Parallel()
	l := openLate(t, ownChoice)
	visitor := []objection.ID{{Name: "device_id:mixpanel", Value: "5d889c3c-0547-48a4-9dc5-2e5a46242f82"}}
	act := func(c objection.Change) {
		t.Helper()
		c.Source, c.Holder.Kind = objection.API, objection.Role
		if _, err := l.Act(t.Context(), objection.Acts{Acts: []objection.Act{{IDs: visitor, Change: c}}}); err != nil {
			t.Fatal(err)
		}
	}
	act(objection.Change{Object: []string{"measure"}})
	objected := l.now
	l.is("objected", l.mixpanel("choice=yes", "while-objected", objected), "objection")
	offline := l.now
	l.pass(2 * time.Hour)
	act(objection.Change{TakeBack: []string{"measure"}})
	l.is("the same again", l.mixpanel("choice=yes", "while-objected", objected), "before_choice")
	l.is("one that was kept", l.mixpanel("choice=yes", "kept-offline", offline), "before_choice")
	l.is("a new one", l.mixpanel("choice=yes", "new-one", l.now), "permitted")
	if err := l.stop(t); err != nil {
		t.Fatal(err)
	}
	l.running = start(t, l.file, func(o *proxy.Options) { o.Now = l.time })
	l.is("kept, after a restart", l.mixpanel("choice=yes", "kept-offline", offline), "before_choice")
	l.is("new, after a restart", l.mixpanel("choice=yes", "newer-one", l.now), "permitted")
	act(objection.Change{Object: []string{"vendor:mixpanel"}})
	act(objection.Change{TakeBack: []string{"vendor:mixpanel"}})
	l.is("kept, of two", l.mixpanel("choice=yes", "kept-offline", offline), "before_choice")
	act(objection.Change{Object: []string{"measure"}})
	l.is("objected again", l.mixpanel("choice=yes", "objected-again", l.now), "objection")
}

// TestABatchThatWaited: of a batch that was kept, what is from before the choice is denied, by the SDK's own
// times as its clock stood when it was sent.
func TestABatchThatWaited(t *testing.T) {
	t.Parallel()
	l := openLate(t, `cookiebot: {}`)
	at := func(d time.Duration) string { return l.now.Add(d).Format("2006-01-02T15:04:05.000Z") }
	event := `{"type":"track","event":"e","anonymousId":"a","messageId":"message-%d","timestamp":%q}`
	chosen := fmt.Sprintf("CookieConsent={necessary:true%%2Cstatistics:true%%2Cmethod:%%27explicit%%27%%2Cutc:%d}",
		l.now.UnixMilli())
	l.pass(time.Hour)
	for ahead, want := range map[time.Duration]string{0: "before_choice permitted",
		-3 * time.Hour: "before_choice permitted"} {
		body := `{"writeKey":"K","batch":[` + fmt.Sprintf(event, 1, at(ahead-90*time.Minute)) + "," +
			fmt.Sprintf(event, 2, at(ahead-30*time.Minute)) + `],"sentAt":"` + at(ahead) + `"}`
		l.is(ahead.String(), l.sends("/t/segment/v1/batch", chosen, "application/json", body), want)
	}
}
