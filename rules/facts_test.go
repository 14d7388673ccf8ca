package rules_test

import (
	"reflect"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// TestFacts: all of them, of an event that travels, of one that is denied, and of a hit that is refused.
func TestFacts(t *testing.T) {
	t.Parallel()
	p := compile(t, draft())
	in := rules.Inputs{Now: now, Keys: rules.NewKeys(pseudonym.TestRoot, p, now)}
	judge := func(objections rules.Objections, r hit.Request) (*rules.Judgement, rules.Reason) {
		j := new(rules.Judgement)
		if reason := readInto(j, p, &in, r); reason != rules.Unjudged {
			return j, reason
		}
		j.Objections[0].Merge(objections)
		return j, rules.Judge(j, &in)
	}
	r := request(t, pageView, "ga4", yes)
	j, _ := judge(rules.Objections{}, r)
	a := j.Verdicts[0].Activity
	expect(t, "of an event that travels", j.Facts(0), rules.Facts{
		Event: 0, Name: "page_view", In: len(r.Query), Site: "shop", Vendor: "ga4", Endpoint: j.Route.Endpoint.ID,
		Policy: p.Digest(), Region: j.Region, Decision: rules.Permit, Reason: rules.Permitted, Leaves: true,
		Activity: a.ID, Purposes: []string{"audience"}, Basis: "consent", Profile: a.Profile,
		Ladder: []rules.Rung{{Activity: a, Decision: rules.Permit, Reason: rules.Permitted}}, Signals: j.SignalsOf(0),
	})
	objection, _ := p.Objection("audience")
	objection.Restricted = true
	j, _ = judge(objection, r)
	expect(t, "of an objector's", j.Facts(0), rules.Facts{
		Event: 0, Name: "page_view", In: len(r.Query), Site: "shop", Vendor: "ga4", Endpoint: j.Route.Endpoint.ID,
		Policy: p.Digest(), Region: j.Region, Decision: rules.Deny, Reason: rules.Objection,
		Activity: a.ID, Purposes: []string{"audience"}, Basis: "consent", Profile: a.Profile,
		Ladder: []rules.Rung{{Activity: a, Decision: rules.Deny, Reason: rules.Objection}}, Signals: j.SignalsOf(0),
		Objected: []string{"audience"}, Restricted: true,
	})
	j, reason := judge(rules.Objections{}, request(t, "GET /nobody/knows?a=1 HTTP/1.1\n\n", "ga4", yes))
	expect(t, "of a hit that leads nowhere", j.Refusal(reason), rules.Facts{
		In: len("a=1"), Site: "shop", Vendor: j.Refusal(reason).Vendor, Policy: p.Digest(), Reason: rules.UnknownPath,
	})
	expect(t, "of nothing", new(rules.Judgement).Refusal(rules.Unjudged), rules.Facts{})
}

func expect(t *testing.T, what string, got, want rules.Facts) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: %+v, want %+v", what, got, want)
	}
}
