package rules_test

import (
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// TestKeptOptOut: an opt-out that is kept denies activities on opt_out that the signal itself would, and those on
// consent to what is sold or shared, unless the consent is younger; in regions whose law
// asks for that alone, and nothing else.
func TestKeptOptOut(t *testing.T) {
	t.Parallel()
	d := basesDraft(t)
	p := compile(t, d)
	purposes := map[string]*rules.Purpose{}
	for i := range d.Purposes {
		purposes[d.Purposes[i].ID] = &d.Purposes[i]
	}
	denied := 0
	for i, a := range p.Activities() {
		of := purposes[d.Activities[i].Purposes[0]]
		for _, code := range []string{"", "US", "US-CA", "US-TX", "US-VA", "US-LA", "DE", "EU", "GB"} {
			var region rules.Region
			if code != "" {
				region, _ = rules.ParseRegion(code)
			}
			for _, consent := range []int64{0, -1, 0 - now.Unix(), 1} { // none known, before, none at all, after
				since := now.AddDate(0, -1, 0).Unix()
				said := p.SignalsOf(&rules.Choices{Own: map[string]string{"analytics": "granted"}})
				said.Sources[0].At = max(0, since+consent)
				if consent == 0 {
					said.Sources[0].At = 0
				}
				for i := range said.TCF.Consent {
					said.TCF.Consent[i] = 0
				}
				q := rules.Asked{Region: region, Signals: said, Now: now}
				without := p.Permits(a, &q)
				q.Objections.KeptOptOut = since
				got := p.Permits(a, &q)
				want := without
				younger := consent == 1
				keeps := code == "US-CA" || code == "US-TX"
				switch {
				case without != rules.Permitted || !keeps:
				case a.Basis == basis.OptOut && (len(of.US) > 0 || of.GPCObjects),
					a.Basis == basis.Consent && len(of.US) > 0 && !younger:
					want, denied = rules.OptedOut, denied+1
				}
				if got != want {
					t.Errorf("%s in %q, consent %d: %v, want %v", a.ID, code, consent, got, want)
				}
			}
		}
	}
	if denied < 20 {
		t.Errorf("%d are denied: the test shows too little", denied)
	}
}

// TestKeptOptOutStands: what was permitted does not leave once an opt-out is kept, unless its consent is younger.
func TestKeptOptOutStands(t *testing.T) {
	t.Parallel()
	sells := func(a *rules.DraftActivity) { a.Purposes = []string{"ads"} }
	for _, c := range []struct {
		of     rules.DraftActivity
		region string
		stands bool
	}{
		{rung("a", basis.OptOut, sells, in("US")), "US-CA", false},
		{rung("a", basis.OptOut, sells, in("US")), "US-VA", true},
		{rung("a", basis.OptOut, in("US")), "US-CA", true},
		{rung("a", basis.Consent, sells), "US-CA", false},
		{rung("a", basis.Consent, sells), "DE", true},
		{rung("a", basis.Contract, law, sells), "US-CA", true},
	} {
		d := draft(c.of)
		for i := range d.Purposes {
			if d.Purposes[i].ID == "ads" {
				d.Purposes[i].US, d.Purposes[i].Categories = []string{"sale"}, []string{"analytics"}
			}
		}
		p := compile(t, d)
		var j rules.Judgement
		j.Hit.Reset()
		j.Hit.Request = request(t, pageView, "ga4", `Cookie: site_consent={"analytics":"yes"}`)
		in := rules.Inputs{Now: now, Keys: keysOf(p)}
		if reason := rules.Read(p, &j, &in, nil); reason != rules.Unjudged {
			t.Fatal(reason)
		}
		j.Region, _ = rules.ParseRegion(c.region)
		j.Objections = append(j.Objections, rules.Objections{})
		rules.Judge(&j, &in)
		if j.Verdicts[0].Decision != rules.Permit {
			t.Fatalf("%v: %v", c.of.Basis, j.Verdicts[0].Reason)
		}
		o, _ := p.AskedObjection(rules.KeptOptOutScope, now)
		if !j.Stands(0, rules.Objections{}) || j.Stands(0, o) != c.stands {
			t.Errorf("%v in %s: stands %t", c.of.Basis, c.region, j.Stands(0, o))
		}
	}
}

// TestKeptOptOutsTogether: of several identifiers the latest counts; it is no objection, and tightens what was judged.
func TestKeptOptOutsTogether(t *testing.T) {
	t.Parallel()
	none, early, late := rules.Objections{}, rules.Objections{KeptOptOut: 10}, rules.Objections{KeptOptOut: 20}
	both := early
	both.Merge(late)
	if both != late || early.Any() || none.Adds(late) || !none.Tightens(early) || !early.Tightens(late) ||
		late.Tightens(early) || late.Tightens(none) {
		t.Error("they are not told apart")
	}
}

// TestWhereGPCIsKept: by state, and by day where the law says from when.
func TestWhereGPCIsKept(t *testing.T) {
	t.Parallel()
	today := time.Date(2026, 11, 29, 0, 0, 0, 0, time.UTC)
	for code, want := range map[string]bool{
		"US-CA": true, "US-CO": true, "US-CT": true, "US-DE": true, "US-MD": true, "US-MN": true, "US-MT": true,
		"US-NE": true, "US-NH": true, "US-NJ": true, "US-OR": true, "US-TX": true,
		"US-VA": false, "US-OK": false, "US-LA": false, "US-AL": false, "US": false, "DE": false, "CA": false,
		"GB": false, "EU": false,
	} {
		region, err := rules.ParseRegion(code)
		if err != nil {
			t.Fatal(err)
		}
		if got := region.KeepsGPC(today); got != want {
			t.Errorf("%s: %v", code, got)
		}
	}
	for _, c := range []struct {
		code string
		day  time.Time
		want bool
	}{
		{"US-CA", time.Date(2025, 12, 31, 23, 59, 59, 0, time.UTC), false},
		{"US-CA", time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), true},
		{"US-LA", time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC), true},
		{"US-OK", time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC), false},
	} {
		region, _ := rules.ParseRegion(c.code)
		if got := region.KeepsGPC(c.day); got != c.want {
			t.Errorf("%s on %s: %v", c.code, c.day.Format(time.DateOnly), got)
		}
	}
	if (rules.Region{}).KeepsGPC(today) {
		t.Error("where nobody knows the region it is kept")
	}
}

