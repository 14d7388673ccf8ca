package proxy_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/delivery"
	"github.com/tagwarden/tagwarden/proxy/internal/rawhttp"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/objection"
)

// closedDoor is a deliverer of vendors that are not there, until they are.
type closedDoor struct {
	open atomic.Bool
	mu   sync.Mutex
	left []string // query and body, each once for each time that it arrived
}

func (d *closedDoor) Deliver(e *delivery.Event, a *proxy.Response) delivery.Outcome {
	if !d.open.Load() {
		return delivery.Outcome{Kind: delivery.Dropped, Why: delivery.WhyDial}
	}
	if !e.Gate.BeforeFirstByte() {
		return delivery.Outcome{Kind: delivery.Dropped, Why: delivery.WhyObjection}
	}
	d.mu.Lock()
	d.left = append(d.left, string(e.Query)+"\n"+string(e.Body))
	d.mu.Unlock()
	e.Gate.AfterLastByte()
	a.SetStatusCode(200)
	return delivery.Outcome{Kind: delivery.Delivered, Status: 200, Why: delivery.WhyOK}
}

func (d *closedDoor) Close() {}

// waitingShop is a shop whose events wait: for one vendor on an assessment, for
// three on consent. All are at one address.
func waitingShop(t *testing.T, vendors string) *assessed {
	t.Helper()
	a := newAssessed(t, `  ga4: { catalog: ga4, upstream: "http://VENDOR", private: true }
  posthog: { catalog: posthog, prefix: /posthog, upstreams: { api: "http://VENDOR", assets: "http://VENDOR" }, private: true }
  segment: { catalog: segment, prefix: /segment, upstreams: { api: "http://VENDOR", settings: "http://VENDOR" }, private: true, country: US }
delivery: { mode: queued, ttl: 72h, retry: { first: 10ms, most: 20ms } }
`)
	a.change(t, "policy/activities.yaml", func(text string) string {
		return text + `  - { id: ga4-consent, vendor: ga4, purposes: [measure], basis: consent, retention: 14 months, profile: small, events: ["*"] }
  - { id: posthog-consent, vendor: posthog, purposes: [measure], basis: consent, retention: 14 months, profile: other, events: ["*"] }
  - { id: segment-consent, vendor: segment, purposes: [measure], basis: consent, retention: 14 months, profile: merged, events: ["*"], transfer: { country: US, safeguard: DPF } }
`
	})
	a.change(t, "policy/profiles.yaml", func(text string) string {
		return text + "  other: { classes: { event_name: keep, client_id: keep, page_title: keep } }\n" +
			"  merged: { classes: { event_name: keep, client_id: keep, event_id: keep } }\n"
	})
	a.change(t, "tagwarden.yaml", func(text string) string { return strings.ReplaceAll(text, a.vendor.Addr(), vendors) })
	a.replace(t, assessmentFile, "review_by: 2027-05-04", "review_by: 2026-12-02")
	a.sign(t)
	return a
}

// arrivals are events that arrived at vendors: how often each did, by its name.
type arrivals struct {
	mu  sync.Mutex
	all map[string]int
}

var waitingName = regexp.MustCompile(`(?:ga4|matomo|posthog|segment)-\d+x`)

func (a *arrivals) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(q.Body)
	if err != nil {
		return
	}
	found := waitingName.FindAllString(q.URL.RawQuery+"\n"+string(body), -1)
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, name := range found {
		a.all[name]++
	}
	if len(found) == 0 {
		a.all["no name"]++
	}
	_, _ = io.WriteString(w, `{"success":true}`)
}

// fates are how events that were to wait ended by the ledger, "outcome why", by hit and place.
func (r *running) fates(t *testing.T) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for line := range strings.Lines(r.ledger(t)) {
		said := gjson.GetMany(line, "kind", "hit", "event", "queued", "outcome", "why")
		switch {
		case said[0].Str == ledger.KindEvent && said[3].Bool():
			all[said[1].Raw+"/"+strconv.FormatInt(said[2].Int(), 10)] = []string{}
		case said[0].Str == ledger.KindOutcome && said[4].Str != ledger.Deferred:
			ledger.EachOf([]byte(line), func(hit uint64, event int) {
				of := fmt.Sprintf("%d/%d", hit, event)
				all[of] = append(all[of], strings.TrimSpace(said[4].Str+" "+said[5].Str))
			})
		}
	}
	return all
}

