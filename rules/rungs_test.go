package rules_test

import (
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// TestRungsID: what was judged by the same, with the same end, has one name, whatever else the hits hold; anything else
// has another.
func TestRungsID(t *testing.T) {
	t.Parallel()
	p := compile(t, draft())
	other := draft()
	other.Digest = "another"
	q := compile(t, other)
	in := rules.Inputs{Now: now, Keys: rules.NewKeys(pseudonym.TestRoot, p, now)}
	judge := func(p *rules.Policy, r hit.Request, change func(*rules.Judgement)) string {
		j := new(rules.Judgement)
		if reason := readInto(j, p, &in, r); reason != rules.Unjudged {
			t.Fatal(reason)
		}
		change(j)
		if reason := rules.Judge(j, &in); reason != rules.Unjudged {
			t.Fatal(reason)
		}
		return string(j.RungsID(nil, 0))
	}
	as := func(*rules.Judgement) {}
	want := judge(p, request(t, pageView, "ga4", yes), as)
	for what, id := range map[string]string{
		"another event": judge(p, request(t, "GET /g/collect?v=2&tid=G-1&cid=9876543210.1700000000&en=login HTTP/1.1\n\n",
			"ga4", yes), as),
		"another time": judge(p, request(t, pageView, "ga4", yes), func(j *rules.Judgement) {
			j.Signals[0].Sources[0].Last, j.Signals[0].Sources[1].At = 5, now.Unix()-5
		}),
	} {
		if id != want || len(id) != 16 {
			t.Errorf("%s: %s, want %s", what, id, want)
		}
	}
	ids := map[string]string{want: "the event"}
	for what, id := range map[string]string{
		"a policy":    judge(q, request(t, pageView, "ga4", yes), as),
		"a vendor":    judge(p, request(t, "GET /matomo.php?idsite=1&rec=1 HTTP/1.1\n\n", "matomo", yes), as),
		"a region":    judge(p, request(t, pageView, "ga4", yes, "CF-IPCountry: FR"), as),
		"a signal":    judge(p, request(t, pageView, "ga4", yes, "DNT: 1"), as),
		"a choice":    judge(p, request(t, pageView, "ga4", `Cookie: site_consent={"analytics":"no"}`), as),
		"none":        judge(p, request(t, pageView, "ga4"), as),
		"a server":    judge(p, request(t, pageView, "ga4", yes), func(j *rules.Judgement) { j.FromServer = true }),
		"an objector": judge(p, request(t, pageView, "ga4", yes), func(j *rules.Judgement) { j.Objections[0].All = true }),
		"another objector": judge(p, request(t, pageView, "ga4", `Cookie: site_consent={"analytics":"no"}`),
			func(j *rules.Judgement) {
				j.Objections[0].All = true
			}),
	} {
		if before, met := ids[id]; met {
			t.Errorf("%s: it has the name of %s", what, before)
		}
		ids[id] = what
	}
}

// TestNamingAllocatesNothing: what every record is made of.
func TestNamingAllocatesNothing(t *testing.T) {
	p := compile(t, draft())
	in := rules.Inputs{Now: now, Keys: rules.NewKeys(pseudonym.TestRoot, p, now)}
	j := new(rules.Judgement)
	if reason := readInto(j, p, &in, request(t, pageView, "ga4", yes)); reason != rules.Unjudged {
		t.Fatal(reason)
	}
	if reason := rules.Judge(j, &in); reason != rules.Unjudged {
		t.Fatal(reason)
	}
	var room []byte
	var dates []int64
	if n := testing.AllocsPerRun(100, func() {
		f := j.Facts(0)
		room = j.RungsID(j.ShapeID(room[:0], 0), 0)
		dates = f.Signals.AppendDates(dates[:0])
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestConsentIsDated: by the oldest of the choices that an event travels on; a denied one travels on none.
func TestConsentIsDated(t *testing.T) {
	t.Parallel()
	p := compile(t, draft())
	in := rules.Inputs{Now: now, Keys: rules.NewKeys(pseudonym.TestRoot, p, now)}
	for choice, want := range map[string]int64{yes: 17, `Cookie: site_consent={"analytics":"no"}`: 0} {
		j := new(rules.Judgement)
		if reason := readInto(j, p, &in, request(t, pageView, "ga4", choice)); reason != rules.Unjudged {
			t.Fatal(reason)
		}
		j.Signals[0].Sources[0].At, j.Signals[0].Sources[1].At = 17, 17
		j.Objections[0].KeptOptOut = 5
		if reason := rules.Judge(j, &in); reason != rules.Unjudged {
			t.Fatal(reason)
		}
		if f := j.Facts(0); f.ConsentAt != want || f.KeptSince != 0 { // no law keeps it here
			t.Errorf("%s: given at %d, want %d; kept since %d", choice, f.ConsentAt, want, f.KeptSince)
		}
		j.Region.Country, j.Region.Part = [2]byte{'U', 'S'}, [3]byte{'C', 'A'}
		if f := j.Facts(0); f.KeptSince != 5 {
			t.Errorf("in California an opt-out is kept since %d", f.KeptSince)
		}
	}
}
