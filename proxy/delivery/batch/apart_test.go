package batch_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/proxy/delivery"
	"github.com/tagwarden/tagwarden/proxy/delivery/batch"
)

// bulk is a batch of n events of a vendor.
func bulk(t testing.TB, vendor, request string, n int) *batch.Batch {
	t.Helper()
	v, b, p := batch.New(vendorOf(t, vendor)), new(batch.Batch), new(batch.Piece)
	for range n {
		if e := parsed(request); !v.Cut(p, &e, false) || !b.Add(p) {
			t.Fatalf("%s: it does not travel with others: %s", vendor, request)
		}
	}
	return b
}

// requests are one event of each vendor.
var requests = map[string]string{
	"amplitude":   "POST /2/httpapi" + asJSON + `{"api_key":"k","events":[{"event_type":"x"}]}`,
	"import":      "POST /import" + asJSON + `[{"event":"x"}]`,
	"matomo":      "GET /matomo.php?idsite=1&rec=1\n",
	"meta_capi":   "POST /v21.0/1/events" + asJSON + `{"data":[{"event_name":"x"}]}`,
	"mixpanel":    "POST /track" + asJSON + `[{"event":"x"}]`,
	"posthog":     "POST /e/" + asText + `[{"event":"x"}]`,
	"rudderstack": "POST /v1/track" + asJSON + `{"type":"track"}`,
	"segment":     "POST /v1/t" + asText + `{"type":"track"}`,
	"snowplow":    tp2 + "\nSP-Anonymous: *" + asJSON + `{"schema":"s","data":[{"e":"pv"}]}`,
}

func idOf(name string) string {
	if name == "import" {
		return "mixpanel"
	}
	return name
}

// said writes parts shortly: kind and reason of each, or the round in which it comes again.
func said(parts []batch.Part) string {
	var all []string
	for _, p := range parts {
		if p.Again {
			all = append(all, fmt.Sprintf("again %d", p.Round))
		} else {
			all = append(all, fmt.Sprintf("%v %v", p.Outcome.Kind, p.Outcome.Why))
		}
	}
	return strings.Join(all, ", ")
}

// outcomeOf is what an exchange with a whole answer of that status comes to.
func outcomeOf(status int) delivery.Outcome {
	switch {
	case status < 300:
		return delivery.Outcome{Kind: delivery.Delivered, Status: status, Why: delivery.WhyOK}
	case status >= 500:
		return delivery.Outcome{Kind: delivery.Unknown, Status: status, Why: delivery.WhyRefused}
	default:
		return delivery.Outcome{Kind: delivery.Dropped, Status: status, Why: delivery.WhyRefused}
	}
}

const (
	taken2   = "delivered ok, delivered ok"
	taken4   = taken2 + ", " + taken2
	refused2 = "dropped refused, dropped refused"
	refused4 = refused2 + ", " + refused2
	halves4  = "again 0, again 0, again 1, again 1"
	unclear4 = "unknown unclear, unknown unclear, unknown unclear, unknown unclear"
	some4    = "unknown some_taken, unknown some_taken, unknown some_taken, unknown some_taken"
	failed4  = "unknown refused, unknown refused, unknown refused, unknown refused"
)

