package rules_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// TestALiftedObjection: over every basis, kind of purpose and assessment, with each kind of objection, signal and
// decision. A decision lifts what was objected to for what rests on its assessment, in its version, where that names
// grounds, for its purposes and its time, and never direct marketing; it lifts nothing else, and no signal.
func TestALiftedObjection(t *testing.T) {
	t.Parallel()
	d := basesDraft(t)
	p := compile(t, d)
	lifted := 0
	for i, a := range p.Activities() {
		of := d.Activities[i]
		purpose, _ := p.Objection(of.Purposes[0])
		vendor, _ := p.Objection("vendor:ga4")
		for _, objected := range []rules.Objections{{}, purpose, vendor, {All: true}, {All: true, Restricted: true}} {
			for what, lift := range map[string]*rules.Lift{
				"":                 nil,
				"right":            {},
				"zero":             {Until: -1},
				"over":             {Until: now.Unix()},
				"another":          {Assessment: "LIA-4"},
				"another version":  {Version: 2},
				"for this purpose": {Purposes: purpose.Purposes},
				"for another":      {Purposes: 1 << 63},
			} {
				for _, said := range []*signal.Signals{
					{}, {GPC: signal.Valid}, {DNT: signal.Valid},
					p.SignalsOf(&rules.Choices{Own: map[string]string{"analytics": "refused"}}),
					p.SignalsOf(&rules.Choices{Own: map[string]string{"analytics": "granted"}}),
				} {
					q := rules.Asked{Signals: said, Now: now}
					clear := p.Permits(a, &q)
					q.Objections = objected
					without := p.Permits(a, &q)
					if lift != nil {
						l := rules.Lift{Assessment: "LIA-3", Version: 1, Purposes: ^uint64(0), Until: now.Unix() + 1}
						switch {
						case lift.Until == -1:
							l = rules.Lift{}
						case lift.Until != 0:
							l.Until = lift.Until
						case lift.Assessment != "":
							l.Assessment = lift.Assessment
						case lift.Version != 0:
							l.Version = lift.Version
						case lift.Purposes != 0:
							l.Purposes = lift.Purposes
						}
						q.Objections.Lifts = rules.LiftsOf(l)
					}
					want := without
					marketing := strings.Contains(a.ID, "marketing") || strings.Contains(a.ID, " all ")
					if what == "right" || what == "for this purpose" {
						if a.Basis == basis.LegitimateInterest && a.Assessment == "LIA-3" && !marketing {
							want = clear // as if nobody had objected: refusals, signals and all else count
						}
					}
					if want != without {
						lifted++
					}
					if got := p.Permits(a, &q); got != want {
						t.Errorf("%s, %+v, %q: %v, want %v", a.ID, objected, what, got, want)
					}
				}
			}
		}
	}
	if lifted < 20 {
		t.Errorf("%d are lifted: the test shows too little", lifted)
	}
}

// TestLiftsOfSeveral: of several identifiers each that somebody objected for has to have a decision; the later one
// counts that was made, and the earlier one that ends.
func TestLiftsOfSeveral(t *testing.T) {
	t.Parallel()
	p := compile(t, basesDraft(t))
	a := p.Activities()[0]
	for _, of := range p.Activities() {
		if of.Grounded() {
			a = of
		}
	}
	lift := func(number uint64, since, until int64) *rules.Lifts {
		return rules.LiftsOf(rules.Lift{
			Number: number, Assessment: "LIA-3", Version: 1, Purposes: ^uint64(0), Since: now.Unix() + since,
			Until: now.Unix() + until,
		})
	}
	other := rules.LiftsOf(rules.Lift{Assessment: "LIA-4", Version: 1, Purposes: ^uint64(0), Until: now.Unix() + 1})
	all := rules.Objections{All: true}
	with := func(lifts *rules.Lifts) rules.Objections { o := all; o.Lifts = lifts; return o }
	for _, c := range []struct {
		what   string
		of     []rules.Objections
		number uint64 // 0: it is ended
	}{
		{"one", []rules.Objections{with(lift(7, -9, 9))}, 7},
		{"nobody and one", []rules.Objections{{}, with(lift(7, -9, 9)), {KeptOptOut: 5}}, 7},
		{"one and nobody", []rules.Objections{with(lift(7, -9, 9)), {}}, 7},
		{"twice", []rules.Objections{with(lift(7, -9, 9)), with(lift(7, -9, 9))}, 7},
		{"two", []rules.Objections{with(lift(7, -9, 9)), with(lift(8, -5, 4))}, 8},
		{"one that is over", []rules.Objections{with(lift(7, -9, 9)), with(lift(8, -5, 0))}, 0},
		{"one without", []rules.Objections{with(lift(7, -9, 9)), all}, 0},
		{"one without first", []rules.Objections{all, with(lift(7, -9, 9))}, 0},
		{"one without, of something else", []rules.Objections{with(lift(7, -9, 9)), {Purposes: 1 << 40}}, 0},
		{"one on something else", []rules.Objections{with(lift(7, -9, 9)), with(other)}, 0},
	} {
		var o, again rules.Objections
		for _, one := range c.of {
			o.Merge(one)
		}
		for range 2 { // as events of one visitor are joined
			again.Merge(o)
		}
		for _, o := range []rules.Objections{o, again} {
			if by, ok := o.LiftFor(a, now); ok != (c.number > 0) || by.Number != c.number || o.Ends(a, now) != !ok {
				t.Errorf("%s: %+v %t", c.what, by, ok)
			}
		}
	}
	known := with(lift(7, -9, 9))
	if !known.Tightens(all) || !known.Tightens(with(lift(8, -9, 9))) || known.Tightens(rules.Objections{}) ||
		all.Tightens(known) ||
		known.Tightens(known) || known.Lacks(with(lift(7, -5, 5))) || !known.Lacks(all) || known.Lacks(rules.Objections{}) {
		t.Error("what a decision was judged by is not told apart")
	}
}

