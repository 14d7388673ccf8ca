package rules_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/minimise"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// shownDraft is a policy with something of everything that an explanation can show: three rungs a
// vendor, lines that name fields, constants.
func shownDraft(t *testing.T) *rules.Draft {
	d := draft(rules.DraftActivity{})
	d.Activities = nil
	d.Assessments = register(t)
	d.Limits = rules.Limits{Body: 4000, Decompressed: 8000, Events: 5, Depth: 12, Fields: 80, Nodes: 200}
	d.Given.Body, d.Given.Decompressed = 4000, 8000
	for _, id := range []string{"ga4", "ga4_mp", "segment", "posthog", "matomo", "mixpanel"} {
		activity := func(name, profile string, b basis.Basis, events ...string) rules.DraftActivity {
			return rules.DraftActivity{
				ID: id + "-" + name, Vendor: id, Purposes: []string{"audience"}, Basis: b, Assessment: "LIA-3",
				Reference: "terms of use", Profile: profile, Events: events,
			}
		}
		d.Activities = append(d.Activities, activity("consent", "wide", basis.Consent, "*"), activity("interest", "narrow",
			basis.LegitimateInterest, "login", "sign_up"))
		one := activity("contract", "narrow", basis.Contract, "page_view", "x", "purchase")
		one.Regions = []string{"DE", "US-CA", "UK"}
		d.Activities = append(d.Activities, one)
	}
	d.Profiles = []rules.DraftProfile{{
		ID: "wide", Classes: maps.Clone(firstPart),
		Fields: map[string]map[string]minimise.Spec{
			"ga4": {"ep.*": {Kind: minimise.Scrub}, "uid": daily, "sr": {Kind: minimise.Drop}, "dr": keep},
			"segment": {"properties.*": {Kind: minimise.Scrub}, "context.traits.email": daily,
				"messageId": {Kind: minimise.Drop}},
		},
		Set: map[string]map[string]string{"ga4": {"ir": "1", "dt": "hidden"}, "segment": {"context.ip": "0.0.0.0",
			"context.device.id": "none"}, "mixpanel": {"properties.ip": "0"}},
		Place: func(path ...string) string {
			return "profiles.yaml:" + strings.Join(path, "/")
		},
	}, {ID: "narrow", Classes: maps.Clone(cookieless)}}
	return d
}

// show writes an explanation as lines that people can read.
func show(b *strings.Builder, x *rules.Explanation) {
	line := func(format string, args ...any) {
		b.WriteString(strings.TrimRight(fmt.Sprintf(format, args...), " ") + "\n")
	}
	line("  %s %s %s, region %q, policy %s: %s %s", x.Site, x.Vendor, x.Endpoint, x.Region, x.Policy, x.Decision, x.Reason)
	if x.Why != "" {
		line("  why: %s", x.Why)
	}
	if x.Forward != nil && x.Forward.BodyBase64 != "" || x.Endpoint == "batch" && x.Vendor == "posthog" {
		// how well something is packed is nobody's promise
		line("  packed, %d subjects, asked %t", x.Subjects, x.Asked)
	} else {
		line("  %d bytes in, %d out, %d subjects, asked %t", x.Bytes.In, x.Bytes.Out, x.Subjects, x.Asked)
	}
	for _, s := range x.Signals {
		line("  signal %s in %s: %s %s", s.Source, s.Where, s.State, s.Says)
	}
	fields := func(at string, fields []rules.ExplainedField) {
		for _, f := range fields {
			line("  %s %s (%s): %s, sent %t, %q to %q; rule %q, why %q, found %v", at, f.Path, f.Class, f.Action, f.Sent,
				f.Before, f.After, f.Rule, f.Why, f.Found)
		}
	}
	for _, e := range x.Events {
		line("  event %d %q: %s %s %s, %s %s, objections %v", e.Index, e.Name, e.Decision, e.Reason, e.Activity, e.Basis,
			e.Assessment, e.Objections)
		for _, r := range e.Ladder {
			line("    rung %s: %s %s", r.Activity, r.Decision, r.Reason)
		}
		fields("  field", e.Fields)
	}
	fields("shared", x.Shared)
	headers := func(all map[string]string) {
		for _, name := range slices.Sorted(maps.Keys(all)) {
			line("    %s: %s", name, all[name])
		}
	}
	if f := x.Forward; f != nil {
		line("  forward %s %s", f.Method, f.URL)
		headers(f.Headers)
		packed, err := base64.StdEncoding.DecodeString(f.BodyBase64)
		if r, e := gzip.NewReader(bytes.NewReader(packed)); err == nil && e == nil {
			packed, _ = io.ReadAll(r)
		}
		line("    body %s, packed %s", f.Body, packed)
	}
	line("  respond %d %s %s", x.Respond.Status, x.Respond.Body, x.Respond.BodyBase64)
	headers(x.Respond.Headers)
}

