package proxy_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/delivery"
	"github.com/tagwarden/tagwarden/proxy/internal/rawhttp"
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

func (d *closedDoor) option(o *proxy.Options) {
	o.Client = func([]delivery.Upstream) (proxy.Deliverer, error) { return d, nil }
}

// waitingShop is a shop whose events wait: for one vendor on an assessment, for two on consent.
func waitingShop(t *testing.T) *assessed {
	t.Helper()
	a := newAssessed(t, `  ga4: { catalog: ga4, upstream: "http://VENDOR", private: true }
  posthog: { catalog: posthog, prefix: /posthog, upstreams: { api: "http://VENDOR", assets: "http://VENDOR" }, private: true }
delivery: { mode: queued, ttl: 72h, retry: { first: 10ms, most: 20ms } }
`)
	a.change(t, "policy/activities.yaml", func(text string) string {
		return text + `  - { id: ga4-consent, vendor: ga4, purposes: [measure], basis: consent, retention: 14 months, profile: small, events: ["*"] }
  - { id: posthog-consent, vendor: posthog, purposes: [measure], basis: consent, retention: 14 months, profile: other, events: ["*"] }
`
	})
	a.change(t, "policy/profiles.yaml", func(text string) string {
		return text + "  other: { classes: { event_name: keep, client_id: keep, page_title: keep } }\n"
	})
	a.replace(t, assessmentFile, "review_by: 2027-05-04", "review_by: 2026-12-02")
	a.sign(t)
	return a
}

// TestWhatWaitsIsAskedAgain: many events wait while their vendors are not there. A tenth of the visitors objects, the
// assessment that a third of the events rests on expires, the profile of another third changes. Those that may leave by
// then arrive, once; the ledger says of each other one why it did not.
func TestWhatWaitsIsAskedAgain(t *testing.T) {
	const visitors = 200
	a, c, door := waitingShop(t), newClock("2026-12-01T12:00:00Z"), new(closedDoor)
	r := start(t, a.file, c.option, door.option)
	cid := func(v int) string { return fmt.Sprintf("%d.1700000000", 1_000_000_000+v) }
	hits := [...]func(v int) string{
		func(v int) string {
			return get(strings.Replace(pageView, "1234567890.1700000000", cid(v), 1)+"&dt=ga4-"+strconv.Itoa(v)+"x", yes)
		},
		func(v int) string {
			return get(fmt.Sprintf("/t/matomo.php?idsite=1&rec=1&action_name=matomo-%dx&_id=%016x", v, v+1), "")
		},
		func(v int) string {
			return post("/t/posthog/e/", yes+"Content-Type: application/json\r\n", fmt.Sprintf(
				`{"api_key":"KEY","event":"e","distinct_id":"%032x","properties":{"title":"posthog-%dx","distinct_id":"%032x"}}`, v+1, v, v+1))
		},
	}
	conn, err := rawhttp.Dial(r.hits)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	for v := range visitors {
		for _, hit := range hits {
			if err := conn.Send(hit(v)); err != nil {
				t.Fatal(err)
			}
			if got, err := conn.Answer("GET"); err != nil || got.Status/100 != 2 {
				t.Fatal(got, err)
			}
		}
	}
	if n := strings.Count(r.ledger(t), `"queued":true`); n != len(hits)*visitors {
		t.Fatalf("%d events wait:\n%s", n, r.ledger(t))
	}
	for v := 0; v < visitors; v += 10 {
		r.actOf(t, []objection.ID{{Name: "client_id:ga4", Value: cid(v)}}, objection.Change{Object: []string{"all"}})
	}
	c.set("2026-12-03T12:00:00Z")
	a.replace(t, "policy/profiles.yaml", "  other: { classes: { event_name: keep, client_id: keep, page_title: keep } }",
		"  other: { classes: { event_name: keep, client_id: { pseudonymise: { rotate: day } }, page_title: keep } }")
	if err := r.Reload(); err != nil {
		t.Fatal(err)
	}
	door.open.Store(true)
	c.set("2026-12-03T12:01:00Z") // what was tried in between is due again
	ended := func() (all map[string]int) {
		all = map[string]int{}
		for _, record := range r.recordsOf(t, "outcome") {
			if said := gjson.GetMany(record, "vendor", "outcome", "why"); said[1].Str != "deferred" {
				all[strings.TrimSpace(said[1].Str+" "+said[2].Str)]++
			}
		}
		return all
	}
	until(t, "all have ended", func() bool {
		n := 0
		for _, of := range ended() {
			n += of
		}
		return n == len(hits)*visitors
	})
	want := map[string]int{
		"delivered": visitors - visitors/10, "dropped objection": visitors / 10,
		"dropped assessment_expired": visitors, "dropped policy_changed": visitors,
	}
	if got := ended(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("they ended so: %v, want %v", got, want)
	}
	door.mu.Lock()
	defer door.mu.Unlock()
	for v := range visitors {
		arrived := 0
		for _, text := range door.left {
			if strings.Contains(text, "ga4-"+strconv.Itoa(v)+"x") {
				arrived++
			}
		}
		if want := min(v%10, 1); arrived != want {
			t.Errorf("the event of visitor %d arrived %d times, want %d", v, arrived, want)
		}
	}
	if slices.ContainsFunc(door.left, func(text string) bool { return !strings.Contains(text, "ga4-") }) {
		t.Error("something left that may not")
	}
}
