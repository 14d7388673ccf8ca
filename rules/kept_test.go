package rules_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/signal"
	"github.com/tagwarden/tagwarden/rules/signal/cmp"
)

// known is who objected to what, by the hash of a subject.
type known map[[16]byte]rules.Objections

func (k known) Lookup(subject [16]byte) (rules.Objections, error) { return k[subject], nil }

// of are the objections of each event of a hit, as a server looks them up.
func (k known) of(j *rules.Judgement) []rules.Objections {
	all := make([]rules.Objections, len(j.Hit.Events))
	var shared rules.Objections
	for _, s := range j.Subjects {
		if s.Event == hit.Shared {
			shared.Merge(k[s.Hash])
		} else {
			all[s.Event].Merge(k[s.Hash])
		}
	}
	for e := range all {
		all[e].Merge(shared)
	}
	if len(all) > 1 {
		var visitors rules.Visitors
		visitors.Join(j.Subjects, len(all))
		visitors.Share(all)
	}
	return all
}

// judged reads and judges a hit; nil where it is refused as a whole.
func judged(p *rules.Policy, r hit.Request, in rules.Inputs, who known) *rules.Judgement {
	j := new(rules.Judgement)
	j.Hit.Request = r
	j.Hit.Request.Headers = slices.Clone(r.Headers)
	if rules.Read(p, j, &in, nil) != rules.Unjudged {
		return nil
	}
	j.Objections = who.of(j)
	if rules.Judge(j, &in) != rules.Unjudged {
		return nil
	}
	return j
}

// eventsOf are the indices of all events of a hit.
func eventsOf(j *rules.Judgement) (all []int) {
	for e := range j.Verdicts {
		all = append(all, e)
	}
	return all
}

// keptOf reads what is kept of a hit, nil where that is nothing.
func keptOf(t testing.TB, j *rules.Judgement) *rules.Kept {
	t.Helper()
	facts := j.Keep(nil, eventsOf(j))
	if len(facts) == 0 {
		return nil
	}
	k := new(rules.Kept)
	if err := k.Read(facts); err != nil {
		t.Fatalf("%v: %x", err, facts)
	}
	return k
}

// againAtOnce judges a hit, and again at once what is kept of it: exactly what leaves is permitted, on its activity.
func againAtOnce(t testing.TB, where string, p *rules.Policy, r hit.Request, in rules.Inputs,
	who known) (permitted int) {
	t.Helper()
	j := judged(p, r, in, who)
	if j == nil {
		return 0
	}
	at := rules.Moment{Now: in.Now, Latest: in.Latest, ObjectionsUnavailable: in.ObjectionsUnavailable,
		ObjectionsStale: in.ObjectionsStale}
	k := keptOf(t, j)
	for e := range j.Verdicts {
		v, got, activity := &j.Verdicts[e], rules.Unjudged, ""
		if k != nil {
			if err := k.LookUp(who); err != nil {
				t.Fatal(err)
			}
			for i := range k.Events {
				if k.Events[i].Index == e {
					got, activity = k.Judge(p, i, at), k.Events[i].Activity
				}
			}
		}
		leaves := v.Decision == rules.Permit && j.Out.Forward
		if (got == rules.Permitted) != leaves || leaves && activity != v.Activity.ID {
			t.Errorf("%s: event %d was %v (%v), and again is %v on %q", where, e, v.Decision, v.Reason, got, activity)
		}
		if leaves {
			permitted++
		}
	}
	return permitted
}

// TestAgainAtOnce: what was permitted is permitted again at once, and nothing else, whichever vendor and hit.
func TestAgainAtOnce(t *testing.T) {
	t.Parallel()
	p := compile(t, goldenDraft())
	in := rules.Inputs{Now: now, Keys: keysOf(p)}
	permitted := 0
	eachGolden(t, func(t *testing.T, vendor, text string) {
		permitted += againAtOnce(t, text, p, request(t, text, vendor, yes), in, nil)
		permitted += againAtOnce(t, text, p, request(t, text, vendor), in, nil)
	})
	dated := chosenPolicy(t)
	in.Keys = keysOf(dated)
	for vendor, requests := range timed {
		for _, text := range requests {
			for _, ago := range []time.Duration{0, 50 * time.Minute, 66 * time.Minute, 20 * time.Hour} {
				r := request(t, written(text, now.Add(-ago), now), vendor, chosen(now.Add(-time.Hour)))
				permitted += againAtOnce(t, text, dated, r, in, nil)
			}
		}
	}
	if permitted < 200 {
		t.Errorf("only %d events were permitted: the test shows too little", permitted)
	}
}