// waitingEvents is how many events wait at least: 300, or as many as TAGWARDEN_WAITING says.
func waitingEvents(t *testing.T) int {
	t.Helper()
	text := os.Getenv("TAGWARDEN_WAITING")
	if text == "" {
		return 300
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 40 {
		t.Fatalf("TAGWARDEN_WAITING is %q: a number from 40 up is right", text)
	}
	return n
}

// waitingHits are a visitor's: one for each vendor, its events named after vendor and visitor.
var waitingHits = [...]func(v int) string{
	func(v int) string {
		return get(strings.Replace(pageView, "1234567890.1700000000", waitingCID(v), 1)+"&dt=ga4-"+strconv.Itoa(v)+"x", yes)
	},
	func(v int) string {
		return get(fmt.Sprintf("/t/matomo.php?idsite=1&rec=1&action_name=matomo-%dx&_id=%016x", v, v+1), "")
	},
	func(v int) string {
		return post("/t/posthog/e/", yes+"Content-Type: application/json\r\n", fmt.Sprintf(
			`{"api_key":"KEY","event":"e","distinct_id":"%032x","properties":{"title":"posthog-%dx","distinct_id":"%032x"}}`,
			v+1, v, v+1))
	},
	func(v int) string {
		return post("/t/segment/v1/t", yes+"Content-Type: text/plain\r\n", fmt.Sprintf(
			`{"type":"track","event":"segment-%dx","anonymousId":"%s","messageId":"ajs-next-%032d"}`, v, waitingUUID(v), v))
	},
}

func waitingCID(v int) string  { return fmt.Sprintf("%d.1700000000", 1_000_000_000+v) }
func waitingUUID(v int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", v) }

// sendWaiting sends all hits of so many visitors, and wants each accepted.
func (r *running) sendWaiting(t *testing.T, visitors int) {
	t.Helper()
	conn, err := rawhttp.Dial(r.hits)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	for v := range visitors {
		if err := conn.SetDeadline(time.Now().Add(rawhttp.Patience)); err != nil {
			t.Fatal(err)
		}
		for _, hit := range waitingHits {
			if err := conn.Send(hit(v)); err != nil {
				t.Fatal(err)
			}
			if got, err := conn.Answer("GET"); err != nil || got.Status/100 != 2 {
				t.Fatal(got, err)
			}
		}
	}
}

// TestWhatWaitsIsAskedAgain: many events wait while their vendors refuse every connection. A tenth of the visitors
// objects, the assessment that a quarter of the events rests on expires, the profile of another quarter changes, and
// the policy is loaded again. Those that may leave by then arrive, each once, those that travel together too; the
// ledger says of each other one, once, why it did not. TAGWARDEN_WAITING says how many events wait.
func TestWhatWaitsIsAskedAgain(t *testing.T) {
	visitors := (waitingEvents(t) + len(waitingHits) - 1) / len(waitingHits)
	events, objecting := len(waitingHits)*visitors, (visitors+9)/10
	vendors, got := newVendorDown(t), &arrivals{all: map[string]int{}}
	a, c := waitingShop(t, vendors.address), newClock("2026-12-01T12:00:00Z")
	r := start(t, a.file, c.option)
	r.sendWaiting(t, visitors)
	before := r.fates(t)
	for of, fate := range before {
		if len(fate) > 0 {
			t.Fatalf("%s has ended, as %v, and its vendor is down", of, fate)
		}
	}
	if len(before) != events {
		t.Fatalf("%d events wait, want %d", len(before), events)
	}
	for v := 0; v < visitors; v += 10 {
		r.actOf(t, []objection.ID{{Name: "client_id:ga4", Value: waitingCID(v)},
			{Name: "client_id:segment", Value: waitingUUID(v)}},
			objection.Change{Object: []string{"all"}})
	}
	c.set("2026-12-03T12:00:00Z")
	a.replace(t, "policy/profiles.yaml", "  other: { classes: { event_name: keep, client_id: keep, page_title: keep } }",
		"  other: { classes: { event_name: keep, client_id: { pseudonymise: { rotate: day } }, page_title: keep } }")
	if err := r.Reload(); err != nil {
		t.Fatal(err)
	}
	vendors.open(t, got)
	c.set("2026-12-03T12:01:00Z") // what was tried in between is due again
	until(t, "nothing waits any more", func() bool { return r.Pending() == 0 })
	ended := map[string]int{}
	for of, fate := range r.fates(t) {
		if len(fate) != 1 {
			t.Errorf("%s ended %d times: %v", of, len(fate), fate)
		}
		ended[strings.Join(fate, ", ")]++
	}
	want := map[string]int{
		"delivered": 2 * (visitors - objecting), "dropped objection": 2 * objecting,
		"dropped assessment_expired": visitors, "dropped policy_changed": visitors,
	}
	if fmt.Sprint(ended) != fmt.Sprint(want) {
		t.Errorf("they ended so: %v, want %v", ended, want)
	}
	t.Logf("%d events waited: %v", events, ended)
	got.mu.Lock()
	defer got.mu.Unlock()
	for v := range visitors {
		for _, vendor := range []string{"ga4", "segment"} {
			name := vendor + "-" + strconv.Itoa(v) + "x"
			if want := min(v%10, 1); got.all[name] != want {
				t.Errorf("%s arrived %d times, want %d", name, got.all[name], want)
			}
			delete(got.all, name)
		}
	}
	if len(got.all) > 0 {
		t.Errorf("this left, and may not: %v", got.all)
	}
}
