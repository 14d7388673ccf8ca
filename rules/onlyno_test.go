package rules_test

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/signal"
	"github.com/tagwarden/tagwarden/rules/signal/cmp"
)

// saysYes is what a hit says of the visitor's choices, by the name of its place: every source that can says yes.
// Parameters begin with a question mark, headers end with a colon, the rest are cookies.
func saysYes() map[string]string {
	strings := map[string]string{
		"?gcs": "G111", "?gcd": "13r3r3r3r5", "?npa": "0", "?gdpr_consent": consented(), "?addtl_consent": "1~5.9",
		"?us_privacy": "1YNN",
		"?gpp":        noOptOut(), "?gpp_sid": allInForce, "?choice": "yes",
		"Sec-GPC:": "0", "DNT:": "0", "X-Choice:": "yes",
		"own_word": "yes", "own_json": `{"analytics":"yes"}`,
		"euconsent-v2": consented(), "addtl_consent": "1~5.9", "usprivacy": "1YNN", "__gpp": noOptOut(),
		"__gpp_sid":      allInForce,
		"_iub_cs-5-uspr": `{"s":true,"sh":true,"adv":true}`,
		"FCCDCF":         foundingChoices(consented(), "1~5.9"),
	}
	for _, p := range platformChoices {
		maps.Copy(strings, p.yes)
	}
	return strings
}

func consented() string { return tc{consent: []int{1, 4, 8}}.String() }

func foundingChoices(tc, ac string) string {
	return url.PathEscape(fmt.Sprintf(`[null,null,null,[%q,%q],null]`, tc, ac))
}

// The reasons of a denial on consent.
const (
	refused  = "consent_refused"
	unsaid   = "no_consent"
	objected = "objection"
	byGPC    = "gpc"
	byDNT    = "dnt"
)

// change is one place that says something else than yes, and what follows.
type change struct{ place, value, want string }

// allSources are two lists of sources, for one holds 16: every source that can say no is in one of them.
func allSources(t *testing.T) [2][]signal.Source {
	var lists [2][]signal.Source
	own := signal.Source{Kind: signal.Own, Category: "analytics", Granted: []string{"yes"}, Refused: []string{"no"}}
	at := func(place func(*signal.Source)) signal.Source {
		s := own
		place(&s)
		return s
	}
	funding := platform(t, "google_fc")
	for i := range lists {
		lists[i] = []signal.Source{
			{Kind: signal.GPC}, {Kind: signal.DNT}, {Kind: signal.TransparencyConsent}, {Kind: signal.PrivacyPlatform},
			{Kind: signal.USPrivacy},
			{Kind: signal.AdditionalConsent}, funding, {Kind: signal.ConsentMode},
			at(func(s *signal.Source) { s.Cookie = "own_word" }),
			at(func(s *signal.Source) { s.Cookie, s.JSON = "own_json", "analytics" }),
			at(func(s *signal.Source) { s.Header = "X-Choice" }),
			at(func(s *signal.Source) { s.Query = "choice" }),
		}
	}
	listed := map[string]bool{"google_fc": true}
	for i, p := range platformChoices {
		s := platform(t, p.name, p.ids...)
		s.Settings.Revision = 0
		lists[i%2] = append(lists[i%2], s)
		listed[p.name] = true
	}
	for c := range cmp.All {
		if name := c.String(); !listed[name] && !c.Unreadable() && !c.OnlyIAB() {
			t.Errorf("%s has no line", name)
		}
	}
	return lists
}

// allYes compiles an activity on a basis for sale and statistics, over those sources.
func allYes(t *testing.T, of rules.DraftActivity, sources []signal.Source) *rules.Policy {
	d := draft(of)
	d.Sites[0].Signals = sources
	d.Purposes = []rules.Purpose{
		{ID: "audience", Categories: []string{"analytics"}, TCF: []int{8}},
		{ID: "ads", Categories: []string{"marketing"}, TCF: []int{1, 4}, US: []string{"sale", "sharing",
			"targeted_advertising"}, GPCObjects: true, DNTObjects: true},
	}
	for v := range d.Vendors {
		if d.Vendors[v].ID == "ga4" { // as a vendor outside the TCF that Google lists
			file := *d.Vendors[v].Catalog
			file.IAB, file.TCF, file.ATP = 0, nil, 9
			d.Vendors[v].Catalog = &file
		}
	}
	return compile(t, d)
}

