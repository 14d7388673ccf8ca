package rules_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// refusable compiles an activity on each basis that one may refuse, for a purpose in the category analytics and one in
// marketing, over those sources. The rungs are called by their basis.
func refusable(t *testing.T, b basis.Basis, sources ...signal.Source) *rules.Policy {
	t.Helper()
	d := draft(rung(b.String(), b, of("ga4", "audience", "ads"), law, in("DE", "US")))
	if sources[0].Kind.String() == "matomo" { // speaks of statistics alone
		d.Activities[0].Purposes = []string{"audience"}
	}
	if b == basis.OptOut {
		d.Activities[0].Regions = []string{"US"}
	}
	if b == basis.LegitimateInterest {
		d.Activities[0].Assessment = "LIA-1"
	}
	d.Sites[0].Signals = sources
	d.Assessments = register(t)
	d.Purposes = []rules.Purpose{
		{ID: "audience", Categories: []string{"analytics"}}, {ID: "ads", Categories: []string{"marketing"}},
	}
	return compile(t, d)
}

var refusableBases = []basis.Basis{basis.Consent, basis.LegitimateInterest, basis.PublicTask, basis.OptOut}

// becomes is what a recorded no, or none, comes to on a basis.
func becomes(b basis.Basis, said string) string {
	switch {
	case said == refused && b == basis.OptOut:
		return "opted_out"
	case said == refused || said == objected || b == basis.Consent:
		return said
	default:
		return b.String()
	}
}

// TestANoCountsOnEveryBasis: a no that a platform records denies every rung that one may refuse. No choice yet, and
// what cannot be read, denies consent alone.
func TestANoCountsOnEveryBasis(t *testing.T) {
	t.Parallel()
	for _, p := range platformChoices {
		source := platform(t, p.name, p.ids...)
		source.Settings.Revision = 0
		for _, b := range refusableBases {
			policy := refusable(t, b, source)
			judge := func(what string, jar map[string]string, want string) {
				t.Helper()
				var cookies strings.Builder
				for name, value := range jar {
					if value != "" {
						cookies.WriteString(name + "=" + value + "; ")
					}
				}
				country := map[bool]string{true: "US", false: "DE"}[b == basis.OptOut]
				r := request(t, pageView, "ga4", "CF-IPCountry: "+country, "Cookie: "+cookies.String())
				if got, _ := judgedAs(t, policy, r); got != want {
					t.Errorf("%s, %v, %s: %s, want %s", p.name, b, what, got, want)
				}
			}
			judge("before the choice", nil, becomes(b, unsaid))
			judge("after a yes", p.yes, b.String())
			for _, c := range p.no {
				if c.want == byGPC {
					continue // a copy of the browser's signal: no site here reads that
				}
				jar := maps.Clone(p.yes)
				jar[strings.TrimPrefix(c.place, "+")] = c.value
				judge(c.place+" is "+c.value, jar, becomes(b, c.want))
			}
		}
	}
}

// TestLettersOfConsentMode: an act is what gcd records with q, u and m. A default, gcs and npa show a state.
func TestLettersOfConsentMode(t *testing.T) {
	t.Parallel()
	policies := map[basis.Basis]*rules.Policy{}
	for _, b := range refusableBases {
		policies[b] = refusable(t, b, signal.Source{Kind: signal.ConsentMode})
	}
	for _, c := range []struct{ query, want string }{
		{"", unsaid},
		{"gcd=13r3r3r3r5", "permitted"}, {"gcd=13n3n3n3n5", "permitted"}, {"gcd=13v3v3v3v5", "permitted"},
		{"gcd=13l3l3l3l1", unsaid}, {"gcd=13t3t3t3t5", unsaid}, {"gcd=13R3r3r3r5", unsaid},
		{"gcd=13p3p3p3p5", "withheld"}, {"gcd=13p3r3r3r5", "withheld"}, {"gcs=G100&gcd=13p3p3p3p5&npa=1", "withheld"},
		{"gcs=G100", "withheld"}, {"gcs=G110", "withheld"}, {"gcs=G101", "withheld"}, {"npa=1", "withheld"},
		{"gcs=G100&gcd=13r3r3r3r5", "withheld"}, {"npa=1&gcd=13r3r3r3r5", "withheld"},
		{"gcs=G111", unsaid}, {"gcs=G1--", unsaid},
		{"gcd=13q3q3q3q5", refused}, {"gcd=13u3u3u3u5", refused}, {"gcd=13m3m3m3m5", refused},
		{"gcd=13q3r3r3r5", refused}, {"gcd=13r3u3r3r5", refused}, {"gcd=13r3r3m3r5", refused}, {"gcd=13r3r3r3q5", refused},
		{"gcs=G100&gcd=13q3q3q3q5&npa=1", refused}, {"gcs=G111&gcd=13q3q3q3q5", refused},
		{"gcs=G100&gcd=13p3p3p3m5", refused},
	} {
		for _, b := range refusableBases {
			want := becomes(b, c.want)
			switch {
			case c.want == "permitted":
				want = b.String()
			case c.want == "withheld" && b == basis.Consent:
				want = refused
			}
			country := map[bool]string{true: "US", false: "DE"}[b == basis.OptOut]
			hit := strings.Replace(pageView, "?v=2", "?v=2&"+c.query, 1)
			r := request(t, hit, "ga4", "CF-IPCountry: "+country)
			if got, _ := judgedAs(t, policies[b], r); got != want {
				t.Errorf("%v, %s: %s, want %s", b, c.query, got, want)
			}
		}
	}
}