// shownHit is a hit whose explanation is written down.
type shownHit struct {
	name, vendor string
	text         string
	headers      []string
	change       func(q *rules.Question)
}

func shownHits() []shownHit {
	const asJSON = " HTTP/1.1\nContent-Type: application/json\n\n"
	const page = "GET /g/collect?v=2&tid=G-1&cid=555.666&uid=u-17&gcs=G111&gcd=13r3r3r3r5&npa=0&dma_cps=sypham&sr=1920x1080&ul=de-de&dr=https%3A%2F%2Fa.example%2Fx%3Fq%3D1" +
		"&dl=https%3A%2F%2Fshop.example%2Faccount%2F12345%3Femail%3Djane%2540example.com%26utm_source%3Dx&dt=Jane&en=page_view&ep.a=jane%40example.com&epn.b=12.5&zz=1 HTTP/1.1\n\n"
	unsaid := strings.NewReplacer("G111", "G1--", "13r3r3r3r5", "13l3l3l3l5", "&npa=0", "").Replace(page)
	two := "POST /g/collect?v=2&tid=G-1&cid=555.666 HTTP/1.1\nContent-Type: text/plain\n\nen=page_view&dt=One&ep.a=x\r\nen=login&dt=Two\r\nen=scroll&gcs=G100"
	segment := "POST /v1/batch" + asJSON + `{"sentAt":"2026-05-04T12:00:00.000Z","batch":[` +
		`{"type":"track","event":"x","userId":"u-17","anonymousId":"b1946ac9","messageId":"m-1","timestamp":"2026-05-04T11:59:58.123Z","properties":{"a":"call +49 30 901820 11","b":[1,true,null,{"c":"d"}],"e":{}},"context":{"ip":"203.0.113.9","traits":{"email":"jane@example.com","zzz":1},"page":{"url":"https://shop.example/?a=b","title":"T"}}},` +
		`{"type":"page","name":"Home","anonymousId":"b1946ac9","messageId":"m-2"},{"type":"track","event":"login","zzz":{"y":[]}}]}`
	zip := func(text string) string {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		_, _ = w.Write([]byte(text))
		_ = w.Close()
		return b.String()
	}
	german := "CF-IPCountry: DE"
	return []shownHit{
		{"consented", "ga4", page, []string{yes, german, "User-Agent: Mozilla/5.0 (X11; Linux x86_64) Chrome/141.0.0.0",
			"Sec-GPC: 0"}, nil},
		{"silent", "ga4", unsaid, []string{german}, nil},
		{"silent elsewhere", "ga4", unsaid, []string{"CF-IPCountry: BR"}, nil},
		{"GPC", "ga4", page, []string{yes, "Sec-GPC: 1", "DNT: 1"}, nil},
		{"npa is added", "ga4", strings.Replace(page, "&npa=0", "", 1), []string{yes}, nil},
		{"npa is added to an event", "ga4", two + "&npa=0\nen=x&gcs=G111", []string{yes}, nil},
		{"objected", "ga4", page, []string{yes, german}, func(q *rules.Question) {
			q.Objections = []string{"audience", "vendor:matomo"}
		}},
		{"objected to all", "ga4", page, []string{yes}, func(q *rules.Question) { q.Objections = []string{"all"} }},
		{"objected in the browser", "ga4", page, []string{yes + "; __Host-tagwarden-objections=ads/vendor:ga4"}, nil},
		{"region given", "ga4", unsaid, nil, func(q *rules.Question) { q.Region = "US-CA" }},
		{"signals given", "ga4", page, nil, func(q *rules.Question) { q.Signals = &signal.Signals{} }},
		{"three events", "ga4", two, []string{yes}, nil},
		{"three events, silent", "ga4", two, []string{"CF-IPCountry: GB"}, nil},
		{"a batch", "segment", segment, []string{yes, "Authorization: Basic d2s6"}, nil},
		{"a batch, silent", "segment", segment, []string{german}, nil},
		{"an event too large", "segment", "POST /v1/batch" + asJSON +
			`{"batch":[{"type":"track","event":"x","properties":{"a":1` + strings.Repeat(`,"b":1`, 90) +
			`}},{"type":"track","event":"y"}]}`, []string{yes}, nil},
		{"a malformed event", "segment", "POST /v1/batch" + asJSON + `{"batch":["x",{"type":"track","event":"y"},7]}`,
			[]string{yes}, nil},
		{"on the server", "ga4_mp", "POST /mp/collect?measurement_id=G-1&api_secret=s" + asJSON +
			`{"client_id":"1.2","user_id":"u-17","non_personalized_ads":false,"consent":{"ad_user_data":"GRANTED","ad_personalization":"DENIED"},"events":[{"name":"page_view","params":{"page_title":"Jane"}},{"name":"x"}]}`,
			[]string{yes}, nil},
		{"a form", "matomo", "GET /matomo.php?idsite=1&rec=1&_id=0123456789abcdef&action_name=Jane&url=https%3A%2F%2Fshop.example%2F HTTP/1.1\n\n",
			[]string{yes}, nil},
		{"carried", "mixpanel", "POST /track/?ip=1" + asJSON +
			`[{"event":"x","properties":{"token":"k","distinct_id":"d","$current_url":"https://shop.example/"}},{"event":"y","properties":{"token":"k","ip":"198.51.100.7"}}]`,
			[]string{yes}, nil},
		{"a stream", "posthog", "POST /s/ HTTP/1.1\nContent-Type: text/plain\n\n[1]", []string{yes + "; " + visitor}, nil},
		{"a question", "posthog", "POST /flags/?v=2" + asJSON + `{"token":"phc_x","distinct_id":"d"}`, []string{yes}, nil},
		{"a script", "posthog", "GET /static/array.js HTTP/1.1\n\n", []string{yes}, nil},
		{"coded", "posthog", "POST /batch/ HTTP/1.1\nContent-Type: application/json\nContent-Encoding: gzip\n\n",
			[]string{yes}, func(q *rules.Question) {
				q.Request.Body = []byte(
					zip(`{"api_key":"k","batch":[{"event":"x","distinct_id":"d","properties":{"$current_url":"https://shop.example/"}}]}`))
			}},
		{"a coding that nobody uses", "posthog", "POST /batch/ HTTP/1.1\nContent-Encoding: br\n\nx", []string{yes}, nil},
		{"in parts", "posthog", "POST /batch/ HTTP/1.1\nContent-Type: Multipart/form-data\n\nx", []string{yes}, nil},
		{"not JSON", "segment", "POST /v1/batch" + asJSON + `{"batch":`, []string{yes}, nil},
		{"too large", "segment", "POST /v1/batch" + asJSON + strings.Repeat(" ", 4001), []string{yes}, nil},
		{"too many events", "segment", "POST /v1/batch" + asJSON + `{"batch":[{},{},{},{},{},{}]}`, []string{yes}, nil},
		{"too deep", "segment", "POST /v1/t" + asJSON + `{"a":` + strings.Repeat("[", 12) + strings.Repeat("]", 12) + "}",
			[]string{yes}, nil},
		{"unpacks too far", "posthog", "POST /batch/ HTTP/1.1\nContent-Encoding: gzip\n\n", []string{yes},
			func(q *rules.Question) {
				q.Request.Body = []byte(zip(strings.Repeat(" ", 9000)))
			}},
		{"too many fields", "matomo", "GET /matomo.php?idsite=1&rec=1" + strings.Repeat("&a=1", 300) + " HTTP/1.1\n\n",
			[]string{yes}, nil},
		{"another host", "ga4", page, []string{yes}, func(q *rules.Question) { q.Request.Host = []byte("other.example") }},
		{"another path", "ga4", "GET /g/other HTTP/1.1\n\n", []string{yes}, nil},
		{"nobody's path", "nobody", "GET /g/other HTTP/1.1\n\n", []string{yes}, nil},
		{"another method", "ga4", "PUT /g/collect HTTP/1.1\n\n", []string{yes}, nil},
		{"unreadable", "ga4", page, []string{yes}, func(q *rules.Question) { q.Refused = true }},
		{"without keys", "ga4", page, []string{yes}, func(q *rules.Question) { q.Keys = nil }},
		{"a preflight", "ga4", "OPTIONS /g/collect HTTP/1.1\nAccess-Control-Request-Method: POST\n\n", nil, nil},
		{"a preflight of an unknown path", "ga4", "OPTIONS /g/other HTTP/1.1\nAccess-Control-Request-Method: POST\n\n",
			nil, nil},
		{"a preflight of nobody's path", "nobody", "OPTIONS /x HTTP/1.1\nAccess-Control-Request-Method: POST\n\n", nil, nil},
		{"a preflight of another host", "ga4", "OPTIONS /g/collect HTTP/1.1\nAccess-Control-Request-Method: POST\n\n", nil,
			func(q *rules.Question) {
				q.Request.Host = []byte("other.example")
			}},
		{"an unreadable preflight", "ga4", "OPTIONS /g/collect HTTP/1.1\nAccess-Control-Request-Method: POST\n\n", nil,
			func(q *rules.Question) {
				q.Refused = true
			}},
	}
}

