package rules_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/signal"
	"github.com/tagwarden/tagwarden/rules/signal/cmp"
)

// listed is a policy whose site lists sources, with rungs for ga4 (a TCF vendor) and the same for matomo (none).
func listed(t *testing.T, sources []signal.Source, rungs ...rules.DraftActivity) *rules.Policy {
	t.Helper()
	d := draft(rungs...)
	d.Sites[0].Signals = sources
	d.Assessments = register(t)
	d.Purposes = []rules.Purpose{
		{ID: "audience", Categories: []string{"analytics"}, TCF: []int{8}},
		{ID: "statistics", Categories: []string{"analytics"}, TCF: []int{9}},
		{ID: "ads", Categories: []string{"marketing"}, TCF: []int{1, 4}, US: []string{"sale"}},
		{ID: "shop", Categories: []string{"functional"}},
	}
	return compile(t, d)
}

func of(vendor string, purposes ...string) func(*rules.DraftActivity) {
	return func(a *rules.DraftActivity) { a.Vendor, a.Purposes = vendor, purposes }
}

// pageVerdict judges a page view and returns the activity that carries it, or the reason of its denial.
func pageVerdict(t *testing.T, p *rules.Policy, vendor, query string, headers ...string) string {
	t.Helper()
	text := "GET /g/collect?v=2&tid=G-1&cid=1234567890.1700000000&en=page_view" + query +
		" HTTP/1.1\nHost: shop.example\n\n"
	if vendor == "matomo" {
		text = "GET /matomo.php?idsite=1&rec=1&_id=0123456789abcdef&action_name=a&url=https%3A%2F%2Fshop.example%2F" + query +
			" HTTP/1.1\nHost: shop.example\n\n"
	}
	x := explain(t, p, request(t, text, vendor, headers...))
	if len(x.Events) == 0 {
		return x.Reason
	}
	if x.Events[0].Decision == "permit" {
		return x.Events[0].Activity
	}
	return x.Events[0].Reason
}

