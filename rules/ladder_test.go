package rules_test

import (
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

const pageView = "GET /g/collect?v=2&tid=G-1&cid=1234567890.1700000000&dl=https%3A%2F%2Fshop.example%2F&en=page_view HTTP/1.1\nHost: shop.example\n\n"

// register holds LIA-1, approved and due on 2026-06-01, LIA-2, never approved, LIA-3, approved with compelling grounds,
// and LIA-4, changed after it was approved.
func register(t testing.TB) *basis.Register {
	t.Helper()
	secret, public, err := note.GenerateKey(rand.Reader, "privacy")
	if err != nil {
		t.Fatal(err)
	}
	approver, err := basis.ParseApprover("privacy", public)
	if err != nil {
		t.Fatal(err)
	}
	var entries []basis.Entry
	for _, id := range []string{"LIA-1", "LIA-2", "LIA-3", "LIA-4"} {
		a := &basis.Assessment{ID: id, Version: 1}
		if a.ReviewBy, err = basis.ParseDay("2026-06-01"); err != nil {
			t.Fatal(err)
		}
		if id == "LIA-3" {
			a.Objection.CompellingGrounds = basis.Text{"": "fraud"}
		}
		digest := a.Digest(basis.Surroundings{})
		if id != "LIA-2" {
			if a.Approval, err = basis.Sign(a, digest, secret); err != nil {
				t.Fatal(err)
			}
		}
		if id == "LIA-4" {
			digest[0]++
		}
		entries = append(entries, basis.Entry{Assessment: a, Digest: digest})
	}
	return basis.NewRegister(entries, []basis.Approver{approver}, basis.Past{})
}

// rung is an activity for GA4.
func rung(id string, b basis.Basis, change ...func(*rules.DraftActivity)) rules.DraftActivity {
	a := rules.DraftActivity{ID: id, Vendor: "ga4", Purposes: []string{"audience"}, Basis: b, Profile: "standard",
		Events: []string{"*"}}
	for _, c := range change {
		c(&a)
	}
	return a
}

func assessed(id string) func(*rules.DraftActivity) {
	return func(a *rules.DraftActivity) { a.Assessment = id }
}

func ads(a *rules.DraftActivity) { a.Purposes = []string{"ads"} }

func law(a *rules.DraftActivity) { a.Reference = "contract of sale" }

func in(regions ...string) func(*rules.DraftActivity) {
	return func(a *rules.DraftActivity) { a.Regions = regions }
}

type whenFunc func(rules.EventView) (bool, error)

func (f whenFunc) Holds(e rules.EventView) (bool, error) { return f(e) }

func when(f func(rules.EventView) (bool, error)) func(*rules.DraftActivity) {
	return func(a *rules.DraftActivity) { a.When = whenFunc(f) }
}

func TestLadder(t *testing.T) {
	t.Parallel()
	const no = `Cookie: site_consent={"analytics":"no"}`
	broken := when(func(rules.EventView) (bool, error) { return false, errors.New("broken") })
	for _, c := range []struct {
		name       string
		rungs      []rules.DraftActivity
		headers    []string
		objections []string
		at         time.Time
		want       string // the activity that carries the event, or the reason of its denial
	}{
		{name: "no rung", rungs: []rules.DraftActivity{{ID: "x", Vendor: "matomo", Purposes: []string{"audience"},
			Basis: basis.Consent, Profile: "standard", Events: []string{"*"}}}, want: "no_activity"},
		{name: "consent given", rungs: []rules.DraftActivity{rung("a", basis.Consent)}, headers: []string{yes}, want: "a"},
		{name: "consent absent", rungs: []rules.DraftActivity{rung("a", basis.Consent)}, want: "no_consent"},
		{name: "consent refused", rungs: []rules.DraftActivity{rung("a", basis.Consent)}, headers: []string{no},
			want: "consent_refused"},
		{name: "two cookies that disagree", rungs: []rules.DraftActivity{rung("a", basis.Consent)},
			headers: []string{yes, no}, want: "consent_refused"},
		{name: "a cookie that disagrees with itself", rungs: []rules.DraftActivity{rung("a", basis.Consent)},
			headers: []string{`Cookie: site_consent={"analytics":"yes","analytics":"no"}`}, want: "consent_refused"},
		{name: "a cookie that is no JSON", rungs: []rules.DraftActivity{rung("a", basis.Consent)},
			headers: []string{`Cookie: site_consent={"analytics":"yes"`}, want: "no_consent"},
		{name: "an unknown word", rungs: []rules.DraftActivity{rung("a", basis.Consent)},
			headers: []string{`Cookie: site_consent={"analytics":"maybe"}`}, want: "no_consent"},
		{name: "a yes and an empty cookie", rungs: []rules.DraftActivity{rung("a", basis.Consent)},
			headers: []string{yes + "; site_consent="}, want: "no_consent"},
		{name: "a yes and an unknown word", rungs: []rules.DraftActivity{rung("a", basis.Consent)},
			headers: []string{yes, `Cookie: site_consent={"analytics":"maybe"}`}, want: "no_consent"},
		{name: "consent to something else", rungs: []rules.DraftActivity{rung("a", basis.Consent, ads)},
			headers: []string{yes}, want: "no_consent"},
		{name: "consent and an objection", rungs: []rules.DraftActivity{rung("a", basis.Consent)}, headers: []string{yes},
			objections: []string{"audience"}, want: "objection"},
		{name: "consent and an objection to something else", rungs: []rules.DraftActivity{rung("a", basis.Consent)},
			headers: []string{yes}, objections: []string{"ads", "vendor:matomo"}, want: "a"},
		{name: "objection to the vendor", rungs: []rules.DraftActivity{rung("a", basis.Consent)}, headers: []string{yes},
			objections: []string{"vendor:ga4"}, want: "objection"},
		{name: "objection to all", rungs: []rules.DraftActivity{rung("a", basis.LegitimateInterest, assessed("LIA-1"))},
			objections: []string{"all"}, want: "objection"},
		{name: "the first permitted rung carries", rungs: []rules.DraftActivity{rung("a", basis.Consent),
			rung("b", basis.LegitimateInterest, assessed("LIA-1")), rung("c", basis.Contract, law)}, want: "b"},
		{name: "the reason is the last rung's", rungs: []rules.DraftActivity{rung("a", basis.LegitimateInterest,
			assessed("LIA-2")), rung("b", basis.Consent)}, want: "no_consent"},
		{name: "assessment valid", rungs: []rules.DraftActivity{rung("a", basis.LegitimateInterest, assessed("LIA-1"))},
			want: "a"},
		{name: "its last good day", rungs: []rules.DraftActivity{rung("a", basis.LegitimateInterest, assessed("LIA-1"))},
			at: time.Date(2026, 6, 1, 23, 59, 59, 0, time.UTC), want: "a"},
		{name: "the day after", rungs: []rules.DraftActivity{rung("a", basis.LegitimateInterest, assessed("LIA-1"))},
			at: time.Date(2026, 6, 2, 0, 0, 0, 0, time.UTC), want: "assessment_expired"},
		{name: "assessment unapproved", rungs: []rules.DraftActivity{rung("a", basis.LegitimateInterest, assessed("LIA-2"))},
			want: "assessment_unapproved"},
		{name: "assessment changed", rungs: []rules.DraftActivity{rung("a", basis.LegitimateInterest, assessed("LIA-4"))},
			want: "assessment_changed"},
		{name: "assessment missing", rungs: []rules.DraftActivity{rung("a", basis.LegitimateInterest, assessed("LIA-9"))},
			want: "assessment_missing"},
		{name: "compelling grounds are no standing answer", rungs: []rules.DraftActivity{rung("a", basis.LegitimateInterest,
			assessed("LIA-3"))}, objections: []string{"audience"}, want: "objection"},
		{name: "least of all for direct marketing", rungs: []rules.DraftActivity{rung("a", basis.LegitimateInterest,
			assessed("LIA-3"), ads)}, objections: []string{"ads"}, want: "objection"},
		{name: "GPC where a purpose counts it", rungs: []rules.DraftActivity{rung("a", basis.LegitimateInterest,
			assessed("LIA-1"), ads)}, headers: []string{"Sec-GPC: 1"}, want: "gpc"},
		{name: "GPC twice, once off", rungs: []rules.DraftActivity{rung("a", basis.LegitimateInterest, assessed("LIA-1"),
			ads)}, headers: []string{"Sec-GPC: 0", "Sec-GPC: 1"}, want: "gpc"},
		{name: "GPC where a purpose ignores it", rungs: []rules.DraftActivity{rung("a", basis.LegitimateInterest,
			assessed("LIA-1"))}, headers: []string{"Sec-GPC: 1"}, want: "a"},
		{name: "GPC is an objection on the consent rung too", rungs: []rules.DraftActivity{rung("a", basis.Consent, ads)},
			headers: []string{"Sec-GPC: 1"}, want: "gpc"},
		{name: "contract", rungs: []rules.DraftActivity{rung("a", basis.Contract, law)},
			objections: []string{"all"}, want: "a"},
		{name: "contract for direct marketing", rungs: []rules.DraftActivity{rung("a", basis.Contract, law, ads)},
			objections: []string{"ads"}, want: "objection"},
		{name: "contract that names none", rungs: []rules.DraftActivity{rung("a", basis.Contract)},
			want: "no_legal_reference"},
		{name: "legal obligation", rungs: []rules.DraftActivity{rung("a", basis.LegalObligation, law)}, want: "a"},
		{name: "vital interests", rungs: []rules.DraftActivity{rung("a", basis.VitalInterests, law)}, want: "a"},
		{name: "public task", rungs: []rules.DraftActivity{rung("a", basis.PublicTask, law)}, want: "a"},
		{name: "public task that names no law", rungs: []rules.DraftActivity{rung("a", basis.PublicTask)},
			want: "no_legal_reference"},
		{name: "public task and an objection", rungs: []rules.DraftActivity{rung("a", basis.PublicTask, law)},
			objections: []string{"audience"}, want: "objection"},
		{name: "opt-out in the US", rungs: []rules.DraftActivity{rung("a", basis.OptOut, ads, in("US"))},
			headers: []string{"CF-IPCountry: US"}, want: "a"},
		{name: "opted out by GPC", rungs: []rules.DraftActivity{rung("a", basis.OptOut, func(a *rules.DraftActivity) {
			a.Purposes = []string{"sold"}
		}, in("US"))}, headers: []string{"CF-IPCountry: US", "Sec-GPC: 1"}, want: "opted_out"},
		{name: "opt-out and an objection", rungs: []rules.DraftActivity{rung("a", basis.OptOut, ads, in("US"))},
			headers: []string{"CF-IPCountry: US"}, objections: []string{"ads"}, want: "objection"},
		{name: "opt-out elsewhere", rungs: []rules.DraftActivity{rung("a", basis.OptOut, ads, in("US"))},
			headers: []string{"CF-IPCountry: DE"}, want: "no_activity"},
		{name: "opt-out in a region that is not said", rungs: []rules.DraftActivity{rung("a", basis.OptOut, ads)},
			headers: []string{"CF-IPCountry: DE"}, want: "no_consent"},
		{name: "another region", rungs: []rules.DraftActivity{rung("a", basis.Contract, law, in("UK", "CH"))},
			headers: []string{"CF-IPCountry: DE"}, want: "no_activity"},
		{name: "a country in its group", rungs: []rules.DraftActivity{rung("a", basis.Contract, law, in("EEA"))},
			headers: []string{"CF-IPCountry: NO"}, want: "a"},
		{name: "two countries", rungs: []rules.DraftActivity{rung("a", basis.Contract, law, in("EU", "US"))},
			headers: []string{"CF-IPCountry: DE", "CF-IPCountry: US"}, want: "no_activity"},
		{name: "another event", rungs: []rules.DraftActivity{rung("a", basis.Contract, law, func(a *rules.DraftActivity) {
			a.Events = []string{"purchase"}
		})}, want: "no_activity"},
		{name: "another site", rungs: []rules.DraftActivity{rung("a", basis.Contract, law, func(a *rules.DraftActivity) {
			a.Sites = []string{"blog"}
		})}, want: "no_activity"},
		{name: "a condition that holds", rungs: []rules.DraftActivity{rung("a", basis.Contract, law,
			when(func(e rules.EventView) (bool, error) {
				return e.Name() == "page_view" && e.Param("tid") == "G-1" && e.Param("debug") == "", nil
			}))}, want: "a"},
		{name: "a condition that does not", rungs: []rules.DraftActivity{rung("a", basis.Contract, law,
			when(func(rules.EventView) (bool, error) {
				return false, nil
			}))}, want: "no_activity"},
		{name: "a condition that fails denies the event", rungs: []rules.DraftActivity{rung("a", basis.Contract, law, broken),
			rung("b", basis.Contract, law)}, want: "condition_failed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := draft(c.rungs...)
			d.Purposes = append(d.Purposes, rules.Purpose{ID: "sold", US: []string{"sale"}})
			d.Assessments = register(t)
			p := compile(t, d)
			at := c.at
			if at.IsZero() {
				at = now
			}
			x, err := p.Explain(&rules.Question{Request: request(t, pageView, "ga4", c.headers...), Objections: c.objections,
				At: at, Keys: rules.NewKeys(pseudonym.TestRoot, p, at)})
			if err != nil {
				t.Fatal(err)
			}
			got := x.Events[0].Reason
			if x.Events[0].Decision == "permit" {
				got = x.Events[0].Activity
			}
			if got != c.want {
				t.Errorf("got %s, want %s; the ladder: %v", got, c.want, x.Events[0].Ladder)
			}
			if permitted := x.Forward != nil; permitted != slices.ContainsFunc(c.rungs, func(a rules.DraftActivity) bool {
				return a.ID == c.want
			}) {
				t.Errorf("forwarded: %v", permitted)
			}
		})
	}
}