// TestOptOutHeaders: what a header says that is 1 or nothing; the stricter of several fields holds.
func TestOptOutHeaders(t *testing.T) {
	t.Parallel()
	d := draft(rung("a", basis.Consent))
	d.Purposes[0].GPCObjects = true
	d.Sites[0].Signals = append(d.Sites[0].Signals, signal.Source{Kind: signal.GPC})
	p := compile(t, d)
	for _, c := range []struct {
		headers []string
		denied  bool
	}{
		{nil, false},
		{[]string{"Sec-GPC: 0"}, false},
		{[]string{"Sec-GPC: "}, false},
		{[]string{"Sec-GPC: 0, 0"}, false},
		{[]string{"Sec-GPC: 1"}, true},
		{[]string{"Sec-GPC: 1, 1"}, true},
		{[]string{"Sec-GPC: 0", "Sec-GPC: 1"}, true},
		{[]string{"Sec-GPC: yes"}, true},
		{[]string{"Sec-GPC: ?1"}, true},
		{[]string{"Sec-GPC: 0, x"}, true},
		{[]string{"Sec-GPC: 2", "Sec-GPC: 0"}, true},
	} {
		headers := append([]string{`Cookie: site_consent={"analytics":"yes"}`}, c.headers...)
		if x := explain(t, p, request(t, pageView, "ga4", headers...)); (x.Decision == "deny") != c.denied {
			t.Errorf("%v: %s", c.headers, x.Decision)
		}
	}
}

// TestOptOutOfNowIsOlderThanNoConsent: where an opt-out by the signal is kept, the first hit with it is denied as those
// after it are, on consent to what is sold or shared, too. A consent that is younger than one that is kept stays one.
func TestOptOutOfNowIsOlderThanNoConsent(t *testing.T) {
	t.Parallel()
	sells := func(a *rules.DraftActivity) { a.Purposes = []string{"sold"} }
	d := draft(rung("a", basis.Consent, sells), rung("b", basis.Consent))
	d.Purposes = append(d.Purposes, rules.Purpose{ID: "sold", Categories: []string{"analytics"}, US: []string{"sale"}})
	p := compile(t, d)
	kept := now.AddDate(0, -1, 0).Unix()
	for _, c := range []struct {
		region        string
		gpc           signal.State
		consent, kept int64
		want          rules.Reason
	}{
		{"US-CA", signal.Absent, 0, 0, rules.Permitted},
		{"US-CA", signal.Valid, 0, 0, rules.OptedOut},
		{"US-CA", signal.Malformed, 0, 0, rules.OptedOut},
		{"US-CA", signal.Valid, now.Unix() - 60, 0, rules.OptedOut},
		{"US-CA", signal.Valid, kept + 1, kept, rules.Permitted},
		{"US-CA", signal.Valid, kept, kept, rules.OptedOut},
		{"US-CA", signal.Valid, 0, kept, rules.OptedOut},
		{"US-VA", signal.Valid, 0, 0, rules.Permitted},
		{"DE", signal.Valid, 0, 0, rules.Permitted},
	} {
		for i, a := range p.Activities() {
			said := p.SignalsOf(&rules.Choices{Own: map[string]string{"analytics": "granted"}})
			said.GPC, said.Sources[0].At = c.gpc, c.consent
			q := rules.Asked{Signals: said, Now: now}
			q.Region, _ = rules.ParseRegion(c.region)
			q.Objections.KeptOptOut = c.kept
			want := c.want
			if i == 1 { // nothing of it is sold
				want = rules.Permitted
			}
			if got := p.Permits(a, &q); got != want {
				t.Errorf("%s, %+v: %v, want %v", a.ID, c, got, want)
			}
		}
	}
}