// TestConsentToTCFPurposesIsNoWordOnInterest: a purpose of the TCF that is refused inside a platform's own cookie is a
// no to consent, and an opt-out; of a legitimate interest its own list speaks.
func TestConsentToTCFPurposesIsNoWordOnInterest(t *testing.T) {
	t.Parallel()
	const no = refused
	didomi := func(purposes string) string {
		purposes = strings.ReplaceAll(purposes, "IAB9", "market_research")
		return "didomi_token=" + b64(`{"updated":"2026-04-10T17:48:20.000Z",`+purposes+`}`)
	}
	oneTrust := func(groups string) string {
		return "OptanonConsent=groups=" + groups + "; OptanonAlertBoxClosed=2026-04-10T17:48:20.000Z"
	}
	for _, c := range []struct {
		platform, jar                             string
		consent, interest, publicTask, inTheState string
	}{
		{"didomi", didomi(`"purposes":{"disabled":["IAB9"],"enabled":["own"]}`), no, "", "", "opted_out"},
		{"didomi", didomi(`"purposes":{"disabled":["IAB9","own"]}`), no, no, no, "opted_out"},
		{"didomi", didomi(`"purposes":{"disabled":["own"],"enabled":["IAB9"]}`), no, no, no, "opted_out"},
		{
			"didomi", didomi(`"purposes":{"enabled":["IAB9","own"]},"purposes_li":{"disabled":["IAB9"]}`),
			objected, objected, objected, objected,
		},
		{"onetrust", oneTrust("IABV2_9:0,own:1"), no, "", "", "opted_out"},
		{"onetrust", oneTrust("IAB2V2_9:0,own:1,IABV2_9:1"), no, "", "", "opted_out"},
		{"onetrust", oneTrust("STACK9:0,V2STACK9:0,own:1,IABV2_9:1"), no, "", "", "opted_out"},
		{"onetrust", oneTrust("IABV2_9:1,own:0"), no, no, no, "opted_out"},
	} {
		ids := []string{"market_research", "analytics", "own", "analytics"}
		if c.platform == "onetrust" {
			ids = []string{"own", "analytics"}
			for _, id := range []string{"IABV2_9", "IAB2V2_9", "STACK9", "V2STACK9"} {
				if strings.Contains(c.jar, id) {
					ids = append(ids, id, "analytics")
				}
			}
		}
		source := platform(t, c.platform, ids...)
		for i, want := range []string{c.consent, c.interest, c.publicTask, c.inTheState} {
			b := refusableBases[i]
			if want == "" {
				want = b.String()
			}
			country := map[bool]string{true: "US", false: "DE"}[b == basis.OptOut]
			d := draft(rung(b.String(), b, law, in(country)))
			d.Activities[0].Purposes = []string{"audience"}
			if b == basis.LegitimateInterest {
				d.Activities[0].Assessment = "LIA-1"
			}
			d.Sites[0].Signals, d.Assessments = []signal.Source{source}, register(t)
			d.Purposes = []rules.Purpose{{ID: "audience", Categories: []string{"analytics"}}}
			r := request(t, pageView, "ga4", "CF-IPCountry: "+country, "Cookie: "+c.jar)
			if got, _ := judgedAs(t, compile(t, d), r); got != want {
				t.Errorf("%v, %s: %s, want %s", b, c.jar, got, want)
			}
		}
	}
}