// TestExplanationsInFull: everything that an explanation says of hits of every kind. UPDATE_GOLDEN=1 writes the file
// anew; what changed is then to be read line by line.
func TestExplanationsInFull(t *testing.T) {
	t.Parallel()
	p := compile(t, shownDraft(t))
	keys := rules.NewKeys(pseudonym.TestRoot, p, now)
	var b strings.Builder
	for _, c := range shownHits() {
		if !slices.ContainsFunc(c.headers, func(line string) bool { return strings.HasPrefix(line, "User-Agent:") }) {
			c.headers = append(asBrowsers(), c.headers...)
		}
		q := rules.Question{Request: request(t, c.text, c.vendor, c.headers...), At: now, Keys: keys}
		if c.change != nil {
			c.change(&q)
		}
		x, err := p.Explain(&q)
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString(c.name + "\n")
		show(&b, x)
		// What leaves, event by event, and what the ledger says of it.
		var j rules.Judgement
		j.Hit.Reset()
		j.Hit.Request = request(t, c.text, c.vendor, c.headers...)
		if c.change != nil || rules.Read(p, &j, &rules.Inputs{Now: now, Keys: keys, NewestForm: true},
			nil) != rules.Unjudged {
			continue
		}
		j.Objections = make([]rules.Objections, len(j.Hit.Events))
		if rules.Judge(&j, &rules.Inputs{Now: now, Keys: keys}) != rules.Unjudged {
			continue
		}
		for e := range j.Hit.Events {
			kept, changed, dropped := j.Shape(e)
			fmt.Fprintf(&b, "  shape %d: kept %v, changed %v, dropped %v\n", e, kept, changed, dropped)
			if j.Out.Forward {
				fmt.Fprintf(&b, "  bytes %d: %s\n", e, j.EventBytes(e))
			}
		}
		for _, s := range j.Subjects {
			fmt.Fprintf(&b, "  subject of %d: %v %x, in the ledger %x\n", s.Event, s.Class, s.Hash[:4], s.Ledger[:4])
		}
	}
	const file = "testdata/explained.golden.txt"
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	sameLines(t, b.String(), read(t, file))
}

