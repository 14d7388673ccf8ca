package rules_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// receiptsPolicy has rungs on a site that lists receipts behind its own banner.
func receiptsPolicy(t *testing.T, rungs ...rules.DraftActivity) *rules.Policy {
	t.Helper()
	return listed(t, []signal.Source{
		{Kind: signal.Own, Cookie: "banner", Category: "analytics", Granted: []string{"yes"}, Refused: []string{"no"}},
		{Kind: signal.Receipts},
	}, rungs...)
}

// receiptsPage is a page view of GA4 of somebody who is signed in.
const receiptsPage = "GET /g/collect?v=2&tid=G-1&cid=1234567890.1700000000&uid=user-4711&en=page_view HTTP/1.1\nHost: shop.example\n\n"

// judgedWith judges a page view with what is found for it.
func judgedWith(t *testing.T, p *rules.Policy, cookie string, found signal.Receipt) *rules.Judgement {
	t.Helper()
	j, in := new(rules.Judgement), rules.Inputs{Now: now, Keys: keysOf(p)}
	var headers []string
	if cookie != "" {
		headers = append(headers, "Cookie: banner="+cookie)
	}
	j.Hit.Request = request(t, receiptsPage, "ga4", headers...)
	if reason := rules.Read(p, j, &in, nil); reason != rules.Unjudged {
		t.Fatal(reason)
	}
	for range j.Hit.Events {
		j.Objections = append(j.Objections, rules.Objections{Receipts: found})
	}
	if reason := rules.Judge(j, &in); reason != rules.Unjudged {
		t.Fatal(reason)
	}
	return j
}

func interestAfter(because bool) rules.DraftActivity {
	return rung("a", basis.LegitimateInterest, func(a *rules.DraftActivity) {
		a.Assessment, a.AfterRefusal = "LIA-1", because
	})
}

// TestReceipts: what receipts say counts as what any other source says: any refusal wins, a grant carries where nothing
// refuses, and each basis heeds a refusal as it does elsewhere.
func TestReceipts(t *testing.T) {
	t.Parallel()
	consent := rung("a", basis.Consent)
	aging := rung("a", basis.Consent, func(a *rules.DraftActivity) { a.ConsentMaxAge = basis.Period{Days: 30} })
	const day = 24 * time.Hour
	for _, c := range []struct {
		name            string
		of              rules.DraftActivity
		cookie          string
		granted, refuse bool
		age             time.Duration
		want            rules.Reason
	}{
		{"nothing", consent, "", false, false, 0, rules.NoConsent},
		{"granted", consent, "", true, false, day, rules.Permitted},
		{"granted in the future", consent, "", true, false, -2 * day, rules.NoConsent},
		{"granted not too long ago", aging, "", true, false, 29 * day, rules.Permitted},
		{"granted too long ago", aging, "", true, false, 31 * day, rules.ConsentExpired},
		{"granted, and the banner refuses", consent, "no", true, false, day, rules.ConsentRefused},
		{"granted, and the banner is unclear", consent, "perhaps", true, false, day, rules.NoConsent},
		{"refused", consent, "", false, true, 0, rules.ConsentRefused},
		{"refused, and the banner grants", consent, "yes", false, true, 0, rules.ConsentRefused},
		{"granted and refused", consent, "yes", true, true, day, rules.ConsentRefused},
		{"interest, nothing", interestAfter(false), "", false, false, 0, rules.Permitted},
		{"interest, refused", interestAfter(false), "", false, true, 0, rules.ConsentRefused},
		{"interest that goes on, refused", interestAfter(true), "", false, true, 0, rules.Permitted},
		{"contract, refused", rung("a", basis.Contract, law), "", false, true, 0, rules.Permitted},
	} {
		p := receiptsPolicy(t, c.of)
		var r signal.Receipt
		if c.granted {
			r.Granted, r.At = rules.CategoryOf(p, "analytics"), now.Add(-c.age).Unix()
		}
		if c.refuse {
			r.Refused = rules.CategoryOf(p, "analytics")
		}
		j := judgedWith(t, p, c.cookie, r)
		if got := j.Verdicts[0].Reason; got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
		// Whoever does not list receipts hears nothing of them.
		unlisted := listed(t, []signal.Source{
			{Kind: signal.Own, Cookie: "banner", Category: "analytics", Granted: []string{"yes"}, Refused: []string{"no"}},
		}, c.of)
		with, without := judgedWith(t, unlisted, c.cookie, r), judgedWith(t, unlisted, c.cookie, signal.Receipt{})
		if with.Verdicts[0].Reason != without.Verdicts[0].Reason {
			t.Errorf("%s, where they are not listed: %v, want %v", c.name, with.Verdicts[0].Reason, without.Verdicts[0].Reason)
		}
	}
}

// anyReceipt is what may stand for somebody.
func anyReceipt(rnd *rand.Rand, of signal.Categories) (r signal.Receipt) {
	if rnd.IntN(2) == 0 {
		r.Granted, r.At = of&signal.Categories(rnd.Uint64()), now.Add(-time.Duration(rnd.IntN(1000))*time.Hour).Unix()
	}
	if rnd.IntN(2) == 0 {
		r.Refused = of & signal.Categories(rnd.Uint64())
	}
	return r
}