// hit is a page view in which everything says yes but for one change. A place with a plus
// before it says what is given besides.
func (c change) hit(t *testing.T) hit.Request {
	said := saysYes()
	name, again := strings.CutPrefix(c.place, "+")
	if !again {
		said[name] = c.value
	}
	query, jar, head := "", "", []string{"CF-IPCountry: US"}
	add := func(name, value string) {
		switch parameter, isQuery := strings.CutPrefix(name, "?"); {
		case isQuery:
			query += "&" + parameter + "=" + url.QueryEscape(value)
		case strings.HasSuffix(name, ":"):
			head = append(head, name+" "+value)
		case value != "":
			jar += name + "=" + value + "; "
		}
	}
	for name, value := range said {
		add(name, value)
	}
	if again {
		add(name, c.value)
	}
	return request(t, "GET /g/collect?v=2&tid=G-1&en=page_view"+query+" HTTP/1.1\n\n", "ga4",
		append(head, "Cookie: "+jar)...)
}

// judgedAs is the activity that carries the one event of a hit, or why none does, and whether it is forwarded.
func judgedAs(t *testing.T, p *rules.Policy, r hit.Request) (got string, forwarded bool) {
	t.Helper()
	x := explain(t, p, r)
	if len(x.Events) != 1 {
		return x.Reason, x.Forward != nil
	}
	if got = x.Events[0].Reason; x.Events[0].Decision == "permit" {
		got = x.Events[0].Activity
	}
	return got, x.Forward != nil
}

// TestOneNo: in a hit in which every source says yes, any one that says no, or
// cannot be read, keeps it from the vendor.
func TestOneNo(t *testing.T) {
	t.Parallel()
	var policies [2]*rules.Policy
	sources := allSources(t)
	for i := range sources {
		policies[i] = allYes(t, rung("a", basis.Consent, of("ga4", "audience", "ads")), sources[i])
	}
	american := allYes(t, rung("a", basis.OptOut, of("ga4", "audience", "ads"), in("US")), sources[0])
	for _, p := range append(policies[:], american) {
		if got, forwarded := judgedAs(t, p, change{"?v", "2", ""}.hit(t)); got != "a" || !forwarded {
			t.Fatalf("where all say yes: %s: the table proves nothing", got)
		}
	}
	for i, p := range platformChoices {
		for _, c := range p.no {
			if got, forwarded := judgedAs(t, policies[i%2], c.hit(t)); got != c.want || forwarded {
				t.Errorf("%s: %s is %q: %s, want %s", p.name, c.place, c.value, got, c.want)
			}
		}
	}
	for _, c := range onlyNoes() {
		if got, forwarded := judgedAs(t, policies[0], c.hit(t)); got != c.want || forwarded {
			t.Errorf("%s is %q: %s, want %s", c.place, c.value, got, c.want)
		}
		if !optsOut.MatchString(c.place) {
			continue
		}
		if got, forwarded := judgedAs(t, american, c.hit(t)); got != "opted_out" || forwarded {
			t.Errorf("in the US, %s is %q: %s, want opted_out", c.place, c.value, got)
		}
	}
}

// optsOut are the places that opt-outs stand in.
var optsOut = regexp.MustCompile(`gpp|us_?privacy|uspr|Sec-GPC|DNT|Do-Not`)

