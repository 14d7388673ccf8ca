package batch_test

import (
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/proxy/delivery"
	"github.com/tagwarden/tagwarden/proxy/delivery/batch"
)

const (
	asJSON = "\nContent-Type: application/json\n\n"
	asText = "\nContent-Type: text/plain\n\n"
	asForm = "\nContent-Type: application/x-www-form-urlencoded\n\n"
	tp2    = "POST /com.snowplowanalytics.snowplow/tp2"
)

// TestTravelsAlone: events that have no company, each for its reason.
func TestTravelsAlone(t *testing.T) {
	for _, c := range []struct{ why, vendor, request string }{
		{"its vendor takes one at a time", "umami", "POST /api/send" + asJSON + `{"type":"event","payload":{}}`},
		{"its vendor takes one visitor at a time", "ga4", "POST /g/collect?v=2&tid=G-1&cid=1.1&en=x" + asText},
		{"another endpoint", "segment", "POST /v1/m" + asText + `{"series":[]}`},
		{"no such path", "segment", "POST /v1/none" + asJSON + `{"batch":[{"type":"track"}]}`},
		{"no such method", "segment", "PUT /v1/batch" + asJSON + `{"batch":[{"type":"track"}]}`},
		{"no body", "segment", "POST /v1/batch" + asJSON},
		{"no list", "segment", "POST /v1/batch" + asJSON + `{"batch":{"type":"track"}}`},
		{"an empty list", "segment", "POST /v1/batch" + asJSON + `{"batch":[]}`},
		{"two events", "segment", "POST /v1/batch" + asJSON + `{"batch":[{"type":"track"},{"type":"track"}]}`},
		{"no event", "segment", "POST /v1/batch" + asJSON + `{"batch":["track"]}`},
		{"two lists", "segment", "POST /v1/batch" + asJSON + `{"batch":[{"type":"track"}],"batch":[{"type":"page"}]}`},
		{"the list's name is escaped", "segment", "POST /v1/batch" + asJSON + `{"\u0062atch":[{"type":"track"}]}`},
		{"a name beside it is escaped", "segment", "POST /v1/batch" + asJSON + `{"batch":[{"type":"track"}],"\u0078":1}`},
		{"no JSON", "segment", "POST /v1/batch" + asJSON + `{"batch":[{"type":"track"}]`},
		{"more than one value", "segment", "POST /v1/batch" + asJSON + `{"batch":[{"type":"track"}]}{}`},
		{"no UTF-8", "segment", "POST /v1/batch" + asJSON + "{\"batch\":[{\"type\":\"track\",\"x\":\"\xff\"}]}"},
		{"half a letter", "segment", "POST /v1/batch" + asJSON + `{"batch":[{"type":"track","x":"\\\ud83d"}]}`},
		{"the other half", "segment", "POST /v1/batch" + asJSON + `{"batch":[{"type":"track","x":"\n\ude00\ud83d"}]}`},
		{"very deep", "segment", "POST /v1/batch" + asJSON + `{"batch":[{"x":` + strings.Repeat("[", 200) +
			strings.Repeat("]", 200) + `}]}`},
		{"very long", "segment", "POST /v1/batch" + asJSON + `{"batch":[{"type":"track","x":"` +
			strings.Repeat("x", 40<<10) + `"}]}`},
		{"another type than its path", "segment", "POST /v1/t" + asText + `{"type":"page"}`},
		{"no type", "segment", "POST /v1/t" + asText + `{"event":"x"}`},
		{"two types", "segment", "POST /v1/t" + asText + `{"type":"track","type":"track"}`},
		{"an escaped type", "segment", "POST /v1/t" + asText + `{"type":"tr\u0061ck"}`},
		{"two times when it was sent", "segment", "POST /v1/t" + asText + `{"type":"track","sentAt":"a","sentAt":"b"}`},
		{"another coding", "segment", "POST /v1/batch\nContent-Encoding: deflate" + asJSON + `{"batch":[{"type":"track"}]}`},
		{"a coding that it does not have", "segment", "POST /v1/batch\nContent-Encoding: gzip" + asJSON +
			`{"batch":[{"type":"track"}]}`},
		{"two codings", "segment", "POST /v1/batch\nContent-Encoding: gzip\nContent-Encoding: gzip" + asJSON +
			`@gzip {"batch":[{"type":"track"}]}`},
		{"more than anything unpacks to", "segment", "POST /v1/batch\nContent-Encoding: gzip" + asJSON +
			`@gzip {"batch":[{"x":"` + strings.Repeat("x", 1<<20) + `"}]}`},
		{"more behind what is packed", "segment", "POST /v1/batch\nContent-Encoding: gzip" + asJSON +
			"@gzip+ {\"batch\":[{\"type\":\"track\"}]}"},
		{"a path of the site's own leads to no other", "segment", "POST /com.acme/track" + asText + `{"type":"track"}`},
		{"whose browser it is is not known", "snowplow", tp2 + asJSON + `{"schema":"s","data":[{"e":"pv"}]}`},
		{"nor so", "snowplow", tp2 + asJSON + `{"schema":"s","data":[{"e":"pv","duid":""}]}`},
		{"nor so", "snowplow", tp2 + asJSON + `{"schema":"s","data":[{"e":"pv","duid":null}]}`},
		{"an image", "snowplow", "GET /i?e=pv&duid=d\n"},
		{"the job of a server", "rudderstack", "POST /v1/batch" + asJSON +
			`{"batch":[{"type":"track","context":{"sources":{"job_run_id":"1"}}}]}`},
		{"an event in the query", "mixpanel", "GET /track/?data=eyJldmVudCI6IngifQ\n"},
		{"and one in the body", "mixpanel", "POST /track/?d%61ta=eyJ9" + asForm + `data={"event":"x"}`},
		{"an event in a member", "mixpanel", "POST /track/" + asJSON + `{"data":[{"event":"x"}]}`},
		{"no event in a form", "mixpanel", "POST /track/" + asForm + `data=eyJl`},
		{"two fields", "mixpanel", "POST /track/" + asForm + `data={"event":"x"}&data={"event":"y"}`},
		{"an escaped name of a field", "mixpanel", "POST /track/" + asForm + `data={"event":"x"}&d%61ta={"event":"y"}`},
		{"a name of a field with a space", "mixpanel", "POST /track/" + asForm + `data={"event":"x"}&+data={"event":"y"}`},
		{"JSON behind a space that JSON does not know", "mixpanel", "POST /track/" + asForm + `data={"event":"x"}%C2%A0`},
		{"an escape that is none", "mixpanel", "POST /track/" + asForm + `data={"event":"%zz"}`},
		{"bytes in a form that are no UTF-8", "mixpanel", "POST /track/" + asForm + `data={"event":"%ff"}`},
		{"lines", "mixpanel", "POST /import\nContent-Type: application/x-ndjson\n\n{\"event\":\"x\"}\n"},
		{"a secret of its own", "matomo", "GET /matomo.php?idsite=1&rec=1&token_auth=x\n"},
		{"the same, as PHP reads it", "matomo", "GET /matomo.php?idsite=1&rec=1&token.auth=x\n"},
		{"the same, escaped", "matomo", "GET /matomo.php?idsite=1&rec=1&%20token%5Fauth[]=x\n"},
		{"the same, in a text", "matomo", "POST /matomo.php" + asJSON + `{"requests":["?idsite=1&token_auth=x"]}`},
		{"an escaped text", "matomo", "POST /matomo.php" + asJSON + `{"requests":["?idsite=1&a=\u0031"]}`},
		{"an object among texts", "matomo", "POST /matomo.php" + asJSON + `{"requests":[{"idsite":"1"}]}`},
		{"query and form", "matomo", "POST /matomo.php?idsite=1" + asForm + "rec=1"},
		{"neither", "matomo", "POST /matomo.php" + asForm},
		{"a query with a question mark", "matomo", "GET /matomo.php??idsite=1\n"},
		{"a form that ends early", "matomo", "POST /matomo.php" + asForm + "idsite=1&x=a#b"},
		{"a form that is not escaped", "matomo", "POST /matomo.php" + asForm + "idsite=1&x=ü"},
		{"a query that is no UTF-8", "matomo", "GET /matomo.php?idsite=1&x=%fc\n"},
		{"a wrapped body", "posthog", "POST /e/?compression=base64" + asForm + "data=eyJldmVudCI6IngifQ=="},
		{"packed, as it says, and is not", "posthog", "POST /e/?compression=gzip-js" + asText + `{"event":"x"}`},
		{"packed in two ways", "posthog", "POST /e/?compression=gzip-js&compression=gzip-js" + asText +
			`@gzip {"event":"x"}`},
		{"packed twice", "posthog", "POST /e/?compression=gzip-js\nContent-Encoding: gzip" + asText + `@gzip {"event":"x"}`},
		{"a time of its own", "posthog", "POST /e/" + asText + `{"event":"x","sent_at":"2026-01-01T00:00:00Z"}`},
		{"events in a member", "posthog", "POST /e/" + asText + `{"api_key":"k","data":[{"event":"x"}]}`},
		{"a number of its request", "posthog", "POST /i/v1/analytics/events" + asJSON + `{"batch":[{"event":"x"}]}`},
	} {
		e := parsed(c.request)
		if packed, ok := strings.CutPrefix(string(e.Body), "@gzip+ "); ok {
			e.Body = append(zipped(packed), zipped(packed)...)
		}
		var p batch.Piece
		own := withPaths(t, c.vendor, map[string]string{"track": "/com.acme/track"})
		if batch.New(own).Cut(&p, &e, false) {
			t.Errorf("%s, %s: it travels with others: %s", c.vendor, c.why, c.request)
		}
	}
}