// TestAgainAtOnceCapture is TestAgainAtOnce for what real SDKs sent.
func TestAgainAtOnceCapture(t *testing.T) {
	t.Parallel()
	p := compile(t, goldenDraft())
	in := rules.Inputs{Now: now, Keys: keysOf(p)}
	permitted := 0
	eachCaptured(t, p, func(t *testing.T, where string, r hit.Request) {
		permitted += againAtOnce(t, where, p, r, in, nil)
		r.Headers = append(r.Headers, hit.Header{Name: []byte("Cookie"), Value: []byte(strings.TrimPrefix(yes, "Cookie: "))})
		permitted += againAtOnce(t, where, p, r, in, nil)
	})
	if permitted < 100 && capturesFolder() == ownCaptures {
		t.Errorf("only %d events were permitted: the test shows too little", permitted)
	}
}

// waiting is a draft with every kind of rung: on each basis, of each kind of purpose.
func waiting(t *testing.T) *rules.Draft {
	d := basesDraft(t)
	all := d.Activities
	d.Activities = nil
	for _, a := range all {
		if a.Basis != basis.Consent && a.Basis != basis.LegitimateInterest && a.Basis != basis.OptOut && a.Reference == "" {
			continue
		}
		if a.Reference != "" && (a.Basis == basis.Consent || a.Basis == basis.LegitimateInterest || a.Basis == basis.OptOut) {
			continue
		}
		if law := a.Basis == basis.LegalObligation || a.Basis == basis.VitalInterests; law ||
			a.Basis == basis.Contract && a.Purposes[0] != "marketing" {
			continue // they permit whatever comes
		}
		if a.Basis == basis.LegitimateInterest && a.Assessment != "LIA-1" && a.Assessment != "LIA-3" {
			continue
		}
		for _, vendor := range []string{"ga4", "segment"} {
			a.Vendor, a.ID = vendor, vendor+" "+strings.TrimPrefix(a.ID, "ga4 ")
			d.Activities = append(d.Activities, a)
			a.ID = strings.TrimPrefix(a.ID, vendor+" ")
		}
	}
	onetrust, _ := cmp.Parse("onetrust")
	d.Sites[0].Region.Subdivision = "CF-Region"
	d.Sites[0].Signals[3].Date = signal.Date{Cookie: "chosen"}
	d.Sites[0].Signals = append(d.Sites[0].Signals, []signal.Source{
		{Kind: signal.TransparencyConsent}, {Kind: signal.PrivacyPlatform}, {Kind: signal.USPrivacy},
		{Kind: signal.Platform(onetrust), Categories: map[string]string{"C0002": "analytics", "C0004": "elsewhere"},
			Services: map[string]string{"V1": "ga4"}},
		{Kind: signal.Payload, Categories: map[string]string{"A": "analytics", "B": "elsewhere"}},
	}...)
	return d
}

// withRungs is a draft with a few rungs of a vendor, in an order of their own.
func withRungs(d *rules.Draft, r *rand.Rand) *rules.Draft {
	other := *d
	other.Activities = nil
	for _, n := range r.Perm(len(d.Activities))[:12] {
		other.Activities = append(other.Activities, d.Activities[n])
	}
	return &other
}

func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

