package proxy_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/delivery"
	"github.com/tagwarden/tagwarden/proxy/objection"
)

// gated is a deliverer that asks whether a hit may leave, after what a test does meanwhile, and keeps what left.
type gated struct {
	meanwhile func()
	left      []string // query and body
	asked     int
}

func (d *gated) Deliver(e *delivery.Event, a *proxy.Response) delivery.Outcome {
	d.asked++
	if d.meanwhile != nil {
		d.meanwhile()
	}
	if !e.Gate.BeforeFirstByte() {
		return delivery.Outcome{Kind: delivery.Dropped, Why: delivery.WhyObjection}
	}
	d.left = append(d.left, string(e.Query)+"\n"+string(e.Body))
	e.Gate.AfterLastByte()
	a.SetStatusCode(200)
	return delivery.Outcome{Kind: delivery.Delivered, Status: 200, Why: delivery.WhyOK}
}

func (d *gated) Close() {}

// batches has two purposes in one hit of each of two vendors: page views are counted, purchases are for offers.
func batches(t *testing.T) string {
	t.Helper()
	return shop(t, "127.0.0.1:1", map[string]string{
		"policy/purposes.yaml": `purposes:
  measure: { title: Measure the audience of our pages, categories: [analytics] }
  offers: { title: Show people our products that they looked at, categories: [analytics] }
  other: { title: Recognise stolen accounts, categories: [analytics] }
`,
		"policy/activities.yaml": `activities:
  - { id: ga4-count, vendor: ga4, purposes: [measure], basis: consent, retention: 14 months, profile: titled, events: [page_view] }
  - { id: ga4-offer, vendor: ga4, purposes: [offers], basis: consent, retention: 14 months, profile: bare, events: [purchase] }
  - { id: segment-count, vendor: segment, purposes: [measure], basis: consent, retention: 14 months, profile: titled, events: [page_view] }
  - { id: segment-offer, vendor: segment, purposes: [offers], basis: consent, retention: 14 months, profile: bare, events: [purchase] }
`,
		"policy/profiles.yaml": `profiles:
  titled: { classes: { event_name: keep, client_id: { pseudonymise: { rotate: week } }, page_title: keep, user_id: drop } }
  bare: { classes: { event_name: keep, client_id: { pseudonymise: { rotate: week } }, user_id: drop } }
`,
	})
}

// sharedBatch is two events of one visitor, whose id stands in the query, once for both.
func sharedBatch(visitor string) string {
	return post("/t/g/collect?v=2&tid=G-1&cid="+visitor, yes, "en=page_view\r\nen=purchase\r\n")
}

// mixedBatch is an event of one visitor and one of another.
func mixedBatch(first, second string) string {
	one := `{"type":"track","event":"%s","userId":%q,"messageId":"m-%[2]s","timestamp":"2026-11-28T12:00:00Z"}`
	body := `{"writeKey":"KEY","batch":[` + fmt.Sprintf(one, "page_view", first) + "," + fmt.Sprintf(one, "purchase",
		second) + `],"sentAt":"2026-11-28T12:00:00Z"}`
	return post("/t/segment/v1/batch", yes+"Content-Type: application/json\r\n", body)
}

