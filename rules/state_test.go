package rules_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/minimise"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// stated are vendors that can be told something, each with hits whose page is silent, says yes, or says no. EVENT and
// LAST stand for the names of two events.
var stated = []struct {
	vendor string
	hits   [][2]string // what the page says, and the hit
}{
	{"ga4", [][2]string{
		{"silent", "GET /g/collect?v=2&tid=G-1&en=EVENT HTTP/1.1\n\n"},
		{"silent, by a tag without consent mode",
			"GET /g/collect?v=2&tid=G-1&gcd=13l3l3l3l1l1&npa=0&dma=0&en=EVENT HTTP/1.1\n\n"},
		{"yes", "GET /g/collect?v=2&tid=G-1&gcs=G111&gcd=13r3r3r3r5l1&npa=0&dma=1&dma_cps=syphamo&us_privacy=1YNN&en=EVENT HTTP/1.1\n\n"},
		{"yes by default", "GET /g/collect?v=2&tid=G-1&gcs=G111&gcd=13t3t3t3t5l1&en=EVENT HTTP/1.1\n\n"},
		{"no", "GET /g/collect?v=2&tid=G-1&gcs=G100&gcd=13q3q3q3q5l1&npa=1&dma=1&dma_cps=-&us_privacy=1YYN&en=EVENT HTTP/1.1\n\n"},
		{"no to personal advertising alone", "GET /g/collect?v=2&tid=G-1&npa=1&en=EVENT HTTP/1.1\n\n"},
		{"what cannot be read", "GET /g/collect?v=2&tid=G-1&gcs=zz&us_privacy=YES&en=EVENT HTTP/1.1\n\n"},
		{"silent, a batch", "POST /g/collect?v=2&tid=G-1 HTTP/1.1\nContent-Type: text/plain\n\nen=EVENT\nen=LAST"},
		{"yes, in a line", "POST /g/collect?v=2&tid=G-1 HTTP/1.1\nContent-Type: text/plain\n\nen=EVENT&gcs=G111\nen=LAST"},
		{"no, in the last line",
			"POST /g/collect?v=2&tid=G-1 HTTP/1.1\nContent-Type: text/plain\n\nen=EVENT\nen=LAST&gcs=G100"},
	}},
	{"ga4_mp", [][2]string{
		{"silent", measured(`"client_id":"1.2","events":[{"name":"EVENT"},{"name":"LAST"}]`)},
		{"yes", measured(`"consent":{"ad_user_data":"GRANTED","ad_personalization":"GRANTED"},"client_id":"1.2","events":[{"name":"EVENT"}]`)},
		{"no", measured(`"consent":{"ad_user_data":"DENIED","ad_personalization":"DENIED"},"client_id":"1.2","events":[{"name":"EVENT"}]`)},
		{"half", measured(`"consent":{"ad_user_data":"DENIED"},"client_id":"1.2","events":[{"name":"EVENT"}]`)},
		{"no object", measured(`"consent":"yes","client_id":"1.2","events":[{"name":"EVENT"}]`)},
	}},
	{"meta_pixel", [][2]string{
		{"silent", "GET /tr/?id=1&ev=EVENT HTTP/1.1\n\n"},
		{"yes", "GET /tr/?id=1&ev=EVENT&dpo=&dpoco=0&dpost=0 HTTP/1.1\n\n"},
		{"no", "GET /tr/?id=1&ev=EVENT&dpo=LDU&dpoco=1&dpost=1000 HTTP/1.1\n\n"},
		{"silent, in a form", "POST /tr/ HTTP/1.1\nContent-Type: application/x-www-form-urlencoded\n\nid=1&ev=EVENT"},
	}},
	{"meta_capi", [][2]string{
		{"silent", converted(`{"event_name":"EVENT","event_time":1779998400,"action_source":"website"},{"event_name":"LAST","event_time":1779998400,"action_source":"website"}`)},
		{"yes", converted(`{"event_name":"EVENT","event_time":1779998400,"action_source":"website","data_processing_options":[],"opt_out":false}`)},
		{"no", converted(`{"event_name":"EVENT","event_time":1779998400,"action_source":"website","data_processing_options":["LDU"],"data_processing_options_country":1,"data_processing_options_state":1000,"opt_out":true}`)},
		{"no, as a text", converted(
			`{"event_name":"EVENT","event_time":1779998400,"action_source":"website","data_processing_options":"LDU"}`)},
	}},
	{"own", [][2]string{
		{"silent", "POST /c HTTP/1.1\nContent-Type: application/json\n\n" + `{"e":"EVENT"}`},
		{"yes", "POST /c HTTP/1.1\nContent-Type: application/json\n\n" +
			`{"e":"EVENT","limited_data_use":false,"consent":{"ads":"granted","stats":"granted"},"tracking":true}`},
		{"no", "POST /c HTTP/1.1\nContent-Type: application/json\n\n" +
			`{"e":"EVENT","limited_data_use":true,"consent":{"ads":"denied","stats":"denied"},"tracking":false}`},
	}},
}