// TestReceiptsAtDelivery: an event that was permitted leaves where what stands by then permits it, and not where it
// does not: at the gate of its own hit as after it waited. What was kept grants nothing by itself.
func TestReceiptsAtDelivery(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(1, 2))
	permitted, left, held := 0, 0, 0
	var policies []*rules.Policy
	for _, of := range []rules.DraftActivity{
		rung("a", basis.Consent), interestAfter(false), interestAfter(true), rung("a", basis.Contract, law),
	} {
		policies = append(policies, receiptsPolicy(t, of))
	}
	for range 2000 {
		p := policies[rnd.IntN(len(policies))]
		on := p.Activities()[0].Basis
		all := rules.CategoryOf(p, "analytics") | rules.CategoryOf(p, "marketing")
		before, after := anyReceipt(rnd, all), anyReceipt(rnd, all)
		cookie := []string{"", "yes", "no"}[rnd.IntN(3)]
		j := judgedWith(t, p, cookie, before)
		if j.Verdicts[0].Decision != rules.Permit {
			continue
		}
		permitted++
		want := judgedWith(t, p, cookie, after).Verdicts[0].Decision == rules.Permit
		if stands := j.Stands(0, rules.Objections{Receipts: after}); stands && !want && after.At != 0 {
			t.Errorf("%v, %q: it leaves in the face of %+v, judged with %+v", on, cookie, after, before)
		}
		k := keptOf(t, j)
		who := known{}
		for _, s := range j.Subjects {
			who[s.Hash] = rules.Objections{Receipts: after}
		}
		if err := k.LookUp(who); err != nil {
			t.Fatal(err)
		}
		if got := k.Judge(p, 0, rules.Moment{Now: now}); (got == rules.Permitted) != want {
			t.Errorf("%v, %q: after it waited %v with %+v, judged with %+v", on, cookie, got, after, before)
		}
		if want {
			left++
		} else {
			held++
		}
	}
	if permitted < 300 || left < 100 || held < 100 {
		t.Errorf("%d were permitted, %d left, %d were held: the test shows too little", permitted, left, held)
	}
}

// TestReceiptsOfTwoPeople: of two people who use one browser, what one of them granted is nothing for
// the other; what one refused is for both.
func TestReceiptsOfTwoPeople(t *testing.T) {
	t.Parallel()
	p := receiptsPolicy(t, rung("a", basis.Consent))
	of := rules.CategoryOf(p, "analytics")
	granted := rules.Objections{Receipts: signal.Receipt{Granted: of, At: 1}}
	refused := rules.Objections{Receipts: signal.Receipt{Refused: of}}
	subject := func(event int32, hash byte) rules.Subject {
		return rules.Subject{Event: event, Kind: rules.Person, Class: hit.UserID, Hash: [16]byte{hash}}
	}
	browser := func(event int32) rules.Subject {
		return rules.Subject{Event: event, Kind: rules.Browser, Class: hit.ClientID, Hash: [16]byte{9}}
	}
	subjects := []rules.Subject{subject(0, 1), browser(0), subject(1, 2), browser(1)}
	for _, c := range []struct {
		name       string
		found      []rules.Objections
		first, two signal.Receipt
	}{
		{"one grants", []rules.Objections{granted, {}}, granted.Receipts, signal.Receipt{}},
		{"the other grants", []rules.Objections{{}, granted}, signal.Receipt{}, granted.Receipts},
		{"one refuses", []rules.Objections{refused, {}}, refused.Receipts, refused.Receipts},
		{
			"one grants, the other refuses", []rules.Objections{granted, refused},
			signal.Receipt{Granted: of, At: 1, Refused: of}, refused.Receipts,
		},
	} {
		var v rules.Visitors
		v.Join(subjects, 2)
		v.Share(c.found)
		if c.found[0].Receipts != c.first || c.found[1].Receipts != c.two {
			t.Errorf("%s: %+v and %+v", c.name, c.found[0].Receipts, c.found[1].Receipts)
		}
	}
}

// TestMergedReceipts: of what stands for several identifiers of one visitor any refusal counts, and a grant where all
// that is vouched for gives it.
func TestMergedReceipts(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 5000 {
		a, b := anyReceipt(rnd, 7), anyReceipt(rnd, 7)
		both, other := a, b
		both.Merge(b)
		other.Merge(a)
		if both != other {
			t.Fatalf("%+v and %+v make %+v or %+v", a, b, both, other)
		}
		if both.Refused != a.Refused|b.Refused || a.At != 0 && both.Granted&^a.Granted != 0 || b.At != 0 &&
			both.Granted&^b.Granted != 0 {
			t.Fatalf("%+v and %+v make %+v", a, b, both)
		}
	}
}

// TestAskedReceipts: questions give receipts by category.
func TestAskedReceipts(t *testing.T) {
	t.Parallel()
	p := receiptsPolicy(t, rung("a", basis.Consent))
	ask := func(chosen map[string]string) string {
		x, err := p.Explain(&rules.Question{
			Request: request(t, receiptsPage, "ga4"), Receipts: chosen, At: now, Keys: keysOf(p),
		})
		if err != nil {
			return err.Error()
		}
		for _, s := range x.Signals {
			if s.Source == "receipts" {
				return x.Events[0].Reason + ": " + s.State + ", " + s.Says
			}
		}
		return "no signal"
	}
	for want, chosen := range map[string]map[string]string{
		"no_consent: absent, nothing":                           nil,
		"permitted: valid, grants analytics":                    {"analytics": "granted"},
		"consent_refused: valid, refuses analytics":             {"analytics": "refused"},
		"permitted: valid, grants analytics, refuses marketing": {"analytics": "granted", "marketing": "refused"},
		`receipts: no purpose is in category "nothing"`:         {"nothing": "granted"},
		"receipts: analytics is granted or refused":             {"analytics": "perhaps"},
	} {
		if got := ask(chosen); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
