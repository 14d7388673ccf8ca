package rules_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// batchOf is a body of so many events, each of so many fields, as a vendor's SDK sends it.
func batchOf(vendor string, events, fields int) (path, body string) {
	each := func(format string) string {
		var b strings.Builder
		for f := range fields {
			fmt.Fprintf(&b, format, f, f)
		}
		return b.String()
	}
	members := each(`,"field%d":%d`)
	event, between, around := "", ",", "%s"
	switch vendor {
	case "posthog":
		path, event, around = "/batch/", `{"event":"$identify","distinct_id":"d","properties":{"a":1`+members+`}}`,
			`{"api_key":"k","batch":[%s]}`
	case "amplitude":
		path, event, around = "/2/httpapi", `{"event_type":"x","device_id":"d","event_properties":{"a":1`+members+`}}`,
			`{"api_key":"k","events":[%s]}`
	case "segment":
		path, event, around = "/v1/batch", `{"type":"track","event":"x","anonymousId":"d","properties":{"a":1`+members+
			`}}`, `{"batch":[%s]}`
	case "mixpanel":
		path, event, around = "/import", `{"event":"x","properties":{"token":"k","distinct_id":"d"`+members+`}}`, `[%s]`
	case "ga4":
		path, event, between = "/g/collect?v=2&tid=G-1&cid=1.2", "en=x"+each("&ep.field%d=%d"), "\n"
	case "matomo":
		path, event, around = "/matomo.php", `"?idsite=1&rec=1&action_name=x`+each("&dimension%d=%d")+`"`, `{"requests":[%s]}`
	}
	return path, fmt.Sprintf(around, strings.TrimSuffix(strings.Repeat(event+between, events), between))
}

var batching = []string{"posthog", "amplitude", "segment", "mixpanel", "ga4", "matomo"}

// TestFieldsCountByEvent: a batch of many ordinary events is no hit over the limit,
// however many fields they have together.
func TestFieldsCountByEvent(t *testing.T) {
	t.Parallel()
	d := draft()
	d.Limits.Fields = 100
	p := compile(t, d)
	for _, vendor := range batching {
		path, body := batchOf(vendor, 60, 60)
		x := explain(t, p, request(t, "POST "+path+" HTTP/1.1\nContent-Type: application/json\n\n"+body, vendor, yes))
		if len(x.Events) != 60 {
			t.Errorf("%s: %d events, answered with %d", vendor, len(x.Events), x.Respond.Status)
		}
		for _, e := range x.Events {
			if e.Decision != "permit" {
				t.Errorf("%s: event %d is denied: %s", vendor, e.Index, e.Reason)
			}
		}
	}
}

// TestOneEventTooLargeIsDeniedAlone: the others of its batch travel; a hit with none left is over the limit.
func TestOneEventTooLargeIsDeniedAlone(t *testing.T) {
	t.Parallel()
	d := draft()
	d.Limits.Fields = 100
	p := compile(t, d)
	for _, vendor := range batching {
		path, good := batchOf(vendor, 1, 60)
		_, bad := batchOf(vendor, 1, 120)
		_, both := batchOf(vendor, 2, 60)
		inner := func(body string) string { // what stands around an event is the same in all
			_, empty := batchOf(vendor, 0, 0)
			at := strings.Index(empty, "[") + 1
			return body[at : len(body)-(len(empty)-at)]
		}
		mixed := strings.Replace(both, inner(good), inner(bad), 1)
		text := "POST " + path + " HTTP/1.1\nContent-Type: application/json\n\n"
		x := explain(t, p, request(t, text+mixed, vendor, yes))
		if len(x.Events) != 2 || x.Events[0].Reason != "limit" || x.Events[1].Decision != "permit" || x.Forward == nil {
			t.Errorf("%s: %+v", vendor, x.Events)
		} else if strings.Contains(x.Forward.Body, "field110") {
			t.Errorf("%s: forwarded %s", vendor, x.Forward.Body)
		}
		if x := explain(t, p, request(t, text+bad, vendor, yes)); x.Respond.Status != 413 || x.Forward != nil {
			t.Errorf("%s: one event that is too large is answered with %d", vendor, x.Respond.Status)
		}
	}
}