// TestApart: what became of four events, by what their vendor answered.
func TestApart(t *testing.T) {
	for _, c := range []struct {
		vendor string
		status int
		body   string
		want   string
	}{
		{"segment", 200, `{"success":true}`, taken4},
		{"segment", 200, ``, taken4},
		{"segment", 400, `{"success":false}`, halves4},
		{"segment", 413, ``, halves4},
		{"segment", 401, ``, refused4},
		{"segment", 429, ``, refused4},
		{"segment", 500, ``, failed4},
		{"segment", 302, ``, refused4},
		{"rudderstack", 400, `Invalid JSON`, halves4},
		{"rudderstack", 404, ``, refused4},
		{"posthog", 200, `{"status":"Ok"}`, taken4},
		{"posthog", 400, `event submitted with an empty event name`, halves4},
		{"posthog", 400, `failed to parse request: expected value`, halves4},
		{"posthog", 400, `maximum event size exceeded`, unclear4},
		{"posthog", 400, `invalid event could not be processed`, unclear4},
		{"posthog", 400, ``, unclear4},
		{"posthog", 413, ``, unclear4},
		{"posthog", 503, `event submitted`, failed4},
		{"posthog", 401, ``, refused4},
		{"snowplow", 200, `ok`, taken4},
		{"snowplow", 413, ``, halves4},
		{"snowplow", 400, ``, refused4},

		{"amplitude", 200, `{"code":200,"events_ingested":4}`, taken4},
		{"amplitude", 200, `{"code":200,"events_ingested":5}`, taken4},
		{"amplitude", 200, `{"code":200,"events_ingested":3}`, some4},
		{"amplitude", 200, `{"code":200,"events_ingested":0}`, halves4},
		{"amplitude", 200, `{"code":200,"events_ingested":-1}`, unclear4},
		{"amplitude", 200, `{"code":200,"events_ingested":"4"}`, unclear4},
		{"amplitude", 200, `{"code":200}`, unclear4},
		{"amplitude", 200, `{"events_ingested":4`, unclear4},
		{"amplitude", 200, `<html>`, unclear4},
		{"amplitude", 400, `{"code":400,"events_with_invalid_fields":{"time":[1]}}`,
			"again 0, dropped refused, again 0, again 0"},
		{"amplitude", 400, `{"events_with_invalid_fields":{"time":[1,2],"price":[2]},"events_with_missing_fields":{"event_type":[0]}}`,
			"dropped refused, dropped refused, dropped refused, again 0"},
		{"amplitude", 400, `{"silenced_events":[3],"events_with_invalid_id_lengths":{"user_id":[0]}}`,
			"dropped refused, again 0, again 0, dropped refused"},
		{"amplitude", 400, `{"silenced_events":[0,1,2,3]}`, refused4},
		{"amplitude", 400, `{"silenced_events":[4]}`, halves4},
		{"amplitude", 400, `{"silenced_events":[-1]}`, halves4},
		{"amplitude", 400, `{"silenced_events":[0.5]}`, halves4},
		{"amplitude", 400, `{"silenced_events":["1"]}`, halves4},
		{"amplitude", 400, `{"silenced_events":[1e99]}`, halves4},
		{"amplitude", 400, `{"silenced_events":[1,99]}`, halves4},
		{"amplitude", 400, `{"silenced_events":[]}`, halves4},
		{"amplitude", 400, `{"silenced_events":{"a":[1]}}`, halves4},
		{"amplitude", 400, `{"error":"Request missing required field","missing_field":"api_key"}`, refused4},
		{"amplitude", 400, `{"error":"Request missing required field","missing_field":null}`, halves4},
		{"amplitude", 400, `{"error":"Invalid API key: k"}`, refused4},
		{"amplitude", 400, `{"error":"Invalid API key: k"`, halves4},
		{"amplitude", 400, `{"error":"Invalid JSON"}`, halves4},
		{"amplitude", 400, `{"missing_field":"x","silenced_events":[0]}`, "dropped refused, again 0, again 0, again 0"},
		{"amplitude", 400, `no JSON`, halves4},
		{"amplitude", 400, ``, halves4},
		{"amplitude", 413, `{"code":413}`, halves4},
		{"amplitude", 429, `{"throttled_events":[0,2]}`, "dropped refused, again 0, dropped refused, again 0"},
		{"amplitude", 429, `{"throttled_events":[0,1,2,3]}`, refused4},
		{"amplitude", 429, `{"throttled_events":[7]}`, refused4},
		{"amplitude", 429, `{"code":429}`, refused4},

		{"matomo", 200, `{"status":"success","tracked":4,"invalid":0}`, taken4},
		{"matomo", 200, `{"status":"success","tracked":4,"invalid":0,"invalid_indices":[]}`, taken4},
		{"matomo", 200, `{"status":"success","tracked":3,"invalid":1}`, some4},
		{"matomo", 200, `{"status":"success","tracked":3,"invalid":1,"invalid_indices":[2]}`,
			"delivered ok, delivered ok, dropped refused, delivered ok"},
		{"matomo", 200, `{"status":"success","tracked":2,"invalid":1,"invalid_indices":[2]}`, unclear4},
		{"matomo", 200, `{"status":"success","tracked":4,"invalid":1,"invalid_indices":[2]}`, unclear4},
		{"matomo", 200, `{"status":"success","tracked":3,"invalid":1,"invalid_indices":[9]}`, unclear4},
		{"matomo", 200, `{"status":"success","tracked":0,"invalid":4,"invalid_indices":[0,1,2,3]}`, refused4},
		{"matomo", 200, `{"status":"success","tracked":0,"invalid":4}`, halves4},
		{"matomo", 200, "GIF89a", unclear4},
		{"matomo", 204, ``, unclear4},
		{"matomo", 400, `{"status":"error","tracked":0,"invalid":0}`, halves4},
		{"matomo", 400, `{"status":"error","tracked":2,"invalid":0}`, some4},
		{"matomo", 400, `An error`, refused4},
		{"matomo", 500, `{"status":"error","tracked":0,"invalid":0}`, halves4},
		{"matomo", 500, `{"status":"error","tracked":1,"invalid":0}`, some4},
		{"matomo", 500, `<html>`, failed4},
		{"matomo", 500, `{"status":"error","tracked":0,"invalid":1,"invalid_indices":[2]}`,
			"again 0, again 0, dropped refused, again 0"},
		{"matomo", 500, `{"status":"error","tracked":2,"invalid":1,"invalid_indices":[2]}`, some4},
		{"matomo", 500, `{"status":"error","invalid_indices":[2]}`, failed4},
		{"matomo", 503, `{"status":"error","tracked":0,"invalid":0}`, failed4},

		{"mixpanel", 200, `1`, taken4},
		{"mixpanel", 200, "1\n", taken4},
		{"mixpanel", 200, `0`, halves4},
		{"mixpanel", 200, `{"status":1,"error":null}`, taken4},
		{"mixpanel", 200, `{"status":0,"error":"bad"}`, halves4},
		{"mixpanel", 200, `{"status":"OK"}`, unclear4},
		{"mixpanel", 200, `2`, unclear4},
		{"mixpanel", 200, ``, unclear4},
		{"mixpanel", 200, `{"status":1`, unclear4},
		{"mixpanel", 400, `{"status":0}`, refused4},
		{"mixpanel", 413, ``, halves4},
		{"import", 200, `{"code":200,"num_records_imported":4,"status":"OK"}`, taken4},
		{"import", 400, `{"num_records_imported":3,"failed_records":[{"index":1,"message":"no"}]}`,
			"delivered ok, dropped refused, delivered ok, delivered ok"},
		{"import", 400, `{"num_records_imported":2,"failed_records":[{"index":1}]}`, unclear4},
		{"import", 400, `{"num_records_imported":0,"failed_records":[{"index":0},{"index":1},{"index":2},{"index":3}]}`,
			refused4},
		{"import", 400, `{"num_records_imported":3}`, unclear4},
		{"import", 400, `{"error":"bad"}`, unclear4},
		{"import", 413, ``, halves4},
		{"import", 401, ``, refused4},

		{"meta_capi", 200, `{"events_received":4,"messages":[]}`, taken4},
		{"meta_capi", 200, `{"events_received":3}`, some4},
		{"meta_capi", 400, `{"error":{"code":100}}`, halves4},
		{"meta_capi", 400, `{"error":{"code":190,"type":"OAuthException"}}`, refused4},
		{"meta_capi", 400, `{"error":{"code":1900}}`, halves4},
		{"meta_capi", 400, `{"error":{}}`, halves4},
		{"meta_capi", 403, ``, refused4},
	} {
		b := bulk(t, idOf(c.vendor), requests[c.vendor], 4)
		if got := said(b.Apart(nil, outcomeOf(c.status), []byte(c.body))); got != c.want {
			t.Errorf("%s, %d %s:\n%s, want\n%s", c.vendor, c.status, c.body, got, c.want)
		}
	}
}

