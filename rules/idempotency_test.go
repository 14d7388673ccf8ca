package rules_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// keying are the vendors that know an event which comes again, and what by.
var keying = map[string]string{
	"segment": "messageId", "rudderstack": "messageId", "posthog": "uuid", "amplitude": "insert_id",
	"mixpanel": "properties.$insert_id", "meta_capi": "event_id", "snowplow": "eid",
}

// dating are those of them that make up an event's time where it has none, and take it for another event by that.
var dating = []string{"mixpanel", "posthog"}

// pseudonymised is an action that cuts pseudonyms to some bits; 0 does not.
func pseudonymised(bits int) minimise.Spec {
	return minimise.Spec{Kind: minimise.Pseudonymise, Pseudonymise: minimise.PseudonymiseSpec{Rotate: "month", Bits: bits}}
}

// keyed judges the golden hits of a vendor by a policy and yields each event that leaves, with what stands in its key's
// field.
func keyed(t *testing.T, vendor string, d *rules.Draft, each func(g *judging, event int, came, key string)) {
	t.Helper()
	g := &judging{policy: compile(t, d)}
	g.in = rules.Inputs{Now: now, Keys: rules.NewKeys(pseudonym.TestRoot, g.policy, now), NewestForm: true}
	eachGolden(t, func(t *testing.T, of, text string) {
		if of != vendor {
			return
		}
		r := request(t, text, vendor, yes)
		if reason := g.judge(&r); reason != rules.Unjudged {
			t.Fatal(reason)
		}
		for e := range g.j.Verdicts {
			came := ""
			for i := g.j.Hit.FirstOf(int32(e)); i != hit.None; i = g.j.Hit.Nodes[i].Peer {
				if n := &g.j.Hit.Nodes[i]; n.Field != hit.None && n.Field == g.j.Route.Endpoint.Repeats.Field {
					came = string(g.j.Hit.Text(i))
				}
			}
			each(g, e, came, string(g.j.IdempotencyKey(e)))
		}
	})
}

// TestIdempotencyKeys: which vendor knows an event that comes again, by all actions on its id. Where there is a key, it
// is what leaves, and another one for each event.
func TestIdempotencyKeys(t *testing.T) {
	replaced := minimise.Spec{Kind: minimise.Replace, Replace: "0123456789abcdef"}
	listed := minimise.Spec{Kind: minimise.Only, Only: []string{"0123456789abcdef"}}
	undated := func(vendor string) bool { return !slices.Contains(dating, vendor) }
	for name, c := range map[string]struct {
		id, time *minimise.Spec // nil: dropped
		keys     bool           // there are any
		as       func(vendor string) bool
		whole    bool // they are the ids as they came
	}{
		"kept":                         {id: &keep, time: &keep, keys: true, whole: true},
		"pseudonymised":                {id: new(pseudonymised(0)), time: &keep, keys: true},
		"pseudonymised, few bits cut":  {id: new(pseudonymised(64)), time: &keep, keys: true},
		"pseudonymised, many bits cut": {id: new(pseudonymised(63)), time: &keep},
		"dropped":                      {time: &keep},
		"replaced":                     {id: &replaced, time: &keep},
		"one of a list":                {id: &listed, time: &keep},
		"times cut":                    {id: &keep, time: &hour, keys: true},
		"times dropped":                {id: &keep, keys: true, as: undated},
	} {
		classes := everything()
		for class, spec := range map[string]*minimise.Spec{"event_id": c.id, "timestamp": c.time} {
			if delete(classes, class); spec != nil {
				classes[class] = *spec
			}
		}
		for _, vendor := range catalog.BuiltinIDs() {
			d := draft()
			d.Profiles[0].Classes = classes
			seen, events := map[string]string{}, 0
			keyed(t, vendor, d, func(g *judging, e int, came, key string) {
				if key == "" {
					return
				}
				events++
				if before, again := seen[key]; again && before != came {
					t.Errorf("%s, %s: %q is the key of %q and of %q", name, vendor, key, before, came)
				}
				if seen[key] = came; c.whole && key != came || c.id != nil && c.id.Kind == minimise.Pseudonymise && key == came {
					t.Errorf("%s, %s: %q has the key %q", name, vendor, came, key)
				}
				if text := string(g.j.EventBytes(e)); strings.HasPrefix(text, "{") && !strings.Contains(text, key) {
					t.Errorf("%s, %s: the key %q does not leave in %s", name, vendor, key, text)
				}
			})
			want := c.keys && keying[vendor] != "" && (c.as == nil || c.as(vendor))
			if (events > 0) != want {
				t.Errorf("%s: %d events of %s have a key", name, events, vendor)
			}
		}
	}
}