// choiceOf is what a browser says of its visitor's choices, of every source, now and then.
func choiceOf(r *rand.Rand) (headers []string) {
	at := now.Add(-time.Duration(r.IntN(600*24)) * time.Hour)
	cookies := []string{pick(r,
		"x=y", `site_consent={"analytics":"yes"}; chosen=`+at.Format(time.RFC3339), `site_consent={"analytics":"yes"}`,
		`site_consent={"analytics":"yes"}; chosen=`+now.Add(-time.Hour).Format(time.RFC3339),
		`site_consent={"analytics":"no"}`, `site_consent={"analytics":"maybe"}`)}
	if r.IntN(3) == 0 {
		s := tc{consent: pick(r, nil, []int{8}, []int{1, 7, 8}), li: pick(r, nil, []int{8}), updated: at}
		if r.IntN(2) == 0 {
			s.vendors, s.disclosed, s.liVendors = []int{google}, []int{google}, pick(r, nil, []int{google})
		}
		if r.IntN(4) == 0 {
			s.restricted = [3]int{8, r.IntN(3), google}
		}
		cookies = append(cookies, "euconsent-v2="+pick(r, s.String(), s.String(), "broken"))
	}
	for _, c := range []string{
		"usprivacy=" + pick(r, "1YNN", "1YYN", "broken"), "__gpp=" + pick(r, "DBABLA~CAAAAAAAAABA.QA", "broken"),
		"OptanonAlertBoxClosed=2026-04-10T17:48:20.000Z; OptanonConsent=datestamp=Tue+Nov+14+2023&version=202405.2.0&groups=C0001%3A1%2CC0002%3A" +
			pick(r, "0", "1") + "%2CC0004%3A" + pick(r, "0", "1") + "&genVendors=V1%3A" + pick(r, "0", "1") +
			"&AwaitingReconsent=false",
		rules.PreferenceCookie + "=" + pick(r, "plain", "gpc/vendor:segment", "all", "sale/"+rules.Told(now), "zz", ""),
	} {
		if r.IntN(5) == 0 {
			cookies = append(cookies, c)
		}
	}
	headers = append(headers, "Cookie: "+strings.Join(cookies, "; "))
	if r.IntN(5) == 0 {
		headers = append(headers, "Sec-GPC: "+pick(r, "1", "1", "0", "x"))
	}
	if r.IntN(6) == 0 {
		headers = append(headers, "DNT: 1")
	}
	if country := pick(r, "", "DE", "US", "US", "GB", "EU"); country != "" {
		headers = append(headers, "CF-IPCountry: "+country)
		if country == "US" {
			headers = append(headers, "CF-Region: "+pick(r, "CA", "TX", "NY"))
		}
	}
	return headers
}

// hitOf is a hit of one event, or of several of a few visitors.
func hitOf(t *testing.T, r *rand.Rand) hit.Request {
	choice := choiceOf(r)
	own := now.Add(-time.Duration(r.IntN(200)) * time.Minute)
	if r.IntN(2) == 0 {
		query := "v=2&tid=G-1&cid=" + pick(r, "1234567890.1700000000", "2234567890.1700000000") +
			"&uid=" + pick(r, "", "cust-1") + "&en=" + pick(r, "page_view", "purchase") + fmt.Sprintf("&qt=%d",
			now.Sub(own).Milliseconds()) +
			pick(r, "", "&gcs=G111", "&gcs=G100", "&gcd=13r3r3r3r5l1", "&gcd=13p3m3p3p5l1")
		return request(t, "GET /g/collect?"+query+" HTTP/1.1\n\n", "ga4", choice...)
	}
	if r.IntN(3) == 0 { // what identifies stands once for all of them, and in some
		lines := "en=a&uid=" + pick(r, "", "cust-2") + "\nen=purchase&uid=" + pick(r, "", "cust-1")
		return request(t, "POST /g/collect?v=2&tid=G-1&cid=1234567890.1700000000&qt=0 HTTP/1.1\n\n"+lines, "ga4", choice...)
	}
	clock := pick(r, 0, 0, -3*time.Hour, 3*time.Hour) // of who sends, beside ours
	var events []string
	for range 1 + r.IntN(5) {
		events = append(events, fmt.Sprintf(`{"type":"track","event":"%s","timestamp":"%s"%s%s%s}`, pick(r, "a", "b"),
			own.Add(clock-time.Duration(r.IntN(3))*time.Hour).Format(time.RFC3339),
			pick(r, "", `,"userId":"u1"`, `,"userId":"u2"`),
			pick(r, "", `,"anonymousId":"00000000-0000-4000-8000-00000000000a"`,
				`,"anonymousId":"00000000-0000-4000-8000-00000000000b"`),
			pick(r, "", "", `,"properties":{"zz":"shop@shop.example"}`,
				`,"context":{"consent":{"categoryPreferences":{"A":true,"B":false}}}`,
				`,"context":{"consent":{"categoryPreferences":{"A":false}}}`)))
	}
	return request(t, "POST /v1/batch HTTP/1.1\nContent-Type: application/json\n\n"+`{"batch":[`+strings.Join(events, ",")+
		`],"sentAt":"`+now.Add(clock).Format(time.RFC3339)+`"}`, "segment", choice...)
}