// ownStates is a vendor of a site's own that can be told something.
const ownStates = `
id: own
name: Own
hosts: { api: "https://own.example" }
event: [{ field: e }]
fields:
  e: { class: event_name, required: true }
  limited_data_use: { class: consent_signal }
  "consent.ads":    { class: consent_signal }
  "consent.stats":  { class: consent_signal }
  tracking:         { class: consent_signal }
state:
  - { advertising: [none], always: { limited_data_use: "true", consent.ads: denied }, spoken: { tracking: "false" } }
  - { advertising: [consent], silent: { consent.ads: granted } }
  - { analytics: [consent], silent: { consent.stats: granted } }
  - { regions: [US-CA], silent: { limited_data_use: "false" } }
endpoints:
  - { id: collect, methods: [POST], path: /c, body: [json], events: [body], answer: { status: 204 } }
`

func measured(members string) string {
	return "POST /mp/collect?measurement_id=G-1&api_secret=s HTTP/1.1\nContent-Type: application/json\n\n{" + members + "}"
}

func converted(events string) string {
	return "POST /v21.0/1/events?access_token=x HTTP/1.1\nContent-Type: application/json\n\n" + `{"data":[` + events + "]}"
}

// statedDraft has an activity on one ground for every vendor that is told something, and one
// on a contract for events of name "law".
func statedDraft(t testing.TB, profile string, change func(a *rules.DraftActivity)) *rules.Draft {
	d := draft(rules.DraftActivity{})
	d.Activities = nil
	d.Assessments = register(t)
	d.Sites[0].Region.Default, d.Sites[0].Region.Subdivision = "", "X-Part"
	own, err := catalog.Parse([]byte(ownStates))
	if err != nil {
		t.Fatal(err)
	}
	d.Vendors = append(d.Vendors, rules.DraftVendor{ID: "own", Catalog: own, Prefix: "/own"})
	d.Sites[0].Signals = []signal.Source{
		{Kind: signal.Own, Cookie: "own", Category: "analytics", Granted: []string{"yes"}},
		{Kind: signal.Own, Cookie: "own", Category: "marketing", Granted: []string{"yes"}},
	}
	d.Purposes = []rules.Purpose{
		{ID: "audience", Categories: []string{"analytics"}}, {ID: "ads", Categories: []string{"marketing"}}, {ID: "security"},
	}
	d.Profiles = append(d.Profiles, rules.DraftProfile{ID: "no signals", Classes: cookieless})
	for _, s := range stated {
		a := rules.DraftActivity{ID: s.vendor, Vendor: s.vendor, Purposes: []string{"audience"}, Reference: "terms",
			Profile: profile, Events: []string{"view"}}
		if change(&a); a.Basis != basis.LegitimateInterest {
			a.Assessment = ""
		}
		d.Activities = append(d.Activities, a, rules.DraftActivity{
			ID: s.vendor + "-law", Vendor: s.vendor, Purposes: []string{"security"}, Basis: basis.Contract, Reference: "terms",
			Profile: profile, Events: []string{"law"},
		})
	}
	return d
}

