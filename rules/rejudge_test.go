package rules_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
)

// recordOf is what records say of the first event of a hit that was judged: its
// rungs, and what stands in its own record.
func recordOf(p *rules.Policy, j *rules.Judgement) (rules.RecordedRungs, rules.RecordedEvent) {
	f := j.Facts(0)
	of := rules.RecordedRungs{Site: f.Site, Vendor: f.Vendor, Endpoint: f.Endpoint, Region: f.Region.String(),
		Server: f.Server}
	for _, r := range f.Ladder {
		of.Ladder = append(of.Ladder, rules.RecordedRung{
			Activity: r.Activity.ID, When: r.When, Decision: r.Decision.String(), Reason: r.Reason.String(),
		})
	}
	s := f.Signals
	if s.GPC.String() != "absent" {
		of.Signals = append(of.Signals, rules.RecordedSignal{Source: "gpc", State: s.GPC.String()})
	}
	for i := range s.Sources[:s.N] {
		said := &s.Sources[i]
		if said.State.String() == "absent" {
			continue
		}
		of.Signals = append(of.Signals, rules.RecordedSignal{
			Source: said.Kind.String(), State: said.State.String(), Granted: rules.CategoriesIn(p, said.Granted),
			Refused: rules.CategoriesIn(p, said.Refused), Declined: rules.CategoriesIn(p, said.Declined),
			TCFOnly: rules.CategoriesIn(p, said.TCFOnly), Unclear: rules.CategoriesIn(p, said.Doubt),
			Objected: rules.CategoriesIn(p, said.Objected),
		})
	}
	e := rules.RecordedEvent{
		Name: p.ScrubName(f.Name), Decision: f.Decision.String(), Reason: f.Reason.String(),
		Activity: f.Activity, Basis: f.Basis,
		Assessment: f.Assessment, Version: f.Version, ConsentAt: f.ConsentAt, Dates: s.AppendDates(nil), Objected: f.Objected,
		Decided: f.Decided.Number, KeptSince: f.KeptSince, At: now, Latest: now,
	}
	return of, e
}

// TestRejudge: of a ladder with every kind of rung, judged in every way, what was recorded is found again; and each
// part of the record that is another one is seen.
func TestRejudge(t *testing.T) {
	t.Parallel()
	holds := func(want bool) func(*rules.DraftActivity) {
		return when(func(rules.EventView) (bool, error) { return want, nil })
	}
	fails := when(func(rules.EventView) (bool, error) { return false, errors.New("broken") })
	named := func(names ...string) func(*rules.DraftActivity) {
		return func(a *rules.DraftActivity) { a.Events = names }
	}
	const no = `Cookie: site_consent={"analytics":"no"}`
	judged := 0
	for _, rungs := range [][]rules.DraftActivity{
		{rung("a", basis.Consent), rung("b", basis.LegitimateInterest, assessed("LIA-1"))},
		{rung("a", basis.LegitimateInterest, assessed("LIA-2")), rung("b", basis.Contract, law)},
		{rung("a", basis.LegitimateInterest, assessed("LIA-3"), ads), rung("b", basis.PublicTask, law)},
		{rung("a", basis.OptOut, ads, in("US")), rung("b", basis.Consent, ads)},
		{rung("a", basis.Contract, law, holds(false)), rung("b", basis.Contract, law, holds(true))},
		{rung("a", basis.Contract, law, fails), rung("b", basis.Contract, law)},
		{rung("a", basis.Contract, law, named("purchase")), rung("b", basis.Consent, named("page_view"))},
		{rung("a", basis.LegitimateInterest, assessed("LIA-9"))},
	} {
		d := draft(rungs...)
		d.Assessments = register(t)
		p := compile(t, d)
		for _, headers := range [][]string{nil, {yes}, {no}, {"Sec-GPC: 1"}, {"CF-IPCountry: US"},
			{"CF-IPCountry: US", "Sec-GPC: 1"}} {
			for _, objections := range [][]string{nil, {"audience"}, {"ads"}, {"vendor:ga4"}, {"all"}} {
				j := judgedFor(t, p, headers, objections)
				of, e := recordOf(p, j)
				again, err := rules.NewRejudge(p, &of)
				if err != nil {
					t.Fatal(err)
				}
				found, err := again.Judge(&e)
				if err != nil || found.Differs != "" || found.Reason != j.Verdicts[0].Reason ||
					found.Activity != j.Verdicts[0].Activity {
					t.Errorf("%v, objected %v: %+v, %v; recorded %+v", headers, objections, found, err, of.Ladder)
				}
				judged++
				for what, change := range map[string]func(*rules.RecordedEvent, *rules.RecordedRungs){
					"reason":   func(e *rules.RecordedEvent, _ *rules.RecordedRungs) { e.Reason = "unjudged" },
					"decision": func(e *rules.RecordedEvent, _ *rules.RecordedRungs) { e.Decision = flipped(e.Decision) },
					"basis":    func(e *rules.RecordedEvent, _ *rules.RecordedRungs) { e.Basis += "x" },
					"version":  func(e *rules.RecordedEvent, _ *rules.RecordedRungs) { e.Version++ },
					"ladder": func(_ *rules.RecordedEvent, of *rules.RecordedRungs) {
						last := &of.Ladder[len(of.Ladder)-1]
						last.Decision = flipped(last.Decision)
					},
					"end": func(_ *rules.RecordedEvent, of *rules.RecordedRungs) { of.Ladder = of.Ladder[:len(of.Ladder)-1] },
				} {
					other, changed := of, e
					other.Ladder = slices.Clone(of.Ladder)
					if change(&changed, &other); e.Activity == "" && (what == "basis" || what == "version") {
						continue
					}
					again, err := rules.NewRejudge(p, &other)
					if err != nil {
						t.Fatal(err)
					}
					if found, err := again.Judge(&changed); err == nil && found.Differs == "" {
						t.Errorf("%v, objected %v: another %s is not seen", headers, objections, what)
					}
				}
			}
		}
	}
	if judged != 8*6*5 {
		t.Errorf("%d were judged", judged)
	}
}