// TestObjectionsInABatch: an objection ends the events that it is about, whether it is found before a hit is judged or
// only when the hit is about to leave, and whether the identifier is one event's own or stands once for all of them.
// What is found late holds all of the hit back, so that the rest may be sent again. Nobody else's event is touched.
func TestObjectionsInABatch(t *testing.T) {
	t.Parallel()
	d := new(gated)
	r := start(t, batches(t), func(o *proxy.Options) {
		o.Client = func([]delivery.Upstream) (proxy.Deliverer, error) { return d, nil }
	})
	act := func(id objection.ID, scopes ...string) {
		t.Helper()
		change := objection.Change{Object: scopes, Source: objection.API}
		if _, err := r.Act(context.Background(),
			objection.Acts{Acts: []objection.Act{{IDs: []objection.ID{id}, Change: change}}}); err != nil {
			t.Error(err)
		}
	}
	both := []string{"page_view", "purchase"}
	for n, c := range []struct {
		name   string
		shared bool
		who    int      // who objects: the first visitor, the second, or (2) another
		before []string // scopes that were objected to earlier in any case
		scopes []string
		leave  []string // events that leave where it is found before the hit is judged
		holds  bool     // found at departure, it holds the hit back
	}{
		{"shared, to all", true, 0, nil, []string{"all"}, nil, true},
		{"shared, to the vendor", true, 0, nil, []string{"vendor:ga4"}, nil, true},
		{"shared, to the first purpose", true, 0, nil, []string{"measure"}, both[1:], true},
		{"shared, to the second purpose", true, 0, nil, []string{"offers"}, both[:1], true},
		{"shared, to both purposes", true, 0, nil, []string{"measure", "offers"}, nil, true},
		{"shared, to a purpose of neither", true, 0, nil, []string{"other"}, both, false},
		{"shared, to another vendor", true, 0, nil, []string{"vendor:matomo"}, both, false},
		{"shared, to what was denied already", true, 0, []string{"measure"}, []string{"measure"}, both[1:], false},
		{"shared, one after the other", true, 0, []string{"measure"}, []string{"offers"}, nil, true},
		{"shared, somebody else", true, 2, nil, []string{"all"}, both, false},
		{"the first of two visitors", false, 0, nil, []string{"all"}, both[1:], true},
		{"the second of two visitors", false, 1, nil, []string{"all"}, both[:1], true},
		{"the first, to the purpose of the second's", false, 0, nil, []string{"offers"}, both, false},
		{"the second, to the purpose of the first's", false, 1, nil, []string{"measure"}, both, false},
		{"the first, denied already", false, 0, []string{"measure"}, []string{"all"}, both[1:], false},
		{"neither of two visitors", false, 2, nil, []string{"all"}, both, false},
	} {
		for _, late := range []bool{false, true} {
			name := fmt.Sprintf("%s, late: %v", c.name, late)
			var ids [3]objection.ID
			for i := range ids {
				ids[i] = objection.ID{Name: "user_id", Value: fmt.Sprintf("u-%d-%v-%d", n, late, i)}
				if c.shared {
					ids[i] = objection.ID{Name: "client_id:ga4", Value: fmt.Sprintf("11%03d%d.1700000%03d", n, i, howMany(late))}
				}
			}
			request := mixedBatch(ids[0].Value, ids[1].Value)
			if c.shared {
				request = sharedBatch(ids[0].Value)
			}
			if c.before != nil {
				act(ids[c.who], c.before...)
			}
			*d = gated{}
			if late {
				d.meanwhile = func() { act(ids[c.who], c.scopes...) }
			} else {
				act(ids[c.who], c.scopes...)
			}
			records := len(r.recordsOf(t, "event"))
			a := r.send(t, request)
			if late {
				r.checkLate(t, name, d, a, c.holds)
			} else {
				r.checkEarly(t, name, d, a, c.leave)
			}
			made := r.recordsOf(t, "event")[records:]
			if len(made) != 2 {
				t.Fatalf("%s: %d records", name, len(made))
			}
			one, other := gjson.Get(made[0], "subjects").Raw, gjson.Get(made[1], "subjects").Raw
			if one == "" || other == "" || (one == other) != c.shared {
				t.Errorf("%s: the records name %s and %s", name, one, other)
			}
			for i, event := range both {
				if late {
					continue
				}
				want := "objection"
				if slices.Contains(c.leave, event) {
					want = "permitted"
				}
				if got := gjson.Get(made[i], "reason").Str; got != want {
					t.Errorf("%s: %s is recorded as %s", name, event, got)
				}
			}
		}
	}
}

func howMany(b bool) int {
	if b {
		return 1
	}
	return 0
}

// checkEarly looks at what became of a hit whose visitors had objected before.
func (r *running) checkEarly(t *testing.T, name string, d *gated, a answer, leave []string) {
	t.Helper()
	if a.status != http.StatusOK && a.status != http.StatusNoContent {
		t.Errorf("%s: status %d", name, a.status)
	}
	if (d.asked > 0) != (len(leave) > 0) || len(d.left) != d.asked {
		t.Fatalf("%s: asked %d times, %d left", name, d.asked, len(d.left))
	}
	for _, event := range []string{"page_view", "purchase"} {
		if left := strings.Contains(strings.Join(d.left, ""), event); left != slices.Contains(leave, event) {
			t.Errorf("%s: %s left: %v", name, event, left)
		}
	}
}