// TestStated: what each vendor is told, whatever its page says, on every ground, in each region that makes a
// difference; of a batch what its strictest event travels on. UPDATE_GOLDEN=1 writes the file anew; what
// changed is then to be read line by line.
func TestStated(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, ground := range []struct {
		name    string
		regions string
		change  func(a *rules.DraftActivity)
	}{
		{"consent to statistics", "DE US-CA ?", func(a *rules.DraftActivity) { a.Basis = basis.Consent }},
		{"consent to advertising", "DE US-CA", func(a *rules.DraftActivity) {
			a.Basis, a.Purposes = basis.Consent, []string{"ads"}
		}},
		{"consent to both", "DE", func(a *rules.DraftActivity) {
			a.Basis, a.Purposes = basis.Consent, []string{"audience", "ads"}
		}},
		{"a legitimate interest", "DE GB US-CA US-CO US-CT US-NY", func(a *rules.DraftActivity) {
			a.Basis, a.Assessment = basis.LegitimateInterest, "LIA-1"
		}},
		{"not opted out of statistics", "US-CA", func(a *rules.DraftActivity) { a.Basis = basis.OptOut }},
		{"not opted out of advertising", "US-CA", func(a *rules.DraftActivity) {
			a.Basis, a.Purposes = basis.OptOut, []string{"ads"}
		}},
		{"a contract", "DE", func(a *rules.DraftActivity) { a.Basis = basis.Contract }},
	} {
		for _, profile := range []string{"all", "no signals"} {
			p := compile(t, statedDraft(t, profile, ground.change))
			in := rules.Inputs{Now: now, Keys: keysOf(p)}
			for region := range strings.FieldsSeq(ground.regions) {
				fmt.Fprintf(&b, "on %s, %s, profile %s\n", ground.name, region, profile)
				country, part, _ := strings.Cut(region, "-")
				for _, s := range stated {
					for _, h := range s.hits {
						for _, last := range []string{"view", "law"} {
							if last == "law" && !strings.Contains(h[1], "LAST") {
								continue
							}
							text := strings.NewReplacer("EVENT", "view", "LAST", last).Replace(h[1])
							r := request(t, text, s.vendor, "Cookie: own=yes", "CF-IPCountry: "+country, "X-Part: "+part)
							r.Address = r.Address.Prev()
							var j rules.Judgement
							if reason := readInto(&j, p, &in, r); reason != rules.Unjudged {
								t.Fatalf("%s: %v", text, reason)
							}
							if reason := rules.Judge(&j, &in); reason != rules.Unjudged || !j.Out.Forward {
								t.Fatalf("%s on %s: %v %v", text, ground.name, reason, j.Verdicts)
							}
							fmt.Fprintf(&b, "  %s, %s, last %s: ?%s %q\n", s.vendor, h[0], last, j.Out.Query, j.Out.Body)
						}
					}
				}
			}
		}
	}
	const file = "testdata/stated.golden.txt"
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	sameLines(t, b.String(), read(t, file))
}

// TestEveryFieldOfChoicesIsToldOrNot: each vendor of the catalog with fields that say what the visitor chose is told
// something in them, or it is known why not.
func TestEveryFieldOfChoicesIsToldOrNot(t *testing.T) {
	t.Parallel()
	untold := map[string]string{
		"matomo":   "it has one field, which says yes where the page does: it leaves with what travels on a yes",
		"mixpanel": "the field is about addresses, not about a choice", "posthog": "likewise",
		"snowplow": "its events of consent are records of an act: nothing is sent on by them",
	}
	for _, id := range catalog.BuiltinIDs() {
		f, _ := catalog.Builtin(id)
		speaks := f.Has("consent_signal", "")
		told := len(f.State) > 0
		if speaks && !told && untold[id] == "" {
			t.Errorf("%s has fields of class consent_signal, and no state: say what it is told, or here why it is told nothing",
				id)
		}
		if untold[id] != "" && (told || !speaks) {
			t.Errorf("%s needs no reason", id)
		}
	}
}

