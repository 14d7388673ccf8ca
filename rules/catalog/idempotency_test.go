package catalog_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// TestIdempotency: what a vendor file says of events that come again, and what it cannot say.
func TestIdempotency(t *testing.T) {
	for _, c := range []struct{ written, fault string }{
		{"idempotency: { field: id }", ""},
		{"idempotency: { field: id, hours: 24, with: [at] }", ""},
		{"idempotency: { field: a.id }", ""},
		{"idempotency: { field: none }", `idempotency: no endpoint has the field "none"`},
		{
			"idempotency: { field: other }",
			`endpoints.track: idempotency: "other" is no id of the event: its class is event_id`,
		},
		{"idempotency: { field: user }", `endpoints.track: idempotency: "user" is no id of the event: its class is user_id`},
		{"idempotency: { field: id, with: [when] }", `endpoints.track: idempotency: "when" is not among fields`},
		{"idempotency: { field: id, hours: -1 }", "endpoints.track: idempotency: -1 hours are no time"},
		{"idempotency: { }", `idempotency: no endpoint has the field ""`},
		{"ordered: true", ""},
	} {
		f, err := catalog.Parse([]byte(`
id: own
name: Own
hosts: { api: "https://own.example" }
event: [{ field: e }]
fields:
  e: { class: event_name }
  id: { class: event_id }
  a.id: { class: event_id }
  other: { class: event_id, stamp: none }
  user: { class: user_id }
  at: { class: timestamp }
endpoints:
  - { id: track, methods: [POST], path: /x, body: [json], events: [body], answer: { status: 204 } }
  - { id: flags, kind: answer, methods: [POST], path: /f, body: [json], events: [body], answer: { status: 204 } }
` + c.written + "\n"))
		if err != nil {
			t.Fatal(err)
		}
		v, err := catalog.Compile(f, nil, nil)
		if err != nil || c.fault != "" {
			if err == nil || err.Error() != c.fault {
				t.Errorf("%s: %v, want %q", c.written, err, c.fault)
			}
			continue
		}
		track, flags := &v.Endpoints[0], &v.Endpoints[1]
		known := track.Repeats.Field != hit.None
		if flags.Repeats.Field != hit.None || known != (f.Idempotency != nil) || track.Ordered != f.Ordered {
			t.Errorf("%s: %+v, %v, and of what is asked for an answer %+v", c.written, track.Repeats,
				track.Ordered, flags.Repeats)
		}
		if i := f.Idempotency; i != nil {
			r := track.Repeats
			if v.Fields[r.Field].Path != i.Field || len(r.With) != len(i.With) || r.Within != time.Duration(i.Hours)*time.Hour {
				t.Errorf("%s: %+v", c.written, r)
			}
		}
	}
}

// TestRepeatsAreSourced: whoever says that an event may come again, and in which order, says where that is written.
func TestRepeatsAreSourced(t *testing.T) {
	for _, id := range catalog.BuiltinIDs() {
		f, _ := catalog.Builtin(id)
		if f.Idempotency == nil {
			continue
		}
		name := f.Idempotency.Field[strings.LastIndexAny(f.Idempotency.Field, ".$")+1:]
		if id == "snowplow" {
			name = "event_id" // as its pipeline calls eid
		}
		if !strings.Contains(strings.Join(f.Sources, "\n"), name) {
			t.Errorf("%s: no source says that %s is known again", id, name)
		}
	}
}