// TestWhatIsLostIsCountedByEvents: of a hit with too many events all are seen.
func TestWhatIsLostIsCountedByEvents(t *testing.T) {
	t.Parallel()
	d := draft()
	d.Limits.Events, d.Given.Events = 10, 10 // as if an operator had written it: no vendor file goes beyond
	p := compile(t, d)
	for _, vendor := range batching {
		path, body := batchOf(vendor, 25, 1)
		r := request(t, "POST "+path+" HTTP/1.1\nContent-Type: application/json\n\n"+body, vendor, yes)
		var j rules.Judgement
		j.Hit.Request = r
		if reason := rules.Read(p, &j, &rules.Inputs{Now: now}, nil); reason != rules.OverLimit || j.Hit.Seen != 25 {
			t.Errorf("%s: %v, %d events were seen", vendor, reason, j.Hit.Seen)
		}
	}
}

func zipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	return b.String()
}

// TestNodesOfAHitAreBounded, whatever they are written as.
func TestNodesOfAHitAreBounded(t *testing.T) {
	t.Parallel()
	d := draft()
	d.Limits.Nodes, d.Limits.Fields = 5000, 100_000
	p := compile(t, d)
	for name, c := range map[string]struct{ vendor, path, body string }{
		"parameters": {"ga4", "/g/collect?v=2&tid=G-1&cid=1.2", "en=x" + strings.Repeat("&a=b", 6000)},
		"empty ones": {"ga4", "/g/collect?v=2&tid=G-1&cid=1.2", "en=x" + strings.Repeat("&", 6000)},
		"lines":      {"ga4", "/g/collect?v=2&tid=G-1&cid=1.2", "en=x" + strings.Repeat("\na", 6000)},
		"members":    {"posthog", "/batch/", `{"batch":[{"event":"x"` + strings.Repeat(`,"a":1`, 6000) + "}]}"},
		"elements": {"posthog", "/batch/", `{"batch":[{"event":"x","properties":{"a":[1` +
			strings.Repeat(`,1`, 6000) + "]}}]}"},
		"empty lists": {"posthog", "/batch/", `{"batch":[{"event":"x","properties":{"a":[[]` + strings.Repeat(
			`,[]`, 6000) + "]}}]}"},
		"in an escape": {"mixpanel", "/track", "data=" + strings.ReplaceAll(`{"event":"x"`+strings.Repeat(`,"a":1`, 6000)+
			"}", `"`, "%22")},
		"in many values": {"matomo", "/matomo.php", `{"requests":["?idsite=1&rec=1"` + strings.Repeat(
			`,"?idsite=1&rec=1&a=1&b=1&c=1"`, 900) + "]}"},
	} {
		x := explain(t, p, request(t, "POST "+c.path+" HTTP/1.1\nContent-Type: text/plain\n\n"+c.body, c.vendor, yes))
		if x.Respond.Status != 413 || x.Forward != nil || x.Why != "it holds more than limits.nodes allows here: 5000" {
			t.Errorf("%s: %d %q", name, x.Respond.Status, x.Why)
		}
	}
}

// TestALimitIsNamed: who asks why is told which limit a hit is over, by its key, and what it is at that endpoint.
func TestALimitIsNamed(t *testing.T) {
	t.Parallel()
	d := draft()
	d.Limits = rules.Limits{Body: 4000, Decompressed: 8000, Events: 5, Depth: 8, Fields: 20, Nodes: 400}
	// as if an operator had written it
	d.Given = catalog.Limits{Body: 4000, Decompressed: 8000, Events: 5, Fields: 20, Nodes: 400}
	p := compile(t, d)
	event := `{"event":"x","properties":{"a":"b"}}`
	for name, c := range map[string]struct{ body, coding, why string }{
		"body": {strings.Repeat(" ", 4001), "", "limits.body allows here: 4000"},
		"decompressed": {zipped(`[{"event":"` + strings.Repeat("x", 9000) + `"}]`), "gzip",
			"limits.decompressed allows here: 8000"},
		"events": {"[" + event + strings.Repeat(","+event, 5) + "]", "", "limits.events allows here: 5"},
		"depth": {`[{"event":"x","properties":{"a":` + strings.Repeat("[", 9) + strings.Repeat("]", 9) + "}}]", "",
			"limits.depth allows here: 8"},
		"fields": {`[{"event":"x","properties":{"a":1` + strings.Repeat(`,"a":1`, 30) + "}}]", "",
			"limits.fields allows here: 20"},
		"nodes": {`[{"event":"x","properties":{"a":1` + strings.Repeat(`,"a":1`, 500) + "}}]", "",
			"limits.nodes allows here: 400"},
	} {
		r := request(t, "POST /e/ HTTP/1.1\nContent-Type: application/json\nContent-Encoding: "+c.coding+
			"\n\n", "posthog", yes)
		r.Body = []byte(c.body)
		if x := explain(t, p, r); x.Respond.Status != 413 || !strings.HasSuffix(x.Why, c.why) {
			t.Errorf("%s: %d %s %q", name, x.Respond.Status, x.Reason, x.Why)
		}
	}
}