// TestQuestionsThatCannotBeAsked: the error says which scope or region is none.
func TestQuestionsThatCannotBeAsked(t *testing.T) {
	t.Parallel()
	p := compile(t, draft())
	for want, q := range map[string]rules.Question{
		`"nothing" is no scope of an objection: a purpose's id, vendor:ID or all is`: {
			Objections: []string{"ads", "nothing"}},
		`"vendor:nobody" is no scope of an objection: a purpose's id, vendor:ID or all is`: {
			Objections: []string{"vendor:nobody"}},
		"": {Region: "Atlantis"},
	} {
		q.Request = request(t, pageView, "ga4")
		x, err := p.Explain(&q)
		if err == nil || x != nil || !strings.Contains(err.Error(), want) || q.Region != "" && !strings.Contains(err.Error(),
			`"Atlantis" is no region`) {
			t.Errorf("%v", err)
		}
	}
	// An objection and a restriction, of every scope that there is, are named as they are read.
	for _, name := range p.ScopeNames() {
		o, ok := p.Objection(name)
		if got := p.Scopes(o); !ok || !slices.Equal(got, []string{name}) {
			t.Errorf("%s is %v", name, got)
		}
		var all rules.Objections
		if all.Adds(rules.Objections{}) || !all.Adds(o) || o.Adds(o) || o.Any() != true || all.Any() {
			t.Errorf("%s: what it adds", name)
		}
		if all.Merge(o); all != o {
			t.Errorf("%s: merged it is %+v", name, all)
		}
		for _, other := range p.ScopeNames() {
			b, _ := p.Objection(other)
			if o.Adds(b) == (name == other) {
				t.Errorf("%s adds to %s: %t", other, name, o.Adds(b))
			}
		}
	}
	var restricted rules.Objections
	if restricted.Merge(rules.Objections{Restricted: true}); !restricted.Restricted {
		t.Error("a restriction is lost")
	}
	if restricted.Merge(rules.Objections{}); !restricted.Restricted || restricted.Any() {
		t.Error("a restriction is lost")
	}
	if o, ok := p.Objection("vendor:nobody"); ok || o.Any() {
		t.Error("an objection to nobody")
	}
}

// TestExplainedNames: where a name says what a field is, and the profile has no line for that, explaining says so.
func TestExplainedNames(t *testing.T) {
	t.Parallel()
	d := draft()
	classes := d.Profiles[0].Classes
	classes["custom"] = keep
	delete(classes, "user_id")
	delete(classes, "product")
	x := explain(t, compile(t, d),
		request(t, "GET /g/collect?v=2&tid=G-1&cid=12.17&en=page_view&ep.kundennummer=K1&ep.colour=red&pr1=nmShoe",
			"ga4", yes))
	want := map[string]string{"ep.kundennummer": "it is taken for user_id, too, and no line names that",
		"ep.colour": "", "pr1": ""}
	for _, f := range x.Events[0].Fields {
		if why, asked := want[f.Path]; asked && f.Why != why {
			t.Errorf("%s: %q", f.Path, f.Why)
		}
		delete(want, f.Path)
	}
	if len(want) > 0 {
		t.Errorf("not found: %v in %+v", want, x.Events[0].Fields)
	}
}
