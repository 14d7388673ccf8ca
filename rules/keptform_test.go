package rules_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/signal"
	"github.com/tagwarden/tagwarden/rules/signal/cmp"
)

// keptHits are hits of which something is kept, each under the policy that it is judged by.
func keptHits(t testing.TB) (p *rules.Policy, hits map[string]hit.Request) {
	d := draft()
	d.Purposes[0].TCF = []int{8}
	d.Activities = append(d.Activities, rung("mail", basis.Contract, law))
	onetrust, _ := cmp.Parse("onetrust")
	d.Sites[0].Signals = append(d.Sites[0].Signals, []signal.Source{
		{Kind: signal.TransparencyConsent}, {Kind: signal.USPrivacy}, {Kind: signal.Platform(onetrust)},
	}...)
	d.Sites[0].Region.Subdivision = "CF-Region"
	cookies := yes + "; euconsent-v2=" + tc{consent: []int{8}, vendors: []int{google}, disclosed: []int{google}}.String() +
		"; usprivacy=1YNN; OptanonAlertBoxClosed=2026-04-10T17:48:20.000Z; OptanonConsent=datestamp=Tue+Nov+14+2023&version=202405.2.0" +
		"&groups=C0001%3A1%2CC0002%3A1%2CC0004%3A0&AwaitingReconsent=false"
	event := `{"type":"track","event":"Item Viewed","userId":"u1","timestamp":"2026-05-04T12:00:00Z"}`
	return compile(t, d), map[string]hit.Request{
		"consent": request(t, pageView, "ga4", yes, "CF-IPCountry: DE"),
		"every signal": request(t, pageView, "ga4", cookies, "Sec-GPC: 1", "DNT: 1", "CF-IPCountry: US",
			"CF-Region: CA"),
		"a cookie that objects": request(t, pageView, "ga4", "Cookie: "+rules.PreferenceCookie+"=audience/vendor:ga4/"+
			rules.Told(now)),
		"two visitors": request(t, "POST /v1/batch HTTP/1.1\nContent-Type: application/json\n\n"+`{"batch":[`+
			event+`,`+event+`,`+strings.Replace(event, "u1", "u2", 1)+`],"sentAt":"2026-05-04T12:30:00Z"}`, "segment", cookies),
	}
}

// factsOf are the facts that are kept of a hit.
func factsOf(t testing.TB, p *rules.Policy, r hit.Request) []byte {
	t.Helper()
	j := judged(p, r, rules.Inputs{Now: now, Keys: keysOf(p)}, nil)
	if j == nil || !j.Out.Forward {
		t.Fatal("it does not leave")
	}
	return j.Keep(nil, eventsOf(j))
}

// TestKeptGolden: what is kept has the form that it had: a later version reads what waits on disk. Where a form has to
// change, its version does, and this one is read on. UPDATE_GOLDEN=1 writes the file anew.
func TestKeptGolden(t *testing.T) {
	t.Parallel()
	const file = "testdata/kept.golden.txt"
	p, hits := keptHits(t)
	var b strings.Builder
	for _, name := range sorted(map[string]string{"consent": "", "every signal": "", "a cookie that objects": "",
		"two visitors": ""}) {
		facts := factsOf(t, p, hits[name])
		var k rules.Kept
		if err := k.Read(facts); err != nil {
			t.Fatal(err)
		}
		said := k.Said()
		for i := range k.Events { // a digest is another with each change of a vendor's file
			digest := k.Digest(i)
			said = strings.ReplaceAll(said, hex.EncodeToString(digest), "DIGEST")
			facts = bytes.ReplaceAll(facts, digest, []byte("digest.of.a.plan"))
		}
		b.WriteString(name + "\n" + hex.EncodeToString(facts) + "\n" + said + "\n")
		if err := k.Read(facts); err != nil {
			t.Error(err)
		}
		if i := bytes.Index(facts, []byte("jane")); i >= 0 {
			t.Errorf("a value of a field is kept: %q", facts[i:])
		}
	}
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if want := read(t, file); b.String() != want {
		t.Errorf("%s differs; got\n%s", file, b.String())
	}
}