// TestRealBatchesUnpackFar: a batch of much the same events reaches 50 times its packed size
// and is no bomb; a text of spaces is one.
func TestRealBatchesUnpackFar(t *testing.T) {
	t.Parallel()
	p := compile(t, draft())
	_, body := batchOf("posthog", 150, 400)
	packed := zipped(body)
	if ratio := len(body) / len(packed); ratio < 40 {
		t.Fatalf("the batch unpacks to %d times its size only", ratio)
	}
	text := "POST /batch/ HTTP/1.1\nContent-Type: application/json\nContent-Encoding: gzip\n\n"
	ask := func(body string) *rules.Explanation {
		r := request(t, text, "posthog", yes)
		r.Body = []byte(body)
		return explain(t, p, r)
	}
	if x := ask(packed); len(x.Events) != 150 || x.Events[149].Decision != "permit" {
		t.Errorf("%d events, answered with %d", len(x.Events), x.Respond.Status)
	}
	for name, c := range map[string]struct{ size, want int }{"small enough that it does not matter": {900 << 10, 200},
		"a bomb": {2 << 20, 413}} {
		x := ask(zipped(strings.Repeat(" ", c.size) + `{"batch":[{"event":"x"}]}`))
		if x.Respond.Status != c.want || strings.HasSuffix(x.Why, "100 times its size") != (c.want == 413) {
			t.Errorf("%s: %d %q", name, x.Respond.Status, x.Why)
		}
	}
}

// TestLimitsOfAnEndpoint: what takes one event takes little, a vendor file may say otherwise, and
// nothing exceeds what the operator wrote.
func TestLimitsOfAnEndpoint(t *testing.T) {
	t.Parallel()
	single, batch := "/v1/t", "/v1/batch"
	for name, c := range map[string]struct {
		path   string
		says   catalog.Limits
		given  catalog.Limits
		length int
		fits   bool
	}{
		"one event, as large as any":    {single, catalog.Limits{}, catalog.Limits{}, 64 << 10, true},
		"one event, larger":             {single, catalog.Limits{}, catalog.Limits{}, 64<<10 + 1, false},
		"a batch":                       {batch, catalog.Limits{}, catalog.Limits{}, 1 << 20, true},
		"a larger batch":                {batch, catalog.Limits{}, catalog.Limits{}, 1<<20 + 1, false},
		"the vendor takes more":         {batch, catalog.Limits{Body: 2 << 20}, catalog.Limits{}, 2 << 20, true},
		"the vendor takes more, of one": {single, catalog.Limits{Body: 128 << 10}, catalog.Limits{}, 128 << 10, true},
		"the vendor takes less":         {batch, catalog.Limits{Body: 32 << 10}, catalog.Limits{}, 32<<10 + 1, false},
		"the operator wrote less": {batch, catalog.Limits{Body: 2 << 20}, catalog.Limits{Body: 1 << 20},
			1<<20 + 1, false},
		"the operator wrote more": {batch, catalog.Limits{}, catalog.Limits{Body: 2 << 20}, 1<<20 + 1, false},
		"the operator wrote what is true": {batch, catalog.Limits{Body: 2 << 20}, catalog.Limits{Body: 2 << 20},
			2 << 20, true},
	} {
		d := draft()
		d.Given = c.given
		for i := range d.Vendors {
			if d.Vendors[i].ID != "segment" {
				continue
			}
			file := *d.Vendors[i].Catalog
			file.Endpoints = append([]catalog.EndpointFile(nil), file.Endpoints...)
			for e := range file.Endpoints {
				file.Endpoints[e].Limits = c.says
			}
			d.Vendors[i].Catalog = &file
		}
		body := `{"batch":[{"type":"track","event":"x"}],"type":"track","event":"x"}`
		r := request(t, "POST "+c.path+" HTTP/1.1\nContent-Type: application/json\n\n"+body, "segment", yes)
		r.Body = append(r.Body, bytes.Repeat([]byte{' '}, c.length-len(r.Body))...)
		if x := explain(t, compile(t, d), r); (x.Respond.Status != 413) != c.fits {
			t.Errorf("%s: %d", name, x.Respond.Status)
		}
	}
}