// TestApartInDoubt: events that the vendor knows again come again where some may have been taken.
func TestApartInDoubt(t *testing.T) {
	v, b, p := batch.New(vendorOf(t, "posthog")), new(batch.Batch), new(batch.Piece)
	for range 4 {
		if e := parsed(requests["posthog"]); !v.Cut(p, &e, true) || !b.Add(p) {
			t.Fatal("it does not travel with others")
		}
	}
	for _, status := range []int{400, 413} {
		if got := said(b.Apart(nil, outcomeOf(status), []byte("maximum event size exceeded"))); got != halves4 {
			t.Errorf("%d: %s", status, got)
		}
	}
	for _, status := range []int{401, 503} {
		for _, part := range b.Apart(nil, outcomeOf(status), nil) {
			if part.Again || part.Outcome != outcomeOf(status) {
				t.Errorf("%d: %+v", status, part)
			}
		}
	}
}

// TestApartOfAnExchangeThatFailed: where no answer came, every event's outcome is that.
func TestApartOfAnExchangeThatFailed(t *testing.T) {
	for id, request := range requests {
		for _, o := range []delivery.Outcome{
			{}, {Why: delivery.WhyTimeout}, {Why: delivery.WhyBroken, Status: 200},
			{Kind: delivery.Dropped, Why: delivery.WhyDial},
			{Kind: delivery.Dropped, Why: delivery.WhyObjection}, {Why: delivery.WhyRefused, Status: 503},
			{Kind: delivery.Dropped, Why: delivery.WhyRefused, Status: 429, After: 5e9},
		} {
			for _, p := range bulk(t, idOf(id), request, 3).Apart(nil, o, nil) {
				if p.Again || p.Outcome != o {
					t.Errorf("%s: %+v of %+v", id, p, o)
				}
			}
		}
	}
}