// TestSourcesTogether: every source that speaks of a purpose has to grant it.
func TestSourcesTogether(t *testing.T) {
	t.Parallel()
	const accept = "OptanonConsent=groups=C0001%3A1%2CC0002%3A1%2CC0004%3A1&AwaitingReconsent=false; OptanonAlertBoxClosed=2026-04-10T17:48:20.000Z"
	const undecided = "OptanonConsent=groups=C0001%3A1%2CC0002%3A1%2CC0004%3A1&AwaitingReconsent=false"
	const reject = "OptanonConsent=groups=C0001%3A1%2CC0002%3A0%2CC0004%3A0&AwaitingReconsent=false; OptanonAlertBoxClosed=2026-04-10T17:48:20.000Z"
	const bot = "CookieConsent={stamp:'a',necessary:true,preferences:false,statistics:%s,marketing:false,method:'explicit',ver:1,utc:1764000000000}"
	oneTrust, cookiebot := platform(t, "onetrust"), platform(t, "cookiebot")
	yes, no := tc{consent: []int{1, 4, 8}}.String(), tc{consent: []int{1, 4}}.String()
	for _, c := range []struct {
		name    string
		sources []signal.Source
		cookies string
		want    string
	}{
		{"a platform alone", []signal.Source{oneTrust}, accept, "a"},
		{"nobody chose yet", []signal.Source{oneTrust}, undecided, "no_consent"},
		{"refused", []signal.Source{oneTrust}, reject, "consent_refused"},
		{"not there", []signal.Source{oneTrust}, "x=y", "no_consent"},
		{"platform and TC string agree", []signal.Source{oneTrust, {Kind: signal.TransparencyConsent}},
			accept + "; euconsent-v2=" + yes, "a"},
		{"the TC string refuses", []signal.Source{oneTrust, {Kind: signal.TransparencyConsent}}, accept + "; euconsent-v2=" +
			no, "consent_refused"},
		{"the platform refuses", []signal.Source{oneTrust, {Kind: signal.TransparencyConsent}}, reject + "; euconsent-v2=" +
			yes, "consent_refused"},
		{"the platform is undecided", []signal.Source{oneTrust, {Kind: signal.TransparencyConsent}}, undecided +
			"; euconsent-v2=" + yes, "no_consent"},
		{"two platforms agree", []signal.Source{oneTrust, cookiebot}, accept + "; " + fmt.Sprintf(bot, "true"), "a"},
		{"two platforms disagree", []signal.Source{oneTrust, cookiebot}, accept + "; " + fmt.Sprintf(bot, "false"),
			"consent_refused"},
		{"one is listed", []signal.Source{oneTrust}, accept + "; " + fmt.Sprintf(bot, "false"), "a"},
		{"one platform that contradicts itself", []signal.Source{oneTrust},
			accept + "; OptanonConsent=groups=C0002%3A0&AwaitingReconsent=false", "consent_refused"},
		{"one that cannot be read at all", []signal.Source{platform(t, "osano"), oneTrust},
			accept + "; osano_consentmanager=29z_AY1nTFjK", "a"},
		{"and grants nothing", []signal.Source{platform(t, "osano")}, "osano_consentmanager=29z_AY1nTFjK", "no_consent"},
		{"the site's own mapping", []signal.Source{platform(t, "onetrust", "C0007", "analytics")}, accept, "no_consent"},
		{"do not track beats a grant", []signal.Source{platform(t, "hubspot")},
			"__hs_cookie_cat_pref=1:true,2:true,3:true; __hs_do_not_track=yes", "objection"},
	} {
		p := listed(t, c.sources, rung("a", basis.Consent, of("matomo", "audience")))
		if got := pageVerdict(t, p, "matomo", "", "Cookie: "+c.cookies); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// platform is a source that reads a consent management platform, with pairs of id and category.
func platform(t *testing.T, name string, pairs ...string) signal.Source {
	t.Helper()
	c, ok := cmp.Parse(name)
	if !ok {
		t.Fatalf("no platform %s", name)
	}
	s := signal.Source{Kind: signal.Platform(c), Settings: cmp.Settings{Revision: -1}}
	for pair := range slices.Chunk(pairs, 2) {
		if s.Categories == nil {
			s.Categories = map[string]string{}
		}
		s.Categories[pair[0]] = pair[1]
	}
	return s
}

// TestOptOuts: a purpose that counts as a sale is off where a string, a platform or the browser says so, or may say so.
func TestOptOuts(t *testing.T) {
	t.Parallel()
	sources := []signal.Source{{Kind: signal.GPC}, {Kind: signal.PrivacyPlatform}, {Kind: signal.USPrivacy}}
	const saleOut = "DBABLA~CAAQAAAAAABA.QA" // usnat: opted out of sale
	const nothing = "DBABLA~CAAAAAAAAABA.QA" // usnat: nothing said
	const withGPC = "DBABLA~CAAAAAAAAABA.YA" // usnat: the browser's signal is noted
	for _, c := range []struct {
		name, query string
		headers     []string
		optOut      string // on the rule of opt-out regions
		consent     string // on consent, where the purpose is a sale
	}{
		{"nothing", "", nil, "a", "no_consent"},
		{"GPP", "&gpp=" + saleOut + "&gpp_sid=7", nil, "opted_out", "consent_refused"},
		{"GPP without its sections", "&gpp=" + saleOut, nil, "opted_out", "consent_refused"},
		{"GPP of which no section is in force", "&gpp=" + saleOut + "&gpp_sid=-1", nil, "a", "no_consent"},
		{"GPP that says nothing", "&gpp=" + nothing + "&gpp_sid=7", nil, "a", "no_consent"},
		{"GPP that notes GPC", "&gpp=" + withGPC + "&gpp_sid=7", nil, "opted_out", "consent_refused"},
		{"GPP that cannot be read", "&gpp=DBABLA~CAA", nil, "opted_out", "no_consent"},
		{"GPP in cookies", "", []string{"Cookie: __gpp=" + saleOut + "; __gpp_sid=7"}, "opted_out", "consent_refused"},
		{"US privacy", "&us_privacy=1YYN", nil, "opted_out", "consent_refused"},
		{"US privacy: no", "&us_privacy=1YNN", nil, "a", "no_consent"},
		{"US privacy in a cookie", "", []string{"Cookie: usprivacy=1YYN"}, "opted_out", "consent_refused"},
		{"iubenda's", "", []string{`Cookie: usprivacy=%7B%22uspString%22%3A%221YYN%22%7D`}, "opted_out", "consent_refused"},
		{"iubenda's record", "", []string{`Cookie: _iub_cs-90000000-uspr=%7B%22s%22%3Afalse%2C%22sh%22%3Atrue%7D`},
			"opted_out", "consent_refused"},
		{"US privacy that cannot be read", "&us_privacy=1yyn", nil, "opted_out", "no_consent"},
		{"the browser", "", []string{"Sec-GPC: 1"}, "opted_out", "no_consent"},
	} {
		american := append([]string{"CF-IPCountry: US"}, c.headers...)
		p := listed(t, sources, rung("a", basis.OptOut, of("matomo", "ads"), in("US")))
		if got := pageVerdict(t, p, "matomo", c.query, american...); got != c.optOut {
			t.Errorf("%s, opt-out: %s, want %s", c.name, got, c.optOut)
		}
		p = listed(t, sources, rung("a", basis.Consent, of("matomo", "ads")))
		if got := pageVerdict(t, p, "matomo", c.query, american...); got != c.consent {
			t.Errorf("%s, consent: %s, want %s", c.name, got, c.consent)
		}
	}
}

// TestOptOutsOfListedPlatforms: a no that iubenda asked for in the US counts where iubenda is listed, and nothing else.
func TestOptOutsOfListedPlatforms(t *testing.T) {
	t.Parallel()
	iubenda := platform(t, "iubenda", "4", "marketing")
	for cookie, want := range map[string]string{
		"":                        "a",
		`{"s":true,"sh":true}`:    "a",
		`{"s":false,"sh":true}`:   "opted_out",
		`{"s":"false","sh":true}`: "opted_out", // may be one
	} {
		p := listed(t, []signal.Source{iubenda}, rung("a", basis.OptOut, of("matomo", "ads"), in("US")))
		headers := []string{"CF-IPCountry: US"}
		if cookie != "" {
			headers = append(headers, "Cookie: _iub_cs-90000000-uspr="+url.QueryEscape(cookie))
		}
		if got := pageVerdict(t, p, "matomo", "", headers...); got != want {
			t.Errorf("%s: %s, want %s", cookie, got, want)
		}
	}
}

// TestAdditionalConsent: a vendor that Google lists needs its own yes beside a TC string.
func TestAdditionalConsent(t *testing.T) {
	t.Parallel()
	tcs := "euconsent-v2=" + tc{consent: []int{8}}.String()
	for ac, want := range map[string]string{"": "a", "; addtl_consent=1~5.9": "a", "; addtl_consent=1~5": "tcf_vendor",
		"; addtl_consent=2~5~dv.9": "tcf_vendor", "; addtl_consent=1~x": "tcf_vendor"} {
		d := draft(rung("a", basis.Consent, of("matomo", "audience")))
		d.Sites[0].Signals = []signal.Source{{Kind: signal.TransparencyConsent}, {Kind: signal.AdditionalConsent}}
		d.Purposes[0].TCF = []int{8}
		for i := range d.Vendors {
			if d.Vendors[i].ID == "matomo" {
				file := *d.Vendors[i].Catalog
				file.ATP = 9
				d.Vendors[i].Catalog = &file
			}
		}
		if got := pageVerdict(t, compile(t, d), "matomo", "", "Cookie: "+tcs+ac); got != want {
			t.Errorf("%q: %s, want %s", ac, got, want)
		}
	}
}

// TestPayload: what an SDK puts into an event counts for that event.
func TestPayload(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, body, want string }{
		{"granted", `{"type":"track","event":"x","anonymousId":"a","context":{"consent":{"categoryPreferences":{"analytics":true}}}}`,
			"a"},
		{"by OneTrust's ids", `{"type":"track","event":"x","anonymousId":"a","context":{"consent":{"categoryPreferences":{"C0002":true,"C0004":false}}}}`,
			"a"},
		{"refused", `{"type":"track","event":"x","anonymousId":"a","context":{"consent":{"categoryPreferences":{"analytics":false}}}}`,
			"consent_refused"},
		{"twice", `{"type":"track","event":"x","anonymousId":"a","context":{"consent":{"categoryPreferences":{"analytics":true,"analytics":false}}}}`,
			"consent_refused"},
		{"a text", `{"type":"track","event":"x","anonymousId":"a","context":{"consent":{"categoryPreferences":{"analytics":"true"}}}}`,
			"no_consent"},
		{"something else", `{"type":"track","event":"x","anonymousId":"a","context":{"consent":{"categoryPreferences":{"marketing":true}}}}`,
			"no_consent"},
		{"RudderStack", `{"type":"track","event":"x","anonymousId":"a","context":{"consentManagement":{"allowedConsentIds":["analytics"],"deniedConsentIds":["marketing"]}}}`,
			"a"},
		{"denied beats allowed",
			`{"type":"track","event":"x","anonymousId":"a","context":{"consentManagement":{"allowedConsentIds":["analytics"],"deniedConsentIds":["analytics"]}}}`,
			"consent_refused"},
		{"nothing", `{"type":"track","event":"x","anonymousId":"a"}`, "no_consent"},
	} {
		p := listed(t, []signal.Source{{Kind: signal.Payload}}, rung("a", basis.Consent, of("segment", "audience")))
		x := explain(t, p, request(t, "POST /v1/t HTTP/1.1\nHost: shop.example\nContent-Type: application/json\n\n"+
			c.body, "segment"))
		got := x.Events[0].Reason
		if x.Events[0].Decision == "permit" {
			got = x.Events[0].Activity
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	p := listed(t, []signal.Source{{Kind: signal.Payload}}, rung("a", basis.Consent, of("matomo", "audience")))
	for query, want := range map[string]string{"": "no_consent", "&consent=1": "a", "&consent=0": "no_consent"} {
		if got := pageVerdict(t, p, "matomo", query); got != want {
			t.Errorf("matomo %q: %s, want %s", query, got, want)
		}
	}
}

// TestPayloadOfOwnVendor: a vendor's file of one's own says where its consent object stands; mParticle's, here.
func TestPayloadOfOwnVendor(t *testing.T) {
	t.Parallel()
	file, err := catalog.Parse([]byte(`
id: mparticle
name: mParticle
hosts: { api: "https://api.mparticle.example" }
event: [{ field: event_name }]
fields:
  event_name: { class: event_name }
request:
  "consent_state.gdpr.*":                       { class: consent_signal, signal: mparticle_consent }
  "consent_state.ccpa.data_sale_opt_out.*":     { class: consent_signal, signal: mparticle_sale_opt_out }
endpoints:
  - { id: events, methods: [POST], path: /events, body: [json], events: [body.events], answer: { status: 202 } }
`))
	if err != nil {
		t.Fatal(err)
	}
	for consent, want := range map[string]string{
		`{"gdpr":{"analytics":{"consented":true,"timestamp_unixtime_ms":1764000000000},"marketing":{"consented":false}}}`: "a",
		`{"gdpr":{"analytics":{"consented":false}}}`:                                                 "consent_refused",
		`{"gdpr":{"analytics":{"consented":"true"}}}`:                                                "no_consent",
		`{"gdpr":{"analytics":{"consented":true}},"ccpa":{"data_sale_opt_out":{"consented":true}}}`:  "consent_refused",
		`{"gdpr":{"analytics":{"consented":true}},"ccpa":{"data_sale_opt_out":{"consented":false}}}`: "a",
		`{}`: "no_consent",
	} {
		d := draft(rung("a", basis.Consent, of("mparticle", "audience")))
		d.Sites[0].Signals = []signal.Source{{Kind: signal.Payload}}
		d.Vendors = append(d.Vendors, rules.DraftVendor{ID: "mparticle", Catalog: file, Prefix: "/mparticle"})
		d.Purposes[0].US = []string{"sale"}
		x := explain(t, compile(t, d),
			request(t, "POST /events HTTP/1.1\nHost: shop.example\nContent-Type: application/json\n\n"+
				`{"events":[{"event_name":"x"}],"consent_state":`+consent+`}`, "mparticle"))
		if len(x.Events) != 1 {
			t.Fatalf("%s: %+v", consent, x)
		}
		got := x.Events[0].Reason
		if x.Events[0].Decision == "permit" {
			got = x.Events[0].Activity
		}
		if got != want {
			t.Errorf("%s: %s, want %s", consent, got, want)
		}
	}
}

// TestLowered: an event states no more consent than it travels on, in all of the parameters at once.
func TestLowered(t *testing.T) {
	t.Parallel()
	own := []signal.Source{{Kind: signal.Own, Cookie: "site_consent", JSON: "analytics", Category: "analytics",
		Granted: []string{"yes"}, Refused: []string{"no"}}}
	const said = "&gcs=G111&gcd=13r3r3n3v5l1&npa=0&dma=1&dma_cps=syphamo"
	for _, c := range []struct {
		name  string
		rung  rules.DraftActivity
		query string
		want  string
	}{
		{"analytics alone", rung("a", basis.Consent), said, "&gcs=G101&gcd=13q3r3m3u5l1&npa=1&dma=1&dma_cps=-"},
		{"no consent at all", rung("a", basis.LegitimateInterest, assessed("LIA-1")), said,
			"&gcs=G100&gcd=13q3q3m3u5l1&npa=1&dma=1&dma_cps=-"},
		{"all that was granted", rung("a", basis.OptOut, of("ga4", "audience", "ads"), in("US")), said, said},
		{"denied already", rung("a", basis.Consent), "&gcs=G101&gcd=13p3r3p3p5l1&npa=1", "&gcs=G101&gcd=13p3r3p3p5l1&npa=1"},
		{"npa is missing", rung("a", basis.Consent), "&gcs=G111", "&gcs=G101&gcd=13p3r3p3p5l1&npa=1"},
		{"npa says so already", rung("a", basis.Consent), "&gcs=G111&npa=1", "&gcs=G101&npa=1&gcd=13p3r3p3p5l1"},
		{"in its own word", rung("a", basis.Consent), "&gcs=G111&npa=true", "&gcs=G101&npa=true&gcd=13p3r3p3p5l1"},
		{"unset is what it travels on", rung("a", basis.Consent), "&gcs=G1--&gcd=13l3l3l3l5",
			"&gcs=G101&gcd=13p3r3p3p5&npa=1"},
		{"unset stays unset for statistics", rung("a", basis.LegitimateInterest, assessed("LIA-1")),
			"&gcs=G1--&gcd=13l3l3l3l5",
			"&gcs=G10-&gcd=13p3l3p3p5&npa=1"},
		{"what cannot be read is dropped, and taken for a no", rung("a", basis.Consent), "&gcs=G1111&gcd=zz",
			"&gcd=13p3p3p3p5l1&gcs=G100&npa=1"},
	} {
		p := listed(t, own, c.rung)
		text := "GET /g/collect?v=2&tid=G-1&en=page_view" + c.query + " HTTP/1.1\nHost: shop.example\n\n"
		r := request(t, text, "ga4", yes, "CF-IPCountry: US")
		r.Address = r.Address.Prev() // any
		x := explain(t, p, r)
		if x.Forward == nil {
			t.Errorf("%s: denied: %s", c.name, x.Events[0].Reason)
			continue
		}
		_, query, _ := strings.Cut(x.Forward.URL, "&en=page_view")
		if query = strings.Replace(query, "&_uip=203.0.0.0", "", 1); query != c.want {
			t.Errorf("%s: %s, want %s", c.name, query, c.want)
		}
	}
}

// TestSignalsAreComparable: the same hit says the same, and what is explained names each source.
func TestExplainedSignals(t *testing.T) {
	t.Parallel()
	p := listed(t, []signal.Source{{Kind: signal.TransparencyConsent}, {Kind: signal.USPrivacy}, platform(t, "onetrust")},
		rung("a", basis.Consent))
	x, err := p.Explain(&rules.Question{
		Request: request(t, pageView, "ga4", "Cookie: euconsent-v2="+tc{consent: []int{8}, vendors: []int{google},
			disclosed: []int{google}}.String()),
		At: now, Keys: keysOf(p),
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range x.Signals {
		got = append(got, s.Source+" "+s.State)
	}
	slices.Sort(got)
	if want := []string{"onetrust absent", "tcf valid", "usp absent"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	for _, s := range x.Signals {
		if s.Source == "tcf" && (s.Where != "cookie euconsent-v2" ||
			!strings.Contains(s.Says, "vendor 755: may rely on consent to 8")) {
			t.Errorf("%+v", s)
		}
	}
}

// TestCatalogDeclares: a declaration that cannot be is refused.
func TestCatalogDeclares(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		iab  int
		tcf  catalog.TCF
		want string
	}{
		{0, catalog.TCF{Consent: []int{1}}, "give iab"},
		{1, catalog.TCF{Consent: []int{12}}, "12 is no purpose"},
		{1, catalog.TCF{Consent: []int{2}, LI: []int{2}}, "one default basis"},
		{1, catalog.TCF{LI: []int{3}}, "cannot be declared on legitimate interest"},
		{1, catalog.TCF{Flexible: []int{2}}, "declared on nothing"},
		{1, catalog.TCF{Others: "li"}, `"consent" or nothing`},
	} {
		file, _ := catalog.Builtin("matomo")
		changed := *file
		changed.IAB, changed.TCF = c.iab, &c.tcf
		if _, err := catalog.Compile(&changed, nil, nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.tcf, err, c.want)
		}
	}
}
