package gtm

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/config"
)

var noon = time.Date(2026, time.December, 1, 12, 0, 0, 0, time.UTC)

// TestOutcomes: a table of tags, and what becomes of each.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	html := func(script string) string {
		text, _ := json.Marshal(script)
		return `"type":"html","parameter":[{"key":"html","value":` + string(text) + `}]`
	}
	for _, c := range []struct{ tag, outcome, vendor, why, do string }{
		{`"type":"googtag","parameter":[{"key":"tagId","value":"G-ABCDEF12"}]`, "through", "ga4", "pass as ga4",
			"set server_container_url to https://shop.example/t"},
		{`"type":"googtag","parameter":[{"key":"tagId","value":"AW-123456789"}]`, "uncovered", "",
			"Google Ads", "take it out"},
		{`"type":"gaawc"`, "through", "ga4", "pass as ga4", "tick Send to server container"},
		{`"type":"gaawc","parameter":[{"key":"serverContainerUrl","value":"https://sgtm.shop.example"}]`, "through", "ga4",
			"sends to a server of yours today, sgtm.shop.example", "upstream: of vendor ga4"},
		{`"type":"gaawe"`, "through", "ga4", "pass as ga4", "add a Google tag"},
		{`"type":"ua"`, "dead", "", "takes nothing any more", "delete it"},
		{`"type":"awct"`, "uncovered", "", "Google Ads: the catalog has no entry", "docs vendors"},
		{`"type":"awcr"`, "uncovered", "", "Google Ads", ""},
		{`"type":"sp"`, "uncovered", "", "Google Ads", ""},
		{`"type":"bzi"`, "uncovered", "", "LinkedIn", ""},
		{`"type":"okt"`, "uncovered", "", "Oktopost: the catalog has no entry", ""},
		{`"type":"new_type"`, "uncovered", "", "tags of this type are not known here", "look at"},
		{`"type":"gclidw"`, "stays", "", "ids of clicks", ""},
		{`"type":"img","parameter":[{"key":"url","value":"https://www.facebook.com/tr?id=1"}]`, "through", "meta",
			"pass as meta", "in the image's address"},
		{`"type":"img","parameter":[{"key":"url","value":"https://pixel.other.example/"}]`, "uncovered", "",
			"it names pixel.other.example", ""},
		{`"type":"img","parameter":[{"key":"url","value":"{{where}}"}]`, "uncovered", "", "an image", ""},
		{`"type":"cvt_1_2"`, "uncovered", "", "not in the export", ""},
		{html(`fbq('track','X')`), "rebuild", "meta", "fbevents.js", "as images"},
		{html(`fbq('track','X');ttq.page()`), "uncovered", "meta", "TikTok", "what of it goes to meta passes"},
		{html(`posthog.init('x')`), "through", "posthog", "", "api_host: 'https://shop.example/t'"},
		{html(`posthog.init('x');s="https://cdn.other.example/x.js"`), "uncovered", "posthog",
			"it names cdn.other.example", ""},
		{html(`gtag('config','G-ABCDEF12')`), "through", "ga4", "", "server_container_url: 'https://shop.example/t'"},
		{html(`gtag('consent','default',{})`), "stays", "", "consent mode", ""},
		{html(`s="https://www.googletagmanager.com/gtm.js?id=GTM-X"`), "uncovered", "", "another container",
			"export that container"},
		{html(`navigator.sendBeacon(window.w, d)`), "uncovered", "", "put together as it runs", ""},
		{html(`<img src={{where}}>`), "uncovered", "", "put together as it runs", ""},
		{html(`dataLayer.push({})`), "stays", "", "names no host", ""},
		{html(`s="https://consent.cookiebot.com/uc.js"`), "stays", "", "Cookiebot", ""},
		{html(`fbq('track')`) + `,"paused":true`, "paused", "", "it is paused", "delete it"},
	} {
		container, err := Read("c.json", strings.NewReader(export(`{"name":"a","firingTriggerId":["1"],`+c.tag+`}`, "")))
		if err != nil {
			t.Errorf("%s: %v", c.tag, err)
			continue
		}
		tag := Assess(container).Tags[0]
		if string(tag.Outcome) != c.outcome || tag.Vendor != c.vendor || !strings.Contains(tag.Why, c.why) ||
			!strings.Contains(tag.Do, c.do) {
			t.Errorf("%s: %+v", c.tag, tag)
		}
	}
}

// TestSample: the counts of a container add up, and nothing secret of it is in the report.
func TestSample(t *testing.T) {
	t.Parallel()
	r := Assess(read(t, "web.json"))
	want := map[Outcome]int{Through: 7, Rebuild: 1, Uncovered: 8, Stays: 3, Paused: 1, Dead: 1}
	for _, outcome := range Outcomes {
		if r.Outcomes[outcome] != want[outcome] {
			t.Errorf("%s: %d", outcome, r.Outcomes[outcome])
		}
	}
	if r.Address() != "https://www.toys.example/t" || r.Covered() || len(r.Zones) != 1 ||
		r.Zones[0].Containers[0] != "GTM-PARTNER" {
		t.Errorf("%s, %v, %v", r.Address(), r.Covered(), r.Zones)
	}
	if len(r.Variables) != 1 || r.Variables[0].Hosts[0] != "log.other.example" || len(r.Unused) != 1 {
		t.Errorf("%v, %v", r.Variables, r.Unused)
	}
	text, err := json.Marshal(r)
	if err != nil || strings.Contains(string(text), "NOBODY") || strings.Contains(string(text), "<script") ||
		strings.Contains(string(text), "tests.example") {
		t.Errorf("%v: %s", err, text)
	}
}