// objectionsOf is what is known of a subject, now and then.
func objectionsOf(r *rand.Rand, p *rules.Policy, often int) (o rules.Objections) {
	if r.IntN(often) > 0 {
		return o
	}
	bits := uint64(1) << r.IntN(8)
	switch r.IntN(6) {
	case 0:
		o.All = true
	case 1, 2:
		o.Purposes = bits
	case 3:
		o, _ = p.Objection(pick(r, "vendor:ga4", "vendor:segment", "vendor:matomo"))
	case 4:
		o.KeptOptOut = now.Add(time.Duration(r.IntN(800)-700) * time.Hour).Unix()
	case 5:
		o.TakenBack = rules.TakenBack{All: true, At: now.Add(time.Duration(r.IntN(8)-4) * time.Hour).Unix()}
	}
	if o.Any() && r.IntN(2) == 0 {
		o.Lifts = rules.LiftsOf(rules.Lift{
			Number: uint64(1 + r.IntN(2)), Assessment: "LIA-3", Version: 1, Purposes: pick(r, ^uint64(0), bits),
			Since: now.Add(time.Duration(r.IntN(90)-60) * time.Hour).Unix(), Until: now.AddDate(0, 0, r.IntN(40)).Unix(),
		})
	}
	return o
}

// TestAgainIsJudgingAnew: whatever the hit, what was objected to by then, when it is asked, whether objections can be
// taken, and whatever of the policy changed meanwhile: judging again from facts finds what judging the hit anew finds,
// on the activity that it was permitted on and no other, or that the plan is another.
func TestAgainIsJudgingAnew(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	base := waiting(t)
	met := map[rules.Reason]int{}
	moved := 0
	for range 30 {
		d := withRungs(base, r)
		p := compile(t, d)
		changed := *d
		edit := edits[r.IntN(len(edits))]
		edit.do(&changed)
		later := compile(t, &changed)
		keys, laterKeys := keysOf(p), keysOf(later)
		for range 200 {
			request, before, after := hitOf(t, r), known{}, known{}
			in := rules.Inputs{Now: now, Keys: keys}
			j := judged(p, request, in, nil)
			if j == nil {
				continue
			}
			for _, s := range j.Subjects {
				before[s.Hash], after[s.Hash] = objectionsOf(r, p, 12), objectionsOf(r, p, 4)
			}
			if againAtOnce(t, edit.what, p, request, in, before); t.Failed() {
				return
			}
			j = judged(p, request, in, before)
			k := keptOf(t, j)
			if k == nil {
				continue
			}
			at := rules.Moment{
				Now: now.Add(time.Duration(r.IntN(pick(r, 2, 60*24))) * time.Hour), ObjectionsUnavailable: r.IntN(10) == 0,
				ObjectionsStale: r.IntN(10) == 0,
			}
			if r.IntN(4) == 0 {
				at.Latest = now.Add(time.Duration(r.IntN(60*24)) * time.Hour)
			}
			if err := k.LookUp(after); err != nil {
				t.Fatal(err)
			}
			same, scopes := judged(p, request, in, before), after.of(j)
			anew := judged(later, request, rules.Inputs{Now: now, Keys: laterKeys}, before)
			for i, e := range k.Events {
				want, got := same.JudgeOn(e.Index, same.Verdicts[e.Index].Activity, scopes[e.Index], at), k.Judge(p, i, at)
				if got != want {
					t.Fatalf("%s: again %v, anew %v\n%s\n%s", e.Activity, got, want, request.Query, request.Headers)
				}
				met[got]++
				alike(t, r, k, p, i, at)
				switch want = rules.PolicyChanged; {
				case !k.SamePlan(later, i):
				default:
					n := slices.IndexFunc(later.Activities(), func(a *rules.Activity) bool { return a.ID == e.Activity })
					if want = anew.JudgeOn(e.Index, later.Activities()[n], scopes[e.Index], at); want == rules.NoActivity {
						want = rules.PolicyChanged
					}
					moved++
				}
				if got = k.Judge(later, i, at); got != want {
					t.Fatalf("%s: %s: again %v, anew %v\n%s\n%s", edit.what, e.Activity, got, want, request.Query, request.Headers)
				}
				met[got]++
			}
		}
	}
	for _, reason := range []rules.Reason{
		rules.Permitted, rules.PolicyChanged, rules.Objection, rules.OptedOut, rules.ObjectionsUntaken, rules.BeforeChoice,
		rules.AssessmentExpired, rules.ConsentExpired,
	} {
		if met[reason] == 0 {
			t.Errorf("%v was never found: the test shows too little (%v)", reason, met)
		}
	}
	if moved == 0 {
		t.Error("no change of a policy left a plan as it was")
	}
}
