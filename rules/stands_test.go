package rules_test

import (
	"net/url"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// FuzzSubjects: whatever lists of hashes and cookies hold, nothing panics, and what was found before is still found.
func FuzzSubjects(f *testing.F) {
	p := compile(f, draft())
	keys := keysOf(p)
	f.Add("tv.1~em.n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg~pn.x",
		"_ga=GA1.1.555.666; AMP_x=eyJkZXZpY2VJZCI6IngifQ==; mp_x=%7B")
	f.Add("tv.1~", "ajs_user_id=%22%22; _sp_id.x=.; ph_x=\"")
	f.Fuzz(func(t *testing.T, data, cookies string) {
		r := request(t, "POST /g/collect HTTP/1.1\n\n", "ga4")
		r.Query = []byte("v=2&tid=G-1&en=x&cid=1.2&em=" + url.QueryEscape(data))
		r.Headers = append(r.Headers, hit.Header{Name: []byte("Cookie"), Value: []byte(cookies)})
		var j rules.Judgement
		j.Hit.Reset()
		j.Hit.Request = r
		if rules.Read(p, &j, &rules.Inputs{Now: now, Keys: keys}, nil) == rules.Unjudged && len(j.Subjects) == 0 {
			t.Error("the client id is not among the subjects")
		}
	})
}

// TestStands: at the moment of leaving, an objection ends what it would have ended before.
func TestStands(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		of        rules.DraftActivity
		objection string
		stands    bool
	}{
		{rung("a", basis.Consent), "audience", false},
		{rung("a", basis.Consent), "vendor:ga4", false},
		{rung("a", basis.Consent), "all", false},
		{rung("a", basis.Consent), "ads", true},
		{rung("a", basis.Consent), "vendor:matomo", true},
		{rung("a", basis.LegitimateInterest, assessed("LIA-1")), "audience", false},
		{rung("a", basis.LegitimateInterest, assessed("LIA-3")), "audience", false},
		{rung("a", basis.LegitimateInterest, assessed("LIA-3"), ads), "ads", false},
		{rung("a", basis.Contract, law), "all", true},
		{rung("a", basis.Contract, law, ads), "all", false},
		{rung("a", basis.PublicTask, law), "all", false},
	} {
		d := draft(c.of)
		d.Assessments = register(t)
		p := compile(t, d)
		var j rules.Judgement
		j.Hit.Reset()
		j.Hit.Request = request(t, pageView, "ga4", `Cookie: site_consent={"analytics":"yes"}`)
		in := rules.Inputs{Now: now, Keys: keysOf(p)}
		if reason := rules.Read(p, &j, &in, nil); reason != rules.Unjudged {
			t.Fatal(reason)
		}
		j.Objections = append(j.Objections, rules.Objections{})
		rules.Judge(&j, &in)
		if j.Verdicts[0].Decision != rules.Permit {
			t.Fatalf("%v: %v", c.of.Basis, j.Verdicts[0].Reason)
		}
		o, _ := p.Objection(c.objection)
		if !j.Stands(0, rules.Objections{}) || j.Stands(0, o) != c.stands {
			t.Errorf("%v, objection to %s: stands %t", c.of.Basis, c.objection, j.Stands(0, o))
		}
		if x := explain(t, p, j.Hit.Request, c.objection); (x.Decision == "permit") != c.stands {
			t.Errorf("%v, objection to %s: asked before, it is %s", c.of.Basis, c.objection, x.Decision)
		}
	}
}