func TestServerSample(t *testing.T) {
	t.Parallel()
	r := Assess(read(t, "server.json"))
	if r.Outcomes[Through] != 0 || r.Outcomes[Rebuild] != 2 || r.Outcomes[Uncovered] != 1 || r.Outcomes[Stays] != 1 {
		t.Errorf("%v", r.Outcomes)
	}
	if !strings.Contains(strings.Join(r.Notes, "\n"), "This is a server container") ||
		!strings.Contains(strings.Join(r.Notes, "\n"), "sgtm.toys.example") {
		t.Errorf("%v", r.Notes)
	}
}

// loaded writes what is proposed for a report, and loads it as a server would.
func loaded(t *testing.T, r *Report) *config.Loaded {
	t.Helper()
	var texts []string
	made, err := config.InitChanged(Example, t.TempDir(), nil, noon, func(files map[string][]byte) error {
		err := r.Propose(files)
		for name, text := range files {
			if !strings.Contains(name, ".schema") && !strings.HasSuffix(name, ".key") {
				texts = append(texts, string(text))
			}
		}
		return err
	}, true)
	if err != nil {
		t.Fatal(err)
	}
	l, err := config.Load(made.Server)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(strings.Join(texts, ""), "NOBODY") {
		t.Error("a key of the container is in the proposed configuration")
	}
	return l
}

// TestProposalsLoad: what is proposed for the samples, for each vendor alone, for each two and for all of them is taken
// without a fault, and rests on consent throughout.
func TestProposalsLoad(t *testing.T) {
	t.Parallel()
	reports := []*Report{Assess(read(t, "web.json")), Assess(read(t, "server.json"))}
	var with []*product
	for i := range products {
		if products[i].entry != "" {
			with = append(with, &products[i])
		}
	}
	of := func(some ...*product) *Report {
		r := &Report{host: "www.toys.example"}
		for _, p := range some {
			r.vendor(p).comments = []string{"from GTM tag \"x\", consent: not set"}
		}
		r.prefixes()
		return r
	}
	for i, p := range with {
		reports = append(reports, of(p))
		for _, other := range with[:i] {
			reports = append(reports, of(p, other))
		}
	}
	all := of(with...)
	for i := range products { // with every consent platform
		if p := &products[i]; p.signal != "" {
			all.signals = append(all.signals, signal{"a\n\"b", p.name, p.signal})
		}
	}
	for _, r := range append(reports, all) {
		l := loaded(t, r)
		if len(l.Activities) != len(r.Vendors) || len(l.Server.Vendors) != len(r.Vendors) {
			t.Errorf("%d vendors, %d activities, and %d in the report", len(l.Server.Vendors), len(l.Activities), len(r.Vendors))
		}
		if slices.ContainsFunc(l.Activities, func(a config.Activity) bool { return a.Basis != "consent" }) {
			t.Error("an activity rests on something else than consent")
		}
	}
}

// TestSignalsCanBeRead: each line of a consent platform, those too that wait for
// the site's ids, is one that check takes.
func TestSignalsCanBeRead(t *testing.T) {
	t.Parallel()
	for i := range products {
		p := &products[i]
		if p.signal == "" {
			continue
		}
		r := &Report{host: "www.toys.example", signals: []signal{{"x", p.name, strings.TrimPrefix(p.signal, "# ")}}}
		r.vendor(byName("Google Analytics 4")).comments = []string{"x"}
		loaded(t, r)
	}
}

// TestNamesStayComments: whatever a tag is called, its name ends with its line.
func TestNamesStayComments(t *testing.T) {
	t.Parallel()
	name, _ := json.Marshal("x\n  evil:\n    catalog: ga4\u2028\u202e" + strings.Repeat("é", 300))
	c, err := Read("c.json", strings.NewReader(export(`{"name":`+string(name)+`,"type":"gaawe"}`, "")))
	if err != nil {
		t.Fatal(err)
	}
	if l := loaded(t, Assess(c)); len(l.Server.Vendors) != 1 {
		t.Errorf("%v", l.Server.Vendors)
	}
}

// TestNothingToPropose: where no tag is of a vendor in the catalog, nothing is written.
func TestNothingToPropose(t *testing.T) {
	t.Parallel()
	if err := (&Report{}).Propose(
		map[string][]byte{}); err != ErrNothing { //nolint:errorlint // it is this one, and nothing around it
		t.Error(err)
	}
}

// TestRegions: an account's region is that whose hosts the tag names.
func TestRegions(t *testing.T) {
	t.Parallel()
	c, err := Read("c.json",
		strings.NewReader(export(
			`{"name":"p","type":"html","parameter":[{"key":"html","value":"posthog.init('x',{api_host:'https://eu.i.posthog.com'})"}]}`,
			"")))
	if err != nil {
		t.Fatal(err)
	}
	r := Assess(c)
	if r.Vendors[0].Region != "eu" {
		t.Errorf("region %q", r.Vendors[0].Region)
	}
	if l := loaded(t, r); l.Server.Vendors["posthog"].Region != "eu" {
		t.Errorf("%v", l.Server.Vendors["posthog"])
	}
}