func TestConsentGrowsOld(t *testing.T) {
	t.Parallel()
	// Sources of this build give no date; the rule is shown by a signal that does.
	p := compile(t, draft(rung("a", basis.Consent, func(a *rules.DraftActivity) {
		a.ConsentMaxAge = basis.Period{Months: 13}
	})))
	for _, c := range []struct {
		chosen time.Time
		want   string
	}{{now.AddDate(0, -13, 0), "permitted"}, {now.AddDate(0, -13, -1), "consent_expired"}} {
		s := p.SignalsOf(&rules.Choices{Own: map[string]string{"analytics": "granted"}})
		s.Sources[0].At = c.chosen.Unix()
		x, err := p.Explain(&rules.Question{Request: request(t, pageView, "ga4"), Signals: s, At: now, Keys: keysOf(p)})
		if err != nil {
			t.Fatal(err)
		}
		if x.Events[0].Reason != c.want {
			t.Errorf("chosen %v: got %s, want %s", c.chosen, x.Events[0].Reason, c.want)
		}
	}
}

func TestZeroValuesDeny(t *testing.T) {
	t.Parallel()
	var v rules.Verdict
	if v.Decision != rules.Deny || v.Reason != rules.Unjudged || v.Decision.String() != "deny" {
		t.Errorf("the zero verdict is %v %v", v.Decision, v.Reason)
	}
	var fate hit.Fate
	if fate != hit.Drop {
		t.Error("the zero fate keeps")
	}
	var j rules.Judgement
	if j.Out.Forward {
		t.Error("the zero judgement forwards")
	}
	if reason := rules.Judge(&j, &rules.Inputs{}); reason == rules.Unjudged && j.Out.Forward {
		t.Error("a judgement that nothing was read into forwards")
	}
}