// TestWhatCoversAdvertising: the one rule of what a purpose covers.
func TestWhatCoversAdvertising(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		purpose rules.Purpose
		mapped  map[string]string // signals.consent_mode of the site
		want    string
	}{
		{rules.Purpose{Categories: []string{"analytics"}}, nil, "gcd=13p3r3p3p5l1&gcs=G101&npa=1"},
		{rules.Purpose{Categories: []string{"marketing"}}, nil, "gcd=13r3l3r3r5l1&gcs=G11-"},
		{rules.Purpose{Categories: []string{"marketing", "analytics"}}, nil, "gcd=13r3r3r3r5l1&gcs=G111"},
		{rules.Purpose{Categories: []string{"werbung"}}, nil, "gcd=13p3l3p3p5l1&gcs=G10-&npa=1"},
		{rules.Purpose{Categories: []string{"werbung"}}, map[string]string{"ad_storage": "werbung",
			"ad_user_data": "werbung"},
			"gcd=13r3l3r3p5l1&gcs=G11-&npa=1"},
		{rules.Purpose{Categories: []string{"werbung"}, TCF: []int{1, 4}}, nil, "gcd=13r3l3r3r5l1&gcs=G11-"},
		{rules.Purpose{Categories: []string{"werbung"}, TCF: []int{1, 2}}, nil, "gcd=13r3l3r3p5l1&gcs=G11-&npa=1"},
		{rules.Purpose{Categories: []string{"werbung"}, TCF: []int{1, 4}}, map[string]string{"ad_storage": ""},
			"gcd=13p3l3p3p5l1&gcs=G10-&npa=1"},
		{rules.Purpose{Categories: []string{"analytics"}, TCF: []int{7, 8, 9, 10}}, nil, "gcd=13p3r3p3p5l1&gcs=G101&npa=1"},
		{rules.Purpose{Categories: []string{"statistik"}, TCF: []int{8}}, nil, "gcd=13p3r3p3p5l1&gcs=G101&npa=1"},
		{rules.Purpose{Categories: []string{"analytics"}, US: []string{"sale", "sharing"}}, nil,
			"gcd=13p3r3p3p5l1&gcs=G101&npa=1"},
		{rules.Purpose{Categories: []string{"werbung"}, US: []string{"targeted_advertising"}}, nil,
			"gcd=13r3l3r3r5l1&gcs=G11-"},
		{rules.Purpose{Categories: []string{"werbung"}, DirectMarketing: true}, nil, "gcd=13p3l3p3p5l1&gcs=G10-&npa=1"},
	} {
		d := draft()
		c.purpose.ID = "audience"
		d.Purposes = []rules.Purpose{c.purpose}
		d.Sites[0].Signals = nil
		for _, category := range c.purpose.Categories {
			d.Sites[0].Signals = append(d.Sites[0].Signals, signal.Source{Kind: signal.Own, Cookie: "own", Category: category,
				Granted: []string{"yes"}})
		}
		if c.mapped != nil {
			d.Sites[0].Signals = append(d.Sites[0].Signals, signal.Source{Kind: signal.ConsentMode, Categories: c.mapped})
		}
		r := request(t, "GET /g/collect?v=2&tid=G-1&en=x HTTP/1.1\n\n", "ga4", "Cookie: own=yes", "CF-IPCountry: US")
		x := explain(t, compile(t, d), r)
		if x.Forward == nil || !strings.HasSuffix(x.Forward.URL, "&en=x&"+c.want) {
			t.Errorf("%+v, %v: %+v, want %s", c.purpose, c.mapped, x.Forward, c.want)
		}
	}
}

// TestStatedIsExplained: explain shows what is stated, and the ledger's shape counts it among what was changed.
func TestStatedIsExplained(t *testing.T) {
	t.Parallel()
	p := compile(t, draft())
	r := request(t, "GET /g/collect?v=2&tid=G-1&npa=0&en=x HTTP/1.1\n\n", "ga4", yes)
	x := explain(t, p, r)
	got := map[string]string{}
	for _, f := range slices.Concat(x.Shared, x.Events[0].Fields) {
		if f.Class == "consent_signal" {
			got[f.Path] = f.Action + " " + f.Before + ">" + f.After + " " + f.Rule
		}
	}
	const rule = " what the catalog says that ga4 is told (state)"
	for path, want := range map[string]string{
		"gcs": "state >G101" + rule, "gcd": "state >13p3r3p3p5l1" + rule, "npa": "lower 0>1" + rule, "dma": "state >1" + rule,
		"dma_cps": "state >-" + rule,
	} {
		if got[path] != want {
			t.Errorf("%s: %q, want %q", path, got[path], want)
		}
	}
	var j rules.Judgement
	in := rules.Inputs{Now: now, Keys: rules.NewKeys(pseudonym.TestRoot, p, now)}
	if reason := readInto(&j, p, &in, r); reason != rules.Unjudged {
		t.Fatal(reason)
	}
	if reason := rules.Judge(&j, &in); reason != rules.Unjudged {
		t.Fatal(reason)
	}
	_, changed, _ := j.Shape(0)
	for _, name := range []string{"gcs", "gcd", "npa", "dma", "dma_cps"} {
		if !slices.Contains(changed, name) {
			t.Errorf("%s is not among what was changed: %q", name, changed)
		}
	}
}