// TestOwnPath: where the endpoint that is reached by a path of the site's own takes several, they are sent there.
func TestOwnPath(t *testing.T) {
	v := batch.New(withPaths(t, "snowplow", map[string]string{"post": "/com.acme/track"}))
	var p batch.Piece
	var b batch.Batch
	var out delivery.Event
	e := parsed("POST /com.acme/track" + asJSON + `{"schema":"s","data":[{"e":"pv","duid":"d"}]}`)
	if !v.Cut(&p, &e, false) || !b.Add(&p) {
		t.Fatal("it travels alone")
	}
	if b.Event(&out); string(out.Path) != "/com.acme/track" {
		t.Errorf("several are sent to %s", out.Path)
	}
}

// TestTravelsTogether: pairs of events that travel in one request, however each is written.
func TestTravelsTogether(t *testing.T) {
	for _, c := range []struct{ vendor, one, other string }{
		{"segment", "POST /v1/t" + asText + `{"event":"x","type":"track"}`, "POST /v1/p" + asText +
			" {\n\"type\" : \"page\"\t} "},
		{"segment", "POST /v1/track" + asJSON + `{"event":"x","type":"track"}`, "POST /v1/batch\nContent-Encoding: GZIP" +
			asJSON + `@gzip {"batch":[{"event":"x","type":"track"}]}`},
		{"segment", "POST /v1/track" + asJSON + `{"event":"x","type":"track"}`, "POST /v1/batch\nContent-Encoding: identity" +
			asJSON + `{"batch":[ {"event":"x","type":"track"} ]}`},
		{"rudderstack", "POST /v1/track" + asJSON + `{"event":"x","type":"track","sentAt":"1"}`, "POST /v1/alias" + asJSON +
			`{"type":"alias","sentAt":"2"}`},
		{"posthog", "POST /e/?compression=gzip-js" + asText + `@gzip {"properties":{"token":"t"}}`, "POST /e/" + asText +
			`[{"properties":{"token":"t"}}]`},
		{"posthog", "POST /e/?ip=1&compression=gzip-js" + asText + `@gzip [{"event":"a"}]`, "POST /e/?ip=1" + asText +
			`@gzip [{"event":"b"}]`},
		{"snowplow", tp2 + "?x=1" + asJSON + `{"schema":"s","data":[{"duid":"d"}]}`, tp2 + "?x=1" + asJSON +
			`{"schema":"s","data":[{"e":"pv","duid":"d"}]}`},
		{"snowplow", tp2 + "\nSP-Anonymous: *" + asJSON + `{"schema":"s","data":[{}]}`, tp2 + "\nSP-Anonymous: *" + asJSON +
			`{"schema":"s","data":[{"duid":"d"}]}`},
		{"matomo", "GET /piwik.php?idsite=1\nUser-Agent: a\n", "POST /piwik.php\nUser-Agent: a" + asForm + `idsite=2`},
		{"mixpanel", "POST /track" + asForm + `data=` + base64Of(`[{"event":"x"}]`), "POST /track" + asForm +
			`data=%7B%22event%22:+%22y%22%7D`},
		{"mixpanel", "POST /track" + asForm + `data={"event":"a;b"}`, "POST /track" + asForm +
			`data=%20%5B+%7B%22event%22:+%22y%22%7D+%5D%0a`},
		{"meta_capi", "POST /v21.0/1/events" + asForm + `access_token=a&data=[{"x":1}]`, "POST /v21.0/1/events" + asForm +
			`access_token=a&data=%5B{}%5D`},
	} {
		v := batch.New(vendorOf(t, c.vendor))
		var b batch.Batch
		var p batch.Piece
		for _, text := range []string{c.one, c.other} {
			if e := parsed(text); !v.Cut(&p, &e, true) || !b.Add(&p) {
				t.Errorf("%s: it does not join: %s", c.vendor, text)
			}
		}
		checkJoined(t, c.vendor, []delivery.Event{parsed(c.one), parsed(c.other)})
	}
}