// TestIdempotencyFields: which field of which vendor it is, as the catalog has it.
func TestIdempotencyFields(t *testing.T) {
	found := map[string]string{}
	for _, id := range catalog.BuiltinIDs() {
		f, _ := catalog.Builtin(id)
		if f.Idempotency == nil {
			continue
		}
		found[id] = f.Idempotency.Field
		v, err := catalog.Compile(f, nil, catalog.Names())
		if err != nil {
			t.Fatal(err)
		}
		for i := range v.Endpoints {
			e := &v.Endpoints[i]
			if e.Kind != catalog.Events {
				if e.Repeats.Field != hit.None {
					t.Errorf("%s: what is asked of %s has a key", id, e.ID)
				}
				continue
			}
			if at := e.Repeats.Field; at != hit.None && v.Fields[at].Path != f.Idempotency.Field {
				t.Errorf("%s, %s: %s", id, e.ID, v.Fields[at].Path)
			}
		}
	}
	if !maps.Equal(found, keying) {
		t.Errorf("%v", found)
	}
}

// TestIdempotencyOfWhatTellsNothing: ids that are none, or not one, or that a policy sets, are no keys.
func TestIdempotencyOfWhatTellsNothing(t *testing.T) {
	set := func(d *rules.Draft) {
		d.Profiles[0].Set = map[string]map[string]string{"segment": {"messageId": "ajs-next-0001"}}
	}
	deny := func(d *rules.Draft) {
		for i := range d.Activities {
			d.Activities[i].Events = []string{"Signed Up"}
		}
	}
	for _, c := range []struct {
		event, key string
		change     func(*rules.Draft)
	}{
		{`"messageId":"ajs-next-0001"`, "ajs-next-0001", nil},
		{`"messageId":"ajs\u002dnext-0001"`, "ajs-next-0001", nil},
		{`"messageId":12345678`, "12345678", nil},
		{`"messageId":"1234567"`, "", nil}, // a counter, or a constant
		{`"messageId":""`, "", nil},
		{`"messageId":null`, "", nil},
		{`"messageId":true`, "", nil},
		{`"messageId":["ajs-next-0001"]`, "", nil},
		{`"messageId":{"id":"ajs-next-0001"}`, "", nil},
		{`"messageId":"undefined"`, "", nil},
		{`"messageId":"00000000-0000-0000-0000-000000000000"`, "", nil},
		{`"messageid":"ajs-next-0001"`, "", nil},
		{`"properties":{"messageId":"ajs-next-0001"}`, "", nil},
		{`"event":"x"`, "", nil},
		{`"event":"x"`, "", set},
		{`"messageId":"ajs-next-0002"`, "", set},
		{`"messageId":"ajs-next-0001"`, "", deny},
	} {
		d := draft(rung("segment-consent", basis.Consent, func(a *rules.DraftActivity) { a.Vendor = "segment" }))
		d.Profiles[0].Classes = everything()
		if c.change != nil {
			c.change(d)
		}
		g := &judging{policy: compile(t, d)}
		g.in = rules.Inputs{Now: now, Keys: rules.NewKeys(pseudonym.TestRoot, g.policy, now), NewestForm: true}
		r := request(t, "POST /v1/t HTTP/1.1\nContent-Type: text/plain\n\n"+
			`{"type":"track","event":"Item Viewed","anonymousId":"00000000-0000-4000-8000-000000000001",`+c.event+`}`,
			"segment", yes)
		if reason := g.judge(&r); reason != rules.Unjudged {
			t.Fatalf("%s: %v", c.event, reason)
		}
		if got := string(g.j.IdempotencyKey(0)); got != c.key {
			t.Errorf("%s: %q, want %q", c.event, got, c.key)
		}
	}
}

// TestIdempotencyKeyDoesNotAllocate.
func TestIdempotencyKeyDoesNotAllocate(t *testing.T) {
	d := draft()
	d.Profiles[0].Classes = everything()
	g := &judging{policy: compile(t, d)}
	g.in = rules.Inputs{Now: now, Keys: rules.NewKeys(pseudonym.TestRoot, g.policy, now), NewestForm: true}
	r := bigSegment(t)
	if reason := g.judge(&r); reason != rules.Unjudged {
		t.Fatal(reason)
	}
	if n := testing.AllocsPerRun(100, func() {
		for e := range g.j.Verdicts {
			if g.j.IdempotencyKey(e) == nil {
				t.Error("no key")
			}
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