// TestKeptIsWholeOrNothing: what was cut, or has something behind it, is read as
// nothing, and nothing of it is permitted.
func TestKeptIsWholeOrNothing(t *testing.T) {
	t.Parallel()
	p, hits := keptHits(t)
	var k rules.Kept
	if reason := k.JudgeIndex(p, 0, rules.Moment{Now: now}); reason == rules.Permitted {
		t.Error("the zero value permits")
	}
	for name, r := range hits {
		facts := factsOf(t, p, r)
		if err := k.Read(facts); err != nil {
			t.Fatal(err)
		}
		if endpoint, _ := k.Route(); rules.KeptEndpoint(facts) != endpoint || endpoint == "" {
			t.Errorf("%s: it came in at %q, and read alone that is %q", name, endpoint, rules.KeptEndpoint(facts))
		}
		for n := range len(facts) + 1 {
			if n < 16 && rules.KeptEndpoint(facts[:n]) != "" {
				t.Errorf("%s: the first %d bytes name an endpoint", name, n)
			}
			cut := facts[:n:n]
			if n == len(facts) {
				cut = append(cut, 0)
			}
			if err := k.Read(cut); err == nil || len(k.Events) > 0 || len(k.Subjects) > 0 {
				t.Fatalf("%s: the first %d of %d bytes are read: %v, %d events", name, n, len(facts), err, len(k.Events))
			}
			if reason := k.JudgeIndex(p, 0, rules.Moment{Now: now}); reason == rules.Permitted {
				t.Fatalf("%s: the first %d of %d bytes permit", name, n, len(facts))
			}
		}
		if err := k.Read(facts); err != nil {
			t.Fatal(err)
		}
		if reason := k.Judge(p, 0, rules.Moment{Now: now}); reason != rules.Failed {
			t.Errorf("%s: before objections were looked up it is %v", name, reason)
		}
		if err := k.LookUp(known{}); err != nil {
			t.Fatal(err)
		}
		if reason := k.Judge(p, 0, rules.Moment{}); reason != rules.Failed {
			t.Errorf("%s: at no time it is %v", name, reason)
		}
		if reason := k.Judge(p, 0, rules.Moment{Now: now}); reason != rules.Permitted {
			t.Errorf("%s: it is %v", name, reason)
		}
	}
}

// TestWhoHasTooManyIdsCannotWait: each is kept with each event, so that a batch of thousands under one id would be
// millions; one event after the other is kept as all at once are.
func TestWhoHasTooManyIdsCannotWait(t *testing.T) {
	t.Parallel()
	p, _ := keptHits(t)
	for users, waits := range map[int]bool{20: true, 200: false} {
		var events []string
		for n := range users {
			events = append(events, fmt.Sprintf(
				`{"type":"track","event":"e","userId":"u%d","anonymousId":"00000000-0000-4000-8000-00000000000a"}`, n))
		}
		r := request(t, "POST /v1/batch HTTP/1.1\nContent-Type: application/json\n\n"+`{"batch":[`+
			strings.Join(events, ",")+`]}`,
			"segment", yes)
		j := judged(p, r, rules.Inputs{Now: now, Keys: keysOf(p)}, nil)
		if k := keptOf(t, j); (k != nil) != waits {
			t.Errorf("%d ids of one visitor: %v", users, k)
		}
		for e := range j.Verdicts {
			facts := j.Keep(nil, []int{e})
			var k rules.Kept
			if len(facts) > 0 != waits {
				t.Fatalf("%d ids of one visitor: event %d has %d bytes of facts", users, e, len(facts))
			}
			if !waits {
				continue
			}
			if err := k.Read(facts); err != nil || len(k.Events) != 1 || k.Events[0].Index != e || len(k.Subjects) < users {
				t.Fatalf("event %d: %v, %d subjects", e, err, len(k.Subjects))
			}
		}
	}
}

// FuzzKept: whatever facts hold, reading and judging them panics nowhere, and
// permits nothing that is not in the policy.
func FuzzKept(f *testing.F) {
	p, hits := keptHits(f)
	for _, r := range hits {
		facts := factsOf(f, p, r)
		f.Add(facts)
		f.Add(facts[:len(facts)/2])
	}
	f.Fuzz(func(t *testing.T, facts []byte) {
		var k rules.Kept
		if k.Read(facts) != nil {
			return
		}
		if k.LookUp(known{}) != nil {
			t.Fatal("nobody knows")
		}
		for i := range k.Events {
			if k.Judge(p, i, rules.Moment{Now: now}) == rules.Permitted && !k.SamePlan(p, i) {
				t.Fatalf("permitted on another plan: %s", k.Said())
			}
		}
	})
}

// TestEveryPlanHasADigest: each rung of each route, of every vendor, and no two vendors or endpoints share one.
func TestEveryPlanHasADigest(t *testing.T) {
	t.Parallel()
	p := compile(t, goldenDraft())
	seen := map[string]string{}
	for vendor, all := range p.PlanDigests() {
		for name, digest := range all {
			if digest == strings.Repeat("0", 32) {
				t.Errorf("%s %s has none", vendor, name)
			}
			if other := seen[digest]; other != "" && other != vendor+" "+name {
				t.Errorf("%s %s has that of %s", vendor, name, other)
			}
			seen[digest] = vendor + " " + name
		}
	}
	if len(seen) < 2*len(catalog.BuiltinIDs()) {
		t.Errorf("only %d digests", len(seen))
	}
}