// TestTravelApart: pairs of events that each travel with others, and not with each other.
func TestTravelApart(t *testing.T) {
	const segment = "POST /v1/t\nUser-Agent: a" + asText
	for _, c := range []struct {
		why, vendor, one, other string
		keyed                   bool // the other one
	}{
		{"nothing", "segment", segment + `{"type":"track"}`, segment + ` {"type":"track" } `, false},
		{"whether they may come again", "segment", segment + `{"type":"track"}`, segment + `{"type":"track"}`, true},
		{"a header's value", "segment", segment + `{"type":"track"}`, "POST /v1/t\nUser-Agent: b" + asText +
			`{"type":"track"}`, false},
		{"a header", "segment", segment + `{"type":"track"}`, "POST /v1/t\nUser-Agent: a\nSec-GPC: 1" + asText +
			`{"type":"track"}`, false},
		{"content types", "segment", segment + `{"type":"track"}`, "POST /v1/t\nUser-Agent: a" + asJSON +
			`{"type":"track"}`, false},
		{"paths", "segment", "POST /v1/track" + asJSON + `{"type":"track"}`, "POST /v1/import" + asJSON +
			`{"batch":[{"type":"track"}]}`, false},
		{"the clock", "segment", segment + `{"type":"track","sentAt":"1"}`, segment + `{"type":"track","sentAt":"2"}`, false},
		{"the clock, of one", "segment", segment + `{"type":"track","sentAt":"1"}`, segment + `{"type":"track"}`, false},
		{"keys", "segment", segment + `{"type":"track","writeKey":"1"}`, segment + `{"type":"track","writeKey":"2"}`, false},
		{"the clock of the upload", "amplitude", "POST /2/httpapi" + asJSON + `{"events":[{"x":1}],"client_upload_time":"1"}`,
			"POST /2/httpapi" + asJSON + `{"events":[{"x":1}],"client_upload_time":"2"}`, false},
		{"projects", "posthog", "POST /e/" + asText + `{"properties":{"token":"a"}}`, "POST /e/" + asText +
			`[{"properties":{"token":"b"}}]`, false},
		{"queries", "posthog", "POST /e/?_=1" + asText + `{"event":"x"}`, "POST /e/?_=2" + asText + `{"event":"x"}`, false},
		{"browsers", "snowplow", tp2 + asJSON + `{"schema":"s","data":[{"duid":"1"}]}`, tp2 + asJSON +
			`{"schema":"s","data":[{"duid":"2"}]}`, false},
		{"schemas", "snowplow", tp2 + asJSON + `{"schema":"s","data":[{"duid":"1"}]}`, tp2 + asJSON +
			`{"schema":"t","data":[{"duid":"1"}]}`, false},
		{"pixels", "meta_capi", "POST /v21.0/1/events" + asJSON + `{"data":[{"x":1}]}`, "POST /v21.0/2/events" + asJSON +
			`{"data":[{"x":1}]}`, false},
		{"tokens", "meta_capi", "POST /v21.0/1/events" + asJSON + `{"data":[{"x":1}],"access_token":"a"}`,
			"POST /v21.0/1/events" + asJSON + `{"data":[{"x":1}],"access_token":"b"}`, false},
		{"fields of the form", "mixpanel", "POST /track" + asForm + `ip=1&data={"event":"x"}`, "POST /track" + asForm +
			`ip=0&data={"event":"x"}`, false},
		{"browsers in a header", "matomo", "GET /matomo.php?idsite=1\nUser-Agent: a\n",
			"GET /matomo.php?idsite=1\nUser-Agent: b\n", false},
	} {
		v := batch.New(vendorOf(t, c.vendor))
		var b batch.Batch
		for i, text := range []string{c.one, c.other} {
			e, p := parsed(text), new(batch.Piece)
			if !v.Cut(p, &e, i == 1 && c.keyed) {
				t.Errorf("%s: %s travels alone", c.why, text)
				continue
			}
			if want := i == 0 || c.why == "nothing"; b.Add(p) != want {
				t.Errorf("%s differs, and %d events travel together: %s", c.why, b.Events(), text)
			}
		}
	}
}