// TestApartOfOne: a lone event never comes again by a round, whatever it is answered.
func TestApartOfOne(t *testing.T) {
	for id, request := range requests {
		b := bulk(t, idOf(id), request, 1)
		for _, status := range []int{200, 204, 302, 400, 401, 413, 429, 500} {
			for _, body := range []string{"", "0", "1", `{"tracked":0}`, `{"events_ingested":0}`, `{"silenced_events":[0]}`,
				`{"throttled_events":[0]}`} {
				parts := b.Apart(nil, outcomeOf(status), []byte(body))
				if len(parts) != 1 || parts[0].Again {
					t.Errorf("%s, %d %s: %+v", id, status, body, parts)
				}
				if status >= 300 && parts[0].Outcome != outcomeOf(status) {
					t.Errorf("%s, %d %s: %+v", id, status, body, parts)
				}
			}
		}
	}
}

// TestRelayed: the client is asked for the bodies of those refusals that are read.
func TestRelayed(t *testing.T) {
	for id, want := range map[string]string{"amplitude": "[400 429]", "import": "[400]", "matomo": "[400 500]",
		"posthog": "[400 413]", "segment": "[]", "meta_capi": "[400]"} {
		var e delivery.Event
		if bulk(t, idOf(id), requests[id], 2).Event(&e); fmt.Sprint(e.Relay) != want {
			t.Errorf("%s: %v, want %s", id, e.Relay, want)
		}
	}
}

// TestOneBadEvent: of many events each is sent until its outcome stands; the vendor refuses a request whole for one of
// them. All others arrive, once, in few requests.
func TestOneBadEvent(t *testing.T) {
	const events, bad = 100, 37
	sent, arrived := 0, map[int]int{}
	var send func(which []int)
	send = func(which []int) {
		sent++
		b := bulk(t, "segment", requests["segment"], len(which))
		status := 200
		for _, i := range which {
			if i == bad {
				status = 400
			}
		}
		var rounds [2][]int
		for i, p := range b.Apart(nil, outcomeOf(status), nil) {
			switch {
			case p.Again:
				rounds[p.Round] = append(rounds[p.Round], which[i])
			case p.Outcome.Kind == delivery.Delivered:
				arrived[which[i]]++
			case which[i] != bad:
				t.Errorf("%d is refused", which[i])
			}
		}
		for _, round := range rounds {
			if len(round) > 0 {
				send(round)
			}
		}
	}
	all := make([]int, events)
	for i := range all {
		all[i] = i
	}
	send(all)
	for i := range events {
		if want := map[bool]int{true: 0, false: 1}[i == bad]; arrived[i] != want {
			t.Errorf("%d arrived %d times", i, arrived[i])
		}
	}
	if sent > 15 {
		t.Errorf("%d requests", sent)
	}
}