// TestADecisionWasNotThere: what happened while the objection restricted stays refused; what was permitted by a
// decision does not leave once that has ended; a browser's own cookie is lifted only where its visitor was told.
func TestADecisionWasNotThere(t *testing.T) {
	t.Parallel()
	d := draft(rung("a", basis.LegitimateInterest, assessed("LIA-3")))
	d.Assessments = register(t)
	p := compile(t, d)
	objected := rules.Objections{All: true, Lifts: rules.LiftsOf(rules.Lift{
		Number: 7, Assessment: "LIA-3", Version: 1, Purposes: ^uint64(0), Since: now.Unix(), Until: now.Unix() + 60,
	})}
	const cookie = "Cookie: __Host-tagwarden-objections="
	told := rules.Told(now)
	for _, c := range []struct {
		what, headers string
		objected      rules.Objections
		latest        time.Time
		want          rules.Reason
	}{
		{"decided", "", objected, time.Time{}, rules.Permitted},
		{"the clock went back", "", objected, now.Add(time.Hour), rules.Objection},
		{"the browser's own", cookie + "all", objected, time.Time{}, rules.Objection},
		{"told", cookie + "all/" + told, objected, time.Time{}, rules.Permitted},
		{"told, the day before", cookie + "all/" + rules.Told(now.AddDate(0, 0, -1)), objected, time.Time{}, rules.Objection},
		{"told, no day", cookie + "all/told:20577x", objected, time.Time{}, rules.Objection},
		{"not told, of nothing that is known", cookie + "gone", objected, time.Time{}, rules.Permitted},
		{"told, of less", cookie + "audience/" + told, objected, time.Time{}, rules.Permitted},
		{"told, of one cookie", cookie + "all/" + told + "; __Host-tagwarden-objections=all", objected,
			time.Time{}, rules.Objection},
		{"told, and nobody decided", cookie + "all/" + told, rules.Objections{}, time.Time{}, rules.Objection},
		{"told alone", cookie + told, rules.Objections{}, time.Time{}, rules.Permitted},
		{"told, of more", cookie + "all/" + told, rules.Objections{Purposes: 1, Lifts: objected.Lifts},
			time.Time{}, rules.Objection},
	} {
		var j rules.Judgement
		j.Hit.Reset()
		j.Hit.Request = request(t, pageView, "ga4", c.headers)
		in := rules.Inputs{Now: now, Keys: keysOf(p), Latest: c.latest}
		if reason := rules.Read(p, &j, &in, nil); reason != rules.Unjudged {
			t.Fatal(reason)
		}
		j.Objections = append(j.Objections, c.objected)
		rules.Judge(&j, &in)
		if got := j.Verdicts[0].Reason; got != c.want {
			t.Errorf("%s: %v, want %v", c.what, got, c.want)
		}
		if c.what != "decided" {
			continue
		}
		if f := j.Facts(0); f.Decided.Number != 7 || len(f.Objected) != 1 {
			t.Errorf("%+v", f)
		}
		if !j.Stands(0, objected) || !j.Stands(0, rules.Objections{}) || j.Stands(0, rules.Objections{All: true}) {
			t.Error("what was decided does not stand, or stands without a decision")
		}
	}
}