// TestObjectionsMustBeAsked: a hit whose objections nobody looked up is refused, not forwarded.
func TestObjectionsMustBeAsked(t *testing.T) {
	t.Parallel()
	g := newJudging(t)
	r := bigGA4(t)
	g.j.Reset()
	g.j.Hit.Request = r
	if reason := rules.Read(g.policy, &g.j, &g.in, nil); reason != rules.Unjudged {
		t.Fatal(reason)
	}
	if reason := rules.Judge(&g.j, &g.in); reason != rules.Failed || g.j.Out.Forward {
		t.Errorf("got %v, forward %v", reason, g.j.Out.Forward)
	}
}

func TestCompileRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*rules.Draft)
		want   string
	}{
		{"no limits", func(d *rules.Draft) { d.Limits.Body = 0 }, "limits: every limit"},
		{"unknown vendor", func(d *rules.Draft) { d.Activities[0].Vendor = "nobody" }, `no vendor "nobody"`},
		{"unknown purpose", func(d *rules.Draft) { d.Activities[0].Purposes = []string{"x"} }, `no purpose "x"`},
		{"unknown profile", func(d *rules.Draft) { d.Activities[0].Profile = "x" }, `no profile "x"`},
		{"unknown region", func(d *rules.Draft) {
			d.Activities[0].Regions = []string{"Atlantis"}
		}, `"Atlantis" is no region`},
		{"no basis", func(d *rules.Draft) { d.Activities[0].Basis = basis.None }, "no basis"},
		{"a host twice", func(d *rules.Draft) {
			d.Sites = append(d.Sites, rules.DraftSite{ID: "blog", Hosts: []string{"shop.example"}})
		}, `belongs to site "shop"`},
		{"endpoints that overlap", func(d *rules.Draft) {
			for i := range d.Vendors {
				d.Vendors[i].Prefix = ""
			}
		}, "give one of them a prefix"},
		{"no upstream", func(d *rules.Draft) {
			for i := range d.Vendors {
				d.Vendors[i].Upstreams = nil
			}
		}, "upstream is missing"},
	} {
		d := draft()
		c.change(d)
		if _, err := rules.Compile(d); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}

// TestReasonsOfAssessments: whatever is wrong with an assessment has a reason of its own, which says just that.
func TestReasonsOfAssessments(t *testing.T) {
	t.Parallel()
	for v := basis.Unapproved; v <= basis.Valid; v++ {
		want := "assessment_" + v.String()
		if v == basis.Valid {
			want = "permitted"
		}
		if got := rules.Invalid(v).String(); got != want {
			t.Errorf("%v is denied for %s", v, got)
		}
	}
}
