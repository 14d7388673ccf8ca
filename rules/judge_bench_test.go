package rules_test

import (
	"bytes"
	"hash/maphash"
	"strconv"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
	"github.com/tagwarden/tagwarden/rules/signal"
	"github.com/tagwarden/tagwarden/rules/signal/cmp"
	"github.com/tagwarden/tagwarden/rules/signal/iab"
)

// twelve is a profile of twelve lines.
var twelve = map[string]minimise.Spec{
	"event_name": keep, "client_id": daily, "session_id": daily, "url": urlSpec, "referrer": origin,
	"page_title": scrubbed,
	"user_agent": family, "timestamp": hour, "revenue": keep, "language": primary, "screen": bucket,
	"consent_signal": keep,
}

// bigGA4 is a GA4 hit of about 900 bytes.
func bigGA4(t testing.TB) hit.Request {
	text := read(t, "testdata/ga4-900.http")
	return request(t, text, "ga4", yes)
}

// bigSegment is a batch of twenty events.
func bigSegment(t testing.TB) hit.Request {
	event := `{"timestamp":"2026-11-24T01:55:18.851Z","integrations":{},"event":"Item Viewed","type":"track","properties":{"order_id":"ORD-1001","revenue":129.7,"currency":"EUR","email":"jane.doe@example.com","products":[{"sku":"SKU-1","name":"Red shoes","price":59.9,"quantity":2}],"page":"https://shop.example/account/12345/orders?email=jane.doe%40example.com","i":0},"context":{"library":{"name":"@segment/analytics-node","version":"3.1.0"},"userAgent":"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36","page":{"url":"https://shop.example/account/12345/orders?email=jane.doe%40example.com","path":"/account/12345/orders","referrer":"https://search.example/?q=jane","title":"Orders"}},"userId":"cust-48213","anonymousId":"00000000-0000-4000-8000-000000000001","messageId":"node-next-1795485318851-cf1c5c40-78ad-49da-99e2-4f2e20a71940"}`
	body := `{"batch":[` + strings.TrimSuffix(strings.Repeat(event+",", 20), ",") +
		`],"sentAt":"2026-11-24T01:55:19.000Z"}`
	return request(t, "POST /v1/batch HTTP/1.1\nContent-Type: application/json\nAuthorization: Basic d2s6\n\n"+
		body, "segment", yes)
}

// judging is what a server does between receiving and recording.
type judging struct {
	policy *rules.Policy
	in     rules.Inputs
	j      rules.Judgement
}

func newJudging(t testing.TB) *judging {
	d := draft()
	d.Profiles[0].Classes = twelve
	g := &judging{policy: compile(t, d)}
	g.in = rules.Inputs{Now: now, Keys: rules.NewKeys(pseudonym.TestRoot, g.policy, now), NewestForm: true}
	return g
}

func (g *judging) judge(r *hit.Request) rules.Reason {
	g.j.Reset()
	headers := append(g.j.Hit.Request.Headers, r.Headers...)
	g.j.Hit.Request = *r
	g.j.Hit.Request.Headers = headers
	if reason := rules.Read(g.policy, &g.j, &g.in, nil); reason != rules.Unjudged {
		return reason
	}
	for range g.j.Hit.Events {
		g.j.Objections = append(g.j.Objections, rules.Objections{})
	}
	return rules.Judge(&g.j, &g.in)
}