// TestOneNoInAnEvent is the same for what stands in the bodies of events.
func TestOneNoInAnEvent(t *testing.T) {
	t.Parallel()
	sources := []signal.Source{
		{Kind: signal.Payload}, {Kind: signal.ConsentMode, Categories: map[string]string{"ad_user_data": "marketing",
			"ad_personalization": "marketing", "ad_storage": "marketing"}},
		{Kind: signal.Own, Body: "context.choice", Category: "analytics", Granted: []string{"yes"}, Refused: []string{"no"}},
		{Kind: signal.Own, Cookie: "own", Category: "analytics", Granted: []string{"yes"}, Refused: []string{"no"}},
		{Kind: signal.Own, Cookie: "ads", Category: "marketing", Granted: []string{"yes"}, Refused: []string{"no"}},
	}
	const segment = `{"type":"track","event":"x","anonymousId":"a","context":{"choice":"yes","consent":{"categoryPreferences":{"analytics":true,"marketing":true}},` +
		`"consentManagement":{"allowedConsentIds":["analytics","marketing"],"deniedConsentIds":["other"]}}}`
	const protocol = `{"client_id":"1.2","consent":{"ad_user_data":"GRANTED","ad_personalization":"GRANTED"},"non_personalized_ads":false,"events":[{"name":"x"}]}`
	paths := map[string]string{"segment": "/v1/t", "ga4_mp": "/mp/collect?measurement_id=G-1&api_secret=x"}
	policies := map[string]*rules.Policy{}
	for vendor := range paths {
		use := sources
		if vendor == "ga4_mp" { // has no consent object of an SDK
			use = sources[1:]
		}
		policies[vendor] = allYes(t, rung("a", basis.Consent, of(vendor, "audience", "ads"), func(a *rules.DraftActivity) {
			a.Profile = "all"
		}), use)
	}
	for _, c := range []struct{ vendor, body, old, changed, want string }{
		{"segment", segment, "", "", "a"},
		{"segment", segment, `"choice":"yes"`, `"choice":"no"`, refused},
		{"segment", segment, `"choice":"yes"`, `"choice":"yes","choice":"no"`, refused},
		{"segment", segment, `"choice":"yes"`, `"choice":{"yes":"yes"}`, unsaid},
		{"segment", segment, `"analytics":true`, `"analytics":false`, refused},
		{"segment", segment, `"marketing":true`, `"marketing":false`, refused},
		{"segment", segment, `"marketing":true`, `"marketing":1`, unsaid},
		{"segment", segment, `["other"]`, `["marketing"]`, refused},
		{"ga4_mp", protocol, "", "", "a"},
		{"ga4_mp", protocol, `"non_personalized_ads":false`, `"non_personalized_ads":true`, refused},
		{"ga4_mp", protocol, `"ad_user_data":"GRANTED"`, `"ad_user_data":"DENIED"`, refused},
		{"ga4_mp", protocol, `"ad_personalization":"GRANTED"`, `"ad_personalization":"DENIED"`, refused},
		{"ga4_mp", protocol, `"ad_personalization":"GRANTED"`, `"ad_personalization":"denied"`, unsaid},
	} {
		body := strings.Replace(c.body, c.old, c.changed, 1)
		r := request(t, "POST "+paths[c.vendor]+" HTTP/1.1\nContent-Type: application/json\nCookie: own=yes; ads=yes\n\n"+
			body, c.vendor)
		if got, forwarded := judgedAs(t, policies[c.vendor], r); got != c.want || forwarded != (c.want == "a") {
			t.Errorf("%s, %s: %s, want %s", c.vendor, c.changed, got, c.want)
		}
	}
}