// TestOverruled: a constant of a profile that states more than the event travels on does not count, one that states
// less does, and which did not is known.
func TestOverruled(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		vendor, field, set string
		rung               func(a *rules.DraftActivity)
		want, told         string // what leaves, and what takes the constant's place; "" where it stands
	}{
		{"ga4", "npa", "1", nil, "npa=1", ""},
		{"ga4", "npa", "0", nil, "npa=1", "1"},
		{"ga4", "npa", "0", of("ga4", "audience", "ads"), "npa=0", ""},
		{"ga4", "gcs", "G111", nil, "gcs=G101", "G101"},
		{"ga4", "gcs", "G100", nil, "gcs=G100", ""},
		{"ga4", "gcs", "G101", nil, "gcs=G101", ""},
		{"ga4", "gcs", "yes", nil, "gcs=G100", "G100"},
		{"ga4", "gcd", "13r3r3r3r5l1", nil, "gcd=13q3r3q3q5l1", "13q3r3q3q5l1"},
		{"ga4", "us_privacy", "1YNN", nil, "us_privacy=1YYN", "1YYN"},
		{"ga4", "ngs", "0", nil, "ngs=0", ""},
		{"meta_pixel", "dpo", "LDU", nil, "dpo=LDU", ""},
		{"meta_pixel", "dpo", "", nil, "dpo=LDU", "LDU"},
		{"meta_capi", "opt_out", "false", nil, `"opt_out":true`, "true"},
		{"meta_capi", "data_processing_options", "no", nil, `"data_processing_options":["LDU"]`, `["LDU"]`},
	} {
		a := rung("a", basis.Consent, func(a *rules.DraftActivity) { a.Vendor = c.vendor })
		if c.rung != nil {
			c.rung(&a)
		}
		d := draft(a)
		d.Sites[0].Signals = append(d.Sites[0].Signals, signal.Source{Kind: signal.Own, Cookie: "ads", Category: "marketing",
			Granted: []string{"yes"}})
		d.Profiles[0].Set = map[string]map[string]string{c.vendor: {c.field: c.set}}
		p := compile(t, d)
		hits := map[string]string{
			"ga4":        "GET /g/collect?v=2&tid=G-1&en=x HTTP/1.1\n\n",
			"meta_pixel": "GET /tr/?id=1&ev=x HTTP/1.1\n\n",
			"meta_capi":  converted(`{"event_name":"x","event_time":1779998400,"action_source":"website"}`),
		}
		x := explain(t, p, request(t, hits[c.vendor], c.vendor, yes+"; ads=yes"))
		if x.Forward == nil || !strings.Contains(x.Forward.URL+" "+x.Forward.Body, c.want) {
			t.Errorf("%s.%s: %s: %+v, want %s", c.vendor, c.field, c.set, x.Forward, c.want)
		}
		told := ""
		if all := p.Overruled(); len(all) > 0 {
			told = all[0].Told
		}
		if told != c.told {
			t.Errorf("%s.%s: %s: %+v, want %s", c.vendor, c.field, c.set, p.Overruled(), c.told)
		}
	}
}

// TestRefusedDestinationsStay: that a page does not want a destination of the vendor's to have an event stays, whatever
// the profile says; that it wants one does not.
func TestRefusedDestinationsStay(t *testing.T) {
	t.Parallel()
	d := draft()
	d.Profiles[0].Classes = map[string]minimise.Spec{"event_name": keep}
	p := compile(t, d)
	for _, vendor := range []string{"segment", "rudderstack", "jitsu"} {
		for said, want := range map[string]string{
			`{"All":false,"Mixpanel":true}`:                `"integrations":{"All":false}`,
			`{"All":true,"Facebook Pixel":false}`:          `"integrations":{"Facebook Pixel":false}`,
			`{"Amplitude":{"session_id":1,"vip":false}}`:   "",
			`{"jane.doe@example.com":false,"All":true}`:    "",
			`{"All":"false"}`:                              "",
			`{"Mixpanel":{"integrations":{"deep":false}}}`: "",
		} {
			path := "/v1/track"
			if vendor == "jitsu" {
				path = "/api/s/track"
			}
			text := "POST " + path + asJSON + `{"type":"track","event":"x","integrations":` + said + `}`
			x := explain(t, p, request(t, text, vendor, yes))
			if x.Forward == nil {
				t.Errorf("%s: %s: nothing leaves: %s %+v", vendor, said, x.Reason, x.Events)
				continue
			}
			if got := strings.Contains(x.Forward.Body, "integrations"); got != (want != "") ||
				!strings.Contains(x.Forward.Body, want) {
				t.Errorf("%s: %s leaves as %s, want %s", vendor, said, x.Forward.Body, want)
			}
		}
	}
}