// TestLimits: no request has more events, or is longer, than its vendor takes; what is left out begins the next one.
func TestLimits(t *testing.T) {
	for _, c := range []struct {
		vendor, request string
		size            int // of each
		events, bytes   int
	}{
		{"segment", "POST /v1/t" + asText + `{"type":"track","x":"@"}`, 1, 2500, 480 << 10},
		{"segment", "POST /v1/t" + asText + `{"type":"track","x":"@"}`, 20 << 10, 23, 480 << 10},
		{"matomo", "GET /matomo.php?idsite=1&x=@\n", 10, 25, 256 << 10},
		{"mixpanel", "POST /track" + asForm + `data={"event":"@"}&ip=1`, 10, 50, 900 << 10},
		{"mixpanel", "POST /track" + asForm + `data={"event":"@"}&ip=1`, 100 << 10, 8, 900 << 10},
	} {
		v := batch.New(vendorOf(t, c.vendor))
		var events []delivery.Event
		for range 2*c.events + 1 {
			events = append(events, parsed(strings.Replace(c.request, "@", strings.Repeat("x", c.size), 1)))
		}
		requests, which, lone := joined(t, v, events)
		if len(lone) > 0 || len(requests) != 3 {
			t.Errorf("%s: %d requests, %v alone", c.vendor, len(requests), lone)
			continue
		}
		for i := range requests {
			if want := []int{c.events, c.events, 1}[i]; len(which[i]) != want || len(requests[i].Body) > c.bytes {
				t.Errorf("%s: %d events and %d bytes, want %d", c.vendor, len(which[i]), len(requests[i].Body), want)
			}
		}
	}
}