// TestAfterRefusal: one activity goes on after a refused category, and after nothing else.
func TestAfterRefusal(t *testing.T) {
	t.Parallel()
	no := &rules.Choices{Own: map[string]string{"analytics": "refused"}}
	interest := rung("a", basis.LegitimateInterest, assessed("LIA-1"))
	goingOn := rung("a", basis.LegitimateInterest, assessed("LIA-1"), after)
	for _, c := range []struct {
		of         rules.DraftActivity
		region     string
		objections []string
		service    signal.Refusal
		want       string
	}{
		{of: interest, region: "DE", want: "consent_refused"},
		{of: goingOn, region: "DE", want: "permitted"},
		{of: goingOn, region: "DE", objections: []string{"audience"}, want: "objection"},
		{of: goingOn, region: "DE", service: signal.Declined, want: "consent_refused"},
		{of: rung("a", basis.LegitimateInterest, assessed("LIA-3")), region: "DE", want: "consent_refused"}, // has grounds
		{of: rung("a", basis.PublicTask, law, after), region: "DE", want: "permitted"},
		{of: rung("a", basis.OptOut, in("US"), after), region: "US", want: "permitted"},
		{of: rung("a", basis.OptOut, in("US")), region: "US", want: "opted_out"},
	} {
		d := draft(c.of)
		d.Assessments = register(t)
		p := compile(t, d)
		s := p.SignalsOf(no)
		s.Sources[0].Service = c.service
		x, err := p.Explain(&rules.Question{
			Request: request(t, pageView, "ga4"), Signals: s, Objections: c.objections, Region: c.region, At: now,
			Keys: rules.NewKeys(pseudonym.TestRoot, p, now),
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := x.Events[0].Reason; got != c.want {
			t.Errorf("%+v: %s, want %s", c, got, c.want)
		}
	}
	for _, of := range []rules.DraftActivity{
		rung("a", basis.Consent, after), rung("a", basis.LegitimateInterest, assessed("LIA-1"), ads, after),
		rung("a", basis.OptOut, func(a *rules.DraftActivity) { a.Purposes = []string{"sold"} }, in("US"), after),
	} {
		d := draft(of)
		d.Purposes = append(d.Purposes, rules.Purpose{ID: "sold", US: []string{"sale"}})
		d.Assessments = register(t)
		if _, err := rules.Compile(d); err == nil || !strings.Contains(err.Error(), "after_refusal") {
			t.Errorf("%v for %v: %v", of.Basis, of.Purposes, err)
		}
	}
}

func after(a *rules.DraftActivity) { a.AfterRefusal = true }

// TestCategoriesAndTCStringsTogether: on legitimate interest the stricter of a platform's category and the TC string's
// bits for interest holds, and its bits for consent say nothing.
func TestCategoriesAndTCStringsTogether(t *testing.T) {
	t.Parallel()
	d := draft(rung("a", basis.LegitimateInterest, assessed("LIA-1"), of("matomo", "audience")))
	d.Purposes = []rules.Purpose{{ID: "audience", Categories: []string{"analytics"}, TCF: []int{8}}, {ID: "ads"}}
	d.Assessments = register(t)
	d.Sites[0].Signals = []signal.Source{platform(t, "onetrust"), {Kind: signal.TransparencyConsent}}
	p := compile(t, d)
	group := func(answer, closed string) string {
		return "OptanonConsent=groups=C0002:" + answer + closed + "; "
	}
	const closed = "; OptanonAlertBoxClosed=2026-04-10T17:48:20.000Z"
	for _, c := range []struct {
		jar  string
		tc   tc
		want string
	}{
		{"", tc{li: []int{8}}, "a"},
		{"", tc{consent: []int{8}}, "tcf_purpose_li"},
		{group("1", closed), tc{consent: []int{8}, li: []int{8}}, "a"},
		{group("1", closed), tc{consent: []int{8}}, "tcf_purpose_li"},
		{group("0", closed), tc{consent: []int{8}, li: []int{8}}, refused},
		{group("0", closed), tc{}, refused},
		{group("0", ""), tc{li: []int{8}}, "a"},
		{group("1", ""), tc{}, "tcf_purpose_li"},
	} {
		r := request(t, "GET /matomo.php?idsite=1&rec=1 HTTP/1.1\n\n", "matomo", "Cookie: "+c.jar+
			"euconsent-v2="+c.tc.String())
		if got, _ := judgedAs(t, p, r); got != c.want {
			t.Errorf("%s, consent to %v, interest in %v: %s, want %s", c.jar, c.tc.consent, c.tc.li, got, c.want)
		}
	}
}