func flipped(decision string) string {
	if decision == "permit" {
		return "deny"
	}
	return "permit"
}

// judgedFor judges a page view, of somebody who objected.
func judgedFor(t *testing.T, p *rules.Policy, headers, objections []string) *rules.Judgement {
	t.Helper()
	var j rules.Judgement
	j.Hit.Reset()
	j.Hit.Request = request(t, pageView, "ga4", headers...)
	in := &rules.Inputs{Now: now, Keys: keysOf(p)}
	if reason := rules.Read(p, &j, in, nil); reason != rules.Unjudged {
		t.Fatal(reason)
	}
	var all rules.Objections
	for _, scope := range objections {
		of, known := p.Objection(scope)
		if !known {
			t.Fatal(scope)
		}
		all.Merge(of)
	}
	for range j.Hit.Events {
		j.Objections = append(j.Objections, all)
	}
	rules.Judge(&j, in)
	return &j
}

// TestRejudgeUnknown: what the policy does not know is said, and never judged.
func TestRejudgeUnknown(t *testing.T) {
	t.Parallel()
	p := compile(t, draft(rung("a", basis.Consent)))
	of, e := recordOf(p, judgedFor(t, p, []string{yes}, nil))
	for name, change := range map[string]func(*rules.RecordedRungs){
		"endpoint": func(of *rules.RecordedRungs) { of.Endpoint = "none" },
		"site":     func(of *rules.RecordedRungs) { of.Site = "none" },
		"activity": func(of *rules.RecordedRungs) { of.Ladder[0].Activity = "none" },
		"region":   func(of *rules.RecordedRungs) { of.Region = "nowhere" },
		"source":   func(of *rules.RecordedRungs) { of.Signals[0].Source = "none" },
		"state":    func(of *rules.RecordedRungs) { of.Signals[0].State = "absent" },
		"category": func(of *rules.RecordedRungs) { of.Signals[0].Granted = []string{"none"} },
		"service":  func(of *rules.RecordedRungs) { of.Signals[0].Service = "none" },
	} {
		other := of
		other.Ladder, other.Signals = slices.Clone(of.Ladder), slices.Clone(of.Signals)
		change(&other)
		if _, err := rules.NewRejudge(p, &other); !errors.Is(err, rules.ErrUnknown) {
			t.Errorf("another %s: %v", name, err)
		}
	}
	again, err := rules.NewRejudge(p, &of)
	if err != nil {
		t.Fatal(err)
	}
	e.Objected = []string{"none"}
	if _, err := again.Judge(&e); !errors.Is(err, rules.ErrUnknown) {
		t.Errorf("another scope: %v", err)
	}
	e.Objected, e.Decision, e.Reason = nil, "deny", "malformed"
	of.Ladder = nil
	if again, err = rules.NewRejudge(p, &of); err != nil {
		t.Fatal(err)
	}
	if _, err := again.Judge(&e); !errors.Is(err, rules.ErrNoLadder) {
		t.Errorf("without a ladder: %v", err)
	}
}

// TestRejudgeBoundary: an event that was judged right before a moment that changes what comes out is no other one
// because it was recorded right behind it.
func TestRejudgeBoundary(t *testing.T) {
	t.Parallel()
	d := draft(rung("a", basis.LegitimateInterest, assessed("LIA-1")))
	d.Assessments = register(t)
	p := compile(t, d)
	of, e := recordOf(p, judgedFor(t, p, nil, nil))
	again, err := rules.NewRejudge(p, &of)
	if err != nil {
		t.Fatal(err)
	}
	over := time.Date(2026, time.June, 2, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		at   time.Time
		same bool
	}{{over.Add(-time.Second), true}, {over.Add(5 * time.Second), true}, {over.Add(time.Hour), false}} {
		e.At, e.Latest = c.at, c.at
		if found, err := again.Judge(&e); err != nil || (found.Differs == "") != c.same ||
			!c.same && !strings.Contains(found.Differs, "assessment_expired") {
			t.Errorf("%s: %+v, %v", c.at, found, err)
		}
	}
}