// TestAddingAfterAsking: a batch that was asked for its request takes more.
func TestAddingAfterAsking(t *testing.T) {
	v := batch.New(vendorOf(t, "segment"))
	var b batch.Batch
	var p batch.Piece
	var out delivery.Event
	e := parsed("POST /v1/t" + asText + `{"type":"track"}`)
	for n := 1; n <= 3; n++ {
		if !v.Cut(&p, &e, true) || !b.Add(&p) {
			t.Fatal("it travels alone")
		}
		b.Event(&out)
		b.Event(&out)
		want := `{"batch":[` + strings.Repeat(`{"type":"track"},`, n-1) + `{"type":"track"}]}`
		if string(out.Body) != want || out.Count != n || string(out.Path) != "/v1/b" {
			t.Errorf("%d events: %s %s", out.Count, out.Path, out.Body)
		}
	}
	b.Reset()
	if b.Events() != 0 || b.Full() || !b.Add(&p) {
		t.Error("it is not as new")
	}
}

// TestReset: nothing of an event stays where another comes, or none does.
func TestReset(t *testing.T) {
	for _, c := range []struct{ vendor, request string }{
		{"posthog", "POST /e/?x=s3cret&compression=gzip-js" + asText +
			`@gzip {"event":"s3cret","properties":{"token":"s3cret"}}`},
		{"mixpanel", "POST /track" + asForm + `ip=s3cret&data=%7B%22event%22%3A%22s3cret%22%7D&x=s3cret`},
		{"matomo", "GET /matomo.php?idsite=1&x=s3cret\nUser-Agent: s3cret\n"},
		{"segment", "POST /v1/t" + asText + `{"type":"track","writeKey":"s3cret","sentAt":"s3cret"}`},
	} {
		v := batch.New(vendorOf(t, c.vendor))
		var p batch.Piece
		var b batch.Batch
		var out delivery.Event
		e := parsed(c.request)
		if !v.Cut(&p, &e, true) || !b.Add(&p) {
			t.Fatalf("%s: it travels alone", c.vendor)
		}
		b.Event(&out)
		group, body := p.Group(), out.Body
		if !strings.Contains(string(body), "s3cret") || !strings.Contains(string(group), "s3cret") && c.vendor != "matomo" {
			t.Errorf("%s: nothing to be seen: %q %q", c.vendor, body, group)
		}
		p.Reset()
		b.Reset()
		if left := string(group) + string(body); strings.Contains(left, "s3cret") || len(p.Group()) > 0 {
			t.Errorf("%s: %q is left", c.vendor, left)
		}
	}
}