func TestJudgeDoesNotAllocate(t *testing.T) {
	hits := map[string]hit.Request{"a GA4 hit": bigGA4(t), "twenty Segment events": bigSegment(t)}
	for _, of := range stated {
		for _, h := range of.hits {
			if of.vendor != "own" && strings.HasPrefix(h[0], "silent") {
				hits[of.vendor+", "+h[0]] = request(t, h[1], of.vendor, yes)
			}
		}
	}
	for _, c := range containers {
		hits[c.vendor+" "+c.opens] = request(t, c.hit("jane.doe@example.com"), c.vendor, yes)
	}
	for name, r := range hits {
		g := newJudging(t)
		work := func() {
			if reason := g.judge(&r); reason != rules.Unjudged || !g.j.Out.Forward {
				t.Fatalf("%s: %v, forward %v", name, reason, g.j.Out.Forward)
			}
		}
		work()
		if n := testing.AllocsPerRun(100, work); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// decodedStrings keeps what was decoded once, as a server does.
type decodedStrings struct {
	tc  map[string]*iab.TCString
	gpp map[string]*iab.GPPString
}

func (d *decodedStrings) TC(text []byte) (*iab.TCString, error) {
	return decodedOnce(d.tc, text, iab.DecodeTC)
}

func (d *decodedStrings) GPP(text []byte) (*iab.GPPString, error) {
	return decodedOnce(d.gpp, text, iab.DecodeGPP)
}

func decodedOnce[T any](known map[string]T, text []byte, decode func([]byte) (T, error)) (T, error) {
	if found, ok := known[string(text)]; ok {
		return found, nil
	}
	decoded, err := decode(text)
	if err == nil {
		known[string(text)] = decoded
	}
	return decoded, err
}

// withSignals is a hit whose site lists IAB's strings and a consent platform.
func withSignals(t testing.TB) (*judging, hit.Request) {
	d := draft()
	d.Profiles[0].Classes = twelve
	d.Purposes[0].TCF = []int{8}
	onetrust, _ := cmp.Parse("onetrust")
	d.Sites[0].Signals = []signal.Source{
		{Kind: signal.GPC}, {Kind: signal.TransparencyConsent}, {Kind: signal.PrivacyPlatform}, {Kind: signal.USPrivacy},
		{Kind: signal.Platform(onetrust)}, {Kind: signal.ConsentMode},
	}
	g := &judging{policy: compile(t, d)}
	g.in = rules.Inputs{
		NewestForm: true,
		Now:        now, Keys: rules.NewKeys(pseudonym.TestRoot, g.policy, now),
		Strings: &decodedStrings{map[string]*iab.TCString{}, map[string]*iab.GPPString{}},
	}
	r := bigGA4(t)
	r.Headers = append(r.Headers[:len(r.Headers)-1], hit.Header{Name: []byte("Cookie"), Value: []byte(
		"_ga=GA1.1.1234567890.1700000000; euconsent-v2=" + tc{consent: []int{1, 7, 8, 9}, vendors: []int{1, google},
			disclosed: []int{1, google}}.String() +
			"; usprivacy=1YNN; __gpp=DBABLA~CAAAAAAAAABA.QA; OptanonAlertBoxClosed=2026-04-10T17:48:20.000Z" +
			"; OptanonConsent=isGpcEnabled=0&datestamp=Tue+Nov+14+2023&version=202405.2.0&groups=C0001%3A1%2CC0002%3A1%2CC0003%3A0%2CC0004%3A0&AwaitingReconsent=false"),
	})
	return g, r
}

// lastChoice remembers what was said last.
type lastChoice struct {
	text []byte
	said *signal.Reading
}

func (l *lastChoice) Recall(text []byte) (sum [2]uint64, known *signal.Reading) {
	if bytes.Equal(l.text, text) {
		return sum, l.said
	}
	l.text = append(l.text[:0], text...)
	return sum, nil
}

func (l *lastChoice) Remember(_ [2]uint64, said signal.Reading) { l.said = &said }

func TestJudgeWithSignalsDoesNotAllocate(t *testing.T) {
	g, r := withSignals(t)
	work := func() {
		if reason := g.judge(&r); reason != rules.Unjudged || !g.j.Out.Forward {
			t.Fatalf("%v, %+v, %+v", reason, g.j.Verdicts, g.j.Signals)
		}
	}
	for _, memo := range []signal.Memo{nil, new(lastChoice)} {
		g.in.Choices = memo
		work()
		if n := testing.AllocsPerRun(100, work); n != 0 {
			t.Errorf("%v allocations", n)
		}
	}
}

func BenchmarkJudgeWithSignals(b *testing.B) {
	g, r := withSignals(b)
	b.ReportAllocs()
	for b.Loop() {
		if reason := g.judge(&r); reason != rules.Unjudged {
			b.Fatal(reason)
		}
	}
}

func benchmarkJudge(b *testing.B, r hit.Request) {
	g := newJudging(b)
	b.ReportAllocs()
	b.SetBytes(int64(len(r.Query) + len(r.Body)))
	for b.Loop() {
		if reason := g.judge(&r); reason != rules.Unjudged {
			b.Fatal(reason)
		}
	}
}

func BenchmarkJudgeGA4(b *testing.B) { benchmarkJudge(b, bigGA4(b)) }

func BenchmarkJudgeSegment20(b *testing.B) { benchmarkJudge(b, bigSegment(b)) }

// BenchmarkJudgeWarm is what judging takes where all that can be remembered is.
func BenchmarkJudgeWarm(b *testing.B) {
	for _, of := range []struct {
		name string
		hit  hit.Request
	}{{"GA4", bigGA4(b)}, {"Segment20", bigSegment(b)}} {
		b.Run(of.name, func(b *testing.B) {
			g := newJudging(b)
			g.in.Memo = &warm{maphash.MakeSeed(), map[minimise.Sum]minimise.Made{}}
			b.ReportAllocs()
			for b.Loop() {
				if reason := g.judge(&of.hit); reason != rules.Unjudged {
					b.Fatal(reason)
				}
			}
		})
	}
}

// warm is a memo that takes next to no time.
type warm struct {
	seed maphash.Seed
	made map[minimise.Sum]minimise.Made
}

func (m *warm) Recall(salt uint64, value []byte) (minimise.Sum, minimise.Made, bool) {
	sum := minimise.Sum{maphash.Bytes(m.seed, value), salt}
	made, known := m.made[sum]
	return sum, made, known
}

func (m *warm) Remember(sum minimise.Sum, made minimise.Made) {
	made.Bytes = bytes.Clone(made.Bytes)
	m.made[sum] = made
}

func BenchmarkJudgeGA4Denied(b *testing.B) {
	r := bigGA4(b)
	r.Headers = r.Headers[:len(r.Headers)-1]
	r.Query = bytes.ReplaceAll(r.Query, []byte("13r3r3r3r5l1"), []byte("13l3l3l3l5l1"))
	benchmarkJudge(b, r)
}

// BenchmarkJudgeWide is a batch in which as many fields are shared as there are events,
// twice: the time for a byte stays the same.
func BenchmarkJudgeWide(b *testing.B) {
	for _, n := range []int{200, 800} {
		text := "POST /g/collect?v=2&tid=G-1&cid=1.2" + strings.Repeat("&dt=Orders", n) + " HTTP/1.1\n\n" + strings.Repeat(
			"en=page_view\r\n", n/2)
		b.Run(strconv.Itoa(n), func(b *testing.B) { benchmarkJudge(b, request(b, text, "ga4", yes)) })
	}
}

// BenchmarkKeysOf is what it takes to put the keys of another day in place, for twelve vendors.
func BenchmarkKeysOf(b *testing.B) {
	p := compile(b, draft())
	state := pseudonym.TestRoot.State(now)
	b.ReportAllocs()
	for b.Loop() {
		rules.KeysOf(&state, p)
	}
}