// checkLate looks at what became of a hit of which somebody objected while it was on its way.
func (r *running) checkLate(t *testing.T, name string, d *gated, a answer, holds bool) {
	t.Helper()
	if d.asked != 1 || len(d.left) != 1-howMany(holds) {
		t.Errorf("%s: asked %d times, %d left", name, d.asked, len(d.left))
	}
	retry := a.headers.Get("Retry-After")
	switch {
	case !holds && (a.status >= 300 || retry != ""):
		t.Errorf("%s: status %d, Retry-After %q", name, a.status, retry)
	case holds && strings.Contains(name, "one after the other"): // of one event alone there is nothing to be sent again
		if a.status != http.StatusNoContent || retry != "" {
			t.Errorf("%s: status %d, Retry-After %q", name, a.status, retry)
		}
	case holds && (a.status != http.StatusServiceUnavailable || retry != "1" || a.body != ""):
		t.Errorf("%s: status %d, Retry-After %q, %q", name, a.status, retry, a.body)
	}
}

// TestAnObjectionIsForAllEventsOfItsVisitor: whoever objects by an id that stands in one event of a batch objects for
// those that share an id of a person or a browser with it, directly or through others; be it found before the hit is
// judged, or when it is about to leave. Events of others in the same batch go on, also where they share a session.
func TestAnObjectionIsForAllEventsOfItsVisitor(t *testing.T) {
	t.Parallel()
	d := new(gated)
	r := start(t, batches(t), func(o *proxy.Options) {
		o.Client = func([]delivery.Upstream) (proxy.Deliverer, error) { return d, nil }
	})
	uuid := func(n, who int) string { return fmt.Sprintf("b1946ac9-1111-4222-8333-44445555%02d%02d", n, who) }
	for n, c := range []struct {
		name   string
		events []string // each "a1": the user a with the browser 1; "a": the user alone; "1": the browser alone
		object byte
		leave  []int
	}{
		{"by the user, of the browser", []string{"a1", "1"}, 'a', nil},
		{"before the user logs in", []string{"1", "a1"}, 'a', nil},
		{"by the browser, of the user", []string{"a1", "a"}, '1', nil},
		{"through others", []string{"a", "2", "a1", "b2", "b1"}, 'a', nil},
		{"of another visitor", []string{"a1", "2", "1", "b2"}, 'a', []int{1, 3}},
		{"of nobody in it", []string{"a1", "1"}, 'z', []int{0, 1}},
	} {
		for late := range 2 {
			name := fmt.Sprintf("%s, late: %d", c.name, late)
			of := func(who byte) objection.ID {
				if who >= 'a' {
					return objection.ID{Name: "user_id", Value: fmt.Sprintf("u-%d-%d-%c", n, late, who)}
				}
				return objection.ID{Name: "client_id:segment", Value: uuid(2*n+late, int(who-'0'))}
			}
			var events []string
			for i, who := range c.events {
				var event strings.Builder
				fmt.Fprintf(&event, `{"type":"track","event":"page_view","messageId":"m-%d-%d-%d"`+
					`,"timestamp":"2026-11-28T12:00:00Z","context":{"sessionId":"17"}`, n, late, i)
				for _, one := range []byte(who) {
					field := "userId"
					if one < 'a' {
						field = "anonymousId"
					}
					fmt.Fprintf(&event, `,%q:%q`, field, of(one).Value)
				}
				events = append(events, event.String()+"}")
			}
			object := func() {
				change := objection.Change{Object: []string{"all"}, Source: objection.API}
				acts := []objection.Act{{IDs: []objection.ID{of(c.object)}, Change: change}}
				if _, err := r.Act(context.Background(), objection.Acts{Acts: acts}); err != nil {
					t.Error(err)
				}
			}
			*d = gated{}
			if late == 0 {
				object()
			} else {
				d.meanwhile = object
			}
			records := len(r.recordsOf(t, "event"))
			r.send(t, post("/t/segment/v1/batch", yes+"Content-Type: application/json\r\n",
				`{"writeKey":"KEY","batch":[`+strings.Join(events, ",")+`],"sentAt":"2026-11-28T12:00:00Z"}`))
			if late == 1 {
				if held := len(d.left) == 0; held != (c.object != 'z') {
					t.Errorf("%s: held back: %v", name, held)
				}
				continue
			}
			if got := strings.Count(strings.Join(d.left, ""), "page_view"); got != len(c.leave) {
				t.Errorf("%s: %d left", name, got)
			}
			for i, record := range r.recordsOf(t, "event")[records:] {
				want := "objection"
				if slices.Contains(c.leave, i) {
					want = "permitted"
				}
				if got := gjson.Get(record, "reason").Str; got != want {
					t.Errorf("%s: event %d is recorded as %s", name, i, got)
				}
			}
		}
	}
}