// onlyNoes are the noes of everything but platforms.
func onlyNoes() []change {
	const vendor = "tcf_vendor"
	all := []change{
		{"Sec-GPC:", "1", byGPC}, {"+Sec-GPC:", "1", byGPC}, {"Sec-GPC:", "1, 1", byGPC}, {"Sec-GPC:", "0,1", byGPC},
		{"DNT:", "1", byDNT}, {"+DNT:", "1", byDNT}, {"X-Do-Not-Track:", "1", byDNT}, {"DNT:", "0, 1", byDNT},

		{"?gcs", "G101", refused}, {"?gcs", "G110", refused}, {"?gcs", "G1-x", unsaid}, {"?gcs", "G211", unsaid},
		{"+?gcs", "G101", refused},
		{"?npa", "1", refused}, {"?npa", "true", refused}, {"?npa", "maybe", unsaid}, {"+?npa", "1", refused},
		{"?_npa", "1", refused},
		{"?gcd", "13R3r3r3r5", unsaid}, {"?gcd", "13r3r3r3r", unsaid}, {"?gcd", "1xr3r3r3r5", unsaid},
		{"?gcd", "13r3r3rxr5", unsaid},
		{"?gcd", "13t3r3r3r5", unsaid}, {"+?gcd", "13R3r3r3r5", unsaid}, // unclear, then granted

		{"own_word", "no", refused}, {"own_word", "maybe", unsaid}, {"+own_word", "no", refused},
		{"own_json", `{"analytics":"no"}`, refused}, {"own_json", `{"analytics":"yes"`, unsaid},
		{"own_json", `{"analytics":"yes","analytics":"no"}`, refused},
		{"X-Choice:", "no", refused}, {"+X-Choice:", "no", refused}, {"?choice", "no", refused}, {"+?choice", "no", refused},
		{"?choice", "?", unsaid},
	}
	for _, letter := range "pqmu" {
		for at := 2; at < 10; at += 2 {
			all = append(all, change{"?gcd", "13r3r3r3r5"[:at] + string(letter) + "13r3r3r3r5"[at+1:], refused})
		}
	}
	full := tc{consent: []int{1, 4, 8}}
	old, global := full, full
	old.policy, global.global = 3, true
	broken := consented()[:20] + "*" + consented()[21:]
	for _, place := range []string{"?gdpr_consent", "euconsent-v2", "+?gdpr_consent", "+euconsent-v2"} {
		for _, p := range [][]int{{1, 4}, {4, 8}, {1, 8}, nil} {
			all = append(all, change{place, tc{consent: p}.String(), refused})
		}
		all = append(all, change{place, old.String(), unsaid}, change{place, global.String(), unsaid},
			change{place, broken, unsaid})
	}
	all = append(all, change{"FCCDCF", foundingChoices(tc{consent: []int{1, 4}}.String(), "1~9"), refused},
		change{"FCCDCF", "%5Bnull", unsaid})
	for _, place := range []string{"?addtl_consent", "addtl_consent", "+?addtl_consent", "+addtl_consent"} {
		for _, text := range []string{"1~5", "1~", "2~5~dv.9", "2~5.9", "1~9~dv.", "3~9", "1~5.x", "11~9", "~9"} {
			all = append(all, change{place, text, vendor})
		}
	}
	all = append(all, change{"FCCDCF", foundingChoices(consented(), "1~5"), vendor})
	for _, place := range []string{"?us_privacy", "usprivacy", "+?us_privacy", "+usprivacy"} {
		all = append(all, change{place, "1YYN", refused}, change{place, "1-Y-", refused}, change{place, "2YNN", unsaid},
			change{place, "1xNN", unsaid}, change{place, "1YN", unsaid})
	}
	all = append(all, change{"usprivacy", `%7B%22uspString%22%3A%221YYN%22%7D`, refused})
	for _, member := range []string{"s", "sh", "adv"} {
		all = append(all, change{"_iub_cs-5-uspr", strings.Replace(`{"s":true,"sh":true,"adv":true}`, `"`+member+`":true`,
			`"`+member+`":false`, 1), refused})
		all = append(all, change{"_iub_cs-5-uspr", strings.Replace(`{"s":true,"sh":true,"adv":true}`, `"`+member+`":true`,
			`"`+member+`":0`, 1), unsaid})
	}
	for _, place := range []string{"?gpp", "__gpp", "+?gpp", "+__gpp"} {
		all = append(all,
			change{place, "DBABLA~CAAQAAAAAABA.QA", refused}, // sale
			change{place, "DBABLA~CAAEAAAAAABA.QA", refused}, // sharing
			change{place, "DBABLA~CAABAAAAAABA.QA", refused}, // targeted advertising
			change{place, "DBABLA~CAAAAAAAAABA.YA", byGPC},
			change{place, "DBABLA~CAA", unsaid}, change{place, "DBABLA~CAAwAAAAAABA.QA", unsaid},
			change{place, "DBABLA~CAAAAAAAAABA.QA~", unsaid},
			change{place, "DBABLA~EAAAAAAAAABA.QA", unsaid},
		)
	}
	for i, section := range usSections {
		for _, at := range section.optOuts {
			text := slices.Clone(usCores())
			text[i+1] = section.core(at, 1)
			all = append(all, change{"?gpp", allSections(text), refused})
			text[i+1] = section.core(at, 3)
			all = append(all, change{"__gpp", allSections(text), unsaid})
		}
		if i+sectionNational < sectionIndiana || i+sectionNational == sectionMaryland {
			text := slices.Clone(usCores())
			text[i+1] += ".YA"
			all = append(all, change{"?gpp", allSections(text), byGPC})
		}
	}
	text := slices.Clone(usCores())
	text[0] = "1YYN"
	all = append(all, change{"__gpp", allSections(text), refused})
	return append(all, change{"?gpp_sid", "7,28", unsaid}, change{"__gpp_sid", "7,40", unsaid}) // in force, and not there
}