// TestAHopelessHitIsNotSentAgain: over a limit is answered so that SDKs send less at a time,
// unless nothing they send would travel.
func TestAHopelessHitIsNotSentAgain(t *testing.T) {
	t.Parallel()
	const no = `Cookie: site_consent={"analytics":"no"}`
	banner := signal.Source{Kind: signal.Own, Cookie: "site_consent", JSON: "analytics", Category: "analytics",
		Granted: []string{"yes"}, Refused: []string{"no"}}
	inBody, inQuery := banner, banner
	inBody.Cookie, inBody.Body = "", "consent"
	inQuery.Cookie, inQuery.Query = "", "consent"
	consent := rules.DraftActivity{ID: "consent", Vendor: "segment", Purposes: []string{"audience"}, Basis: basis.Consent,
		Profile: "standard", Events: []string{"*"}}
	contract := consent
	contract.ID, contract.Basis, contract.Reference = "contract", basis.Contract, "terms"
	elsewhere := contract
	elsewhere.Regions = []string{"US"}
	for name, c := range map[string]struct {
		signals []signal.Source
		rungs   []rules.DraftActivity
		header  string
		status  int
		reason  rules.Reason
	}{
		"consent": {[]signal.Source{banner}, []rules.DraftActivity{consent},
			yes, 413, rules.OverLimit},
		"refused": {[]signal.Source{banner}, []rules.DraftActivity{consent}, no,
			200, rules.ConsentRefused},
		"no choice": {[]signal.Source{banner}, []rules.DraftActivity{consent}, "X: y",
			200, rules.NoConsent},
		"refused, with GPC listed": {[]signal.Source{banner, {Kind: signal.GPC}},
			[]rules.DraftActivity{consent}, no, 200, rules.ConsentRefused},
		"a rung without consent": {[]signal.Source{banner}, []rules.DraftActivity{consent, contract},
			no, 413, rules.OverLimit},
		"such a rung elsewhere": {[]signal.Source{banner}, []rules.DraftActivity{consent, elsewhere}, no,
			200, rules.ConsentRefused},
		"no rung": {[]signal.Source{banner},
			[]rules.DraftActivity{{ID: "other", Vendor: "ga4", Purposes: []string{"audience"}, Basis: basis.Consent,
				Profile: "standard", Events: []string{"*"}}}, no, 200, rules.NoActivity},
		"a source in the body": {[]signal.Source{banner, inBody}, []rules.DraftActivity{consent},
			no, 413, rules.OverLimit},
		"a source in the query": {[]signal.Source{banner, inQuery}, []rules.DraftActivity{consent},
			no, 413, rules.OverLimit},
		"consent mode": {[]signal.Source{banner, {Kind: signal.ConsentMode}},
			[]rules.DraftActivity{consent}, no, 413, rules.OverLimit},
		"the SDK's own consent object": {[]signal.Source{banner, {Kind: signal.Payload}},
			[]rules.DraftActivity{consent}, no, 413, rules.OverLimit},
		"a TC string, which may be in the query": {[]signal.Source{banner, {Kind: signal.TransparencyConsent}},
			[]rules.DraftActivity{consent}, no, 413, rules.OverLimit},
	} {
		d := draft(c.rungs...)
		d.Sites[0].Signals = c.signals
		p := compile(t, d)
		for what, body := range map[string]string{
			"too long":      `{"batch":[{"type":"track","event":"x"}` + strings.Repeat(" ", 1<<20) + `]}`,
			"too many":      `{"batch":[{"type":"track","event":"x"}` + strings.Repeat(`,{"type":"track"}`, 1001) + `]}`,
			"too deep":      strings.Repeat(`{"batch":[`, 50),
			"one too large": `{"batch":[{"type":"track","event":"x"` + strings.Repeat(`,"a":1`, 2001) + `}]}`,
		} {
			r := request(t, "POST /v1/batch HTTP/1.1\nContent-Type: application/json\n\n"+body, "segment", c.header)
			if x := explain(t, p, r); x.Respond.Status != c.status || x.Forward != nil {
				t.Errorf("%s, %s: answered with %d", name, what, x.Respond.Status)
			}
			var j rules.Judgement
			j.Hit.Request = hit.Request{Method: r.Method, Host: r.Host, Path: r.Path, Query: r.Query, Headers: r.Headers}
			in := rules.Inputs{Now: now}
			if reason := rules.FindRoute(p, &j); reason != rules.Unjudged {
				t.Fatalf("%s: %v", name, reason)
			}
			if reason := rules.Overlong(&j, &in); reason != c.reason {
				t.Errorf("%s: of the head alone %v, want %v", name, reason, c.reason)
			}
		}
	}
}
