package rules_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// overrun bounds how many steps more than allowed a hit takes, for each byte of its longest value that is
// looked over: values are counted as a whole.
const overrun = 20 * minimise.MaxScrubbed

// withinWork checks what a judged hit took against what it may take.
func withinWork(t *testing.T, name string, g *judging, reason rules.Reason) {
	t.Helper()
	steps, most := g.j.Work()
	switch {
	case steps > most+overrun:
		t.Errorf("%s: %d steps, and %d are allowed", name, steps, most)
	case steps > most && (reason != rules.OverLimit || g.j.Out.Forward):
		t.Errorf("%s: %d steps of %d, and it ends with %v, forwarded %v", name, steps, most, reason, g.j.Out.Forward)
	case steps <= most && reason == rules.OverLimit:
		t.Errorf("%s: %d steps of %d, and it is refused", name, steps, most)
	}
}

// TestWorkOfWorstHits: whatever a hit holds, it takes no more steps for a byte than are allowed,
// and where it would nothing is forwarded.
func TestWorkOfWorstHits(t *testing.T) {
	t.Parallel()
	g := judgingWorst(t)
	for _, w := range worstHits {
		for _, n := range []int{1 << 12, 1 << 16, 1 << 18} {
			r := request(t, w.of(n), w.vendor, yes)
			withinWork(t, fmt.Sprintf("%s, %d bytes", w.name, n), g, g.judge(&r))
			steps, most := g.j.Work()
			if n == 1<<16 {
				t.Logf("%-30s %6.1f steps for a byte, %v", w.name, float64(steps-rules.StepsPerHit)/float64(
					most-rules.StepsPerHit)*rules.StepsPerByte, g.j.Reason)
			}
		}
	}
}

// TestWorkOfDigits: the attack that costs most ends with reason limit.
func TestWorkOfDigits(t *testing.T) {
	t.Parallel()
	g := judgingWorst(t)
	r := request(t, values("1 ")(900<<10), "segment", yes)
	reason := g.judge(&r)
	if steps, most := g.j.Work(); reason != rules.OverLimit || g.j.Out.Forward || steps <= most {
		t.Errorf("%d bytes end with %v after %d of %d steps, forwarded %v", len(r.Body), reason, steps, most, g.j.Out.Forward)
	}
}

// judgingAll judges by a profile that keeps every class, so that as much as can be is looked over.
func judgingAll(t *testing.T) *judging {
	d := draft()
	d.Profiles[0].Classes = everything()
	d.Limits.Fields = 200_000
	g := &judging{policy: compile(t, d)}
	g.in = rules.Inputs{Now: now, Keys: keysOf(g.policy)}
	return g
}

// TestWorkOfCaptures: no hit of a real SDK comes near to what it may take.
func TestWorkOfCaptures(t *testing.T) {
	t.Parallel()
	g := judgingAll(t)
	largest, hits := 0.0, 0
	eachCaptured(t, g.policy, func(t *testing.T, where string, r hit.Request) {
		r.Headers = append(r.Headers, hit.Header{Name: []byte("Cookie"), Value: []byte(strings.TrimPrefix(yes, "Cookie: "))})
		if reason := g.judge(&r); reason != rules.Unjudged {
			return
		}
		steps, most := g.j.Work()
		share := float64(steps) / float64(most)
		hits, largest = hits+1, max(largest, share)
		if share > 0.5 {
			t.Errorf("%s: %d of %d steps", where, steps, most)
		}
	})
	t.Logf("%d hits, the largest share is %.2f", hits, largest)
	if hits < 40 {
		t.Errorf("%d hits: too few to show anything", hits)
	}
}

// TestWorkOfBatch: a batch of 150 events of PostHog's, which is packed to a fortieth
// and less, is far from what it may take.
func TestWorkOfBatch(t *testing.T) {
	t.Parallel()
	g := judgingAll(t)
	found := false
	eachCaptured(t, g.policy, func(t *testing.T, where string, r hit.Request) {
		if !strings.HasPrefix(where, "posthog") || !strings.HasSuffix(string(r.Path), "/e/") {
			return
		}
		var body struct {
			Key    string            `json:"api_key"`
			Events []json.RawMessage `json:"batch"`
		}
		if json.Unmarshal(unzipped(t, r.Body), &body) != nil || len(body.Events) < 3 {
			return
		}
		for i := 0; len(body.Events) < 150; i++ {
			body.Events = append(body.Events, body.Events[i])
		}
		text, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		r.Body = []byte(zipped(string(text)))
		r.Headers = append(r.Headers, hit.Header{Name: []byte("Cookie"), Value: []byte(strings.TrimPrefix(yes, "Cookie: "))})
		reason := g.judge(&r)
		steps, most := g.j.Work()
		if reason != rules.Unjudged || !g.j.Out.Forward || len(g.j.Hit.Events) != 150 {
			t.Errorf("%s: %v, %d events, %d of %d steps", where, reason, len(g.j.Hit.Events), steps, most)
		}
		if steps > most/2 {
			t.Errorf("%s: %d of %d steps", where, steps, most)
		}
		if ratio := len(text) / len(r.Body); ratio < 40 {
			t.Errorf("%s: packed to a part of %d: it shows nothing", where, ratio)
		}
		t.Logf("%d bytes from %d, %.1f steps for a byte", len(text), len(r.Body), float64(steps)/float64(len(text)))
		found = true
	})
	if !found {
		t.Error("no such batch in the recordings")
	}
}

func unzipped(t *testing.T, body []byte) []byte {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return body
	}
	var b bytes.Buffer
	if _, err := b.ReadFrom(r); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// spending is a vendor each of whose places a visitor can fill: fields, names that a site chose, and headers.
const spending = `
id: own
name: Own
hosts: { api: "https://own.example" }
event: [{ field: e }]
fields:
  e:     { class: event_name }
  text:  { class: custom }
  page:  { class: url }
  "p.*": { class: custom }
headers:
  User-Agent: { class: user_agent }
  X-Page:     { class: url }
  X-Text:     { class: custom }
  X-Why:      { class: free_text }
endpoints:
  - { id: post, methods: [POST], path: /x, body: [form], events: [body], answer: { status: 204 } }
`

// TestNothingLeavesOverItsWork: in whichever place a hit spends more than it may, the headers of the request to the
// vendor included, which come last, nothing of it is forwarded. Where nothing of that place may leave, nothing is spent
// on it; but a name is looked over before it is asked whether its member may.
func TestNothingLeavesOverItsWork(t *testing.T) {
	d := draftOf(t, spending)
	d.Profiles[0].Classes = everything()
	keeping := compile(t, d)
	d.Profiles[0].Classes = map[string]minimise.Spec{"event_name": keep}
	dropping := compile(t, d)
	costly := strings.Repeat("1 ", (15<<10)/2)
	form := strings.ReplaceAll(costly, " ", "+")
	for place, c := range map[string]struct{ body, header string }{
		"nothing":       {},
		"a field":       {"&text=" + form, ""},
		"an address":    {"&page=https://shop.example/" + form, ""},
		"a name":        {"&p." + form + "=1", ""},
		"the browser":   {"", "User-Agent: "},
		"the page":      {"", "X-Page: https://shop.example/"},
		"the text":      {"", "X-Text: "},
		"a last header": {"", "X-Why: "},
	} {
		r := request(t, "POST /x HTTP/1.1\n\ne=a"+c.body, "own", yes)
		if c.header != "" {
			r = request(t, "POST /x HTTP/1.1\n\ne=a", "own", yes, c.header+costly)
		}
		for _, p := range []*rules.Policy{keeping, dropping} {
			g := &judging{policy: p, in: rules.Inputs{Now: now, Keys: keysOf(p)}}
			reason := g.judge(&r)
			steps, most := g.j.Work()
			over := reason == rules.OverLimit
			if over != (place == "a name" || p == keeping && place != "nothing") || over != (steps > most) ||
				g.j.Out.Forward == over {
				t.Errorf("%s: %v after %d of %d steps, forwarded %v", place, reason, steps, most, g.j.Out.Forward)
			}
		}
	}
}

// TestTooLong: a value of more than 16 KiB that would be looked over is dropped, and explaining
// says why; one that is shorter is not.
func TestTooLong(t *testing.T) {
	t.Parallel()
	d := draft()
	d.Profiles[0].Classes = everything()
	d.Profiles[0].Classes["url"], d.Profiles[0].Classes["referrer"] = urlSpec, origin
	d.Profiles[0].Classes["page_title"] = minimise.Spec{Kind: minimise.Truncate,
		Truncate: minimise.TruncateSpec{Chars: new(20)}}
	p := compile(t, d)
	for _, c := range []struct {
		field, text, more string
	}{
		{"ep.words", "", "we have the best 7 red shoes "}, {"dl", "https://shop.example/",
			"a-page-of-an-extraordinarily-long-description-"}, {"dt", "", "Shoes "}, {"uid", "", "abc"}, {"_s", "", "1"},
	} {
		for _, n := range []int{minimise.MaxScrubbed, minimise.MaxScrubbed + 1} {
			text := (c.text + strings.Repeat(c.more, n/len(c.more)+1))[:n]
			r := request(t, "POST /g/collect?v=2&tid=G-1&cid=1.2 HTTP/1.1\n\n", "ga4", yes)
			r.Body = hit.AppendPercent([]byte("en=page_view&zz="+strings.Repeat("a", 1<<14)+"&"+c.field+"="), []byte(text))
			x := explain(t, p, r)
			if len(x.Events) != 1 || x.Forward == nil {
				t.Fatalf("%s: %s %+v", c.field, x.Reason, x.Events)
			}
			var field *rules.ExplainedField
			for i := range x.Events[0].Fields {
				if f := &x.Events[0].Fields[i]; f.Path == c.field {
					field = f
				}
			}
			if field == nil {
				t.Fatalf("%s is not explained", c.field)
			}
			if long := n > minimise.MaxScrubbed; long != (field.Why != "") || long && (field.Sent || field.Action != "drop" ||
				len(field.Found) > 0) || !long && !field.Sent {
				t.Errorf("%s of %d bytes: sent %v, action %s, why %q", c.field, n, field.Sent, field.Action, field.Why)
			}
		}
	}
}

// TestNamesTooLong: a name that a site chose leaves with its member while it can be looked over, to the last byte of
// what is; a longer one, of which nothing is known, does not.
func TestNamesTooLong(t *testing.T) {
	g := judgingAll(t)
	for vendor, hit := range map[string]func(name string) string{
		"ga4":     func(name string) string { return form("ep." + name + "=1") },
		"segment": func(name string) string { return batch(`"` + name + `":1`) },
	} {
		for _, n := range []int{1, 100, minimise.MaxScrubbed - 1, minimise.MaxScrubbed, minimise.MaxScrubbed + 1,
			minimise.MaxScrubbed + 2} {
			name := strings.Repeat("shoe.", n/5+1)[:n]
			r := request(t, hit(name), vendor, yes)
			if reason := g.judge(&r); reason != rules.Unjudged || !g.j.Out.Forward {
				t.Fatalf("%s, %d bytes: %v", vendor, n, reason)
			}
			if sent := bytes.Contains(g.j.Out.Body, []byte(name)); sent != (n <= minimise.MaxScrubbed) {
				t.Errorf("%s, %d bytes: sent %v", vendor, n, sent)
			}
		}
	}
}

// TestExplainedLimit: explaining says that a hit was refused for what it took, and that this is of the whole hit.
func TestExplainedLimit(t *testing.T) {
	t.Parallel()
	g := judgingWorst(t)
	x := explain(t, g.policy, request(t, values("1 ")(1<<17), "segment", yes))
	if x.Reason != "limit" || x.Forward != nil || !strings.Contains(x.Why, "for each byte received and unpacked") ||
		x.Respond.Status != 413 {
		t.Errorf("%s %q %d", x.Reason, x.Why, x.Respond.Status)
	}
}

// TestSetInOneGo: constants stand in place of every occurrence, or are added where there is none, in events of
// several profiles and in what they share.
func TestSetInOneGo(t *testing.T) {
	t.Parallel()
	d := draft(
		rung("first", basis.Consent, of("ga4", "audience"), func(a *rules.DraftActivity) { a.Events = []string{"a"} }),
		rung("second", basis.Consent, of("ga4", "audience"), func(a *rules.DraftActivity) {
			a.Events, a.Profile = []string{"b"}, "other"
		}),
	)
	d.Profiles[0].Set = map[string]map[string]string{"ga4": {"npa": "1", "ep.x": "set", "_dbg": "0"}}
	d.Profiles = append(d.Profiles, rules.DraftProfile{ID: "other", Classes: firstPart,
		Set: map[string]map[string]string{"ga4": {"ep.x": "other"}}})
	r := request(t, "POST /g/collect?v=2&tid=G-1&_dbg=1 HTTP/1.1\n\nen=a&ep.x=1&ep.x=2\r\nen=b&ep.x=3\r\nen=b", "ga4", yes)
	r.Address = netip.Addr{}
	x := explain(t, compile(t, d), r)
	if x.Forward == nil {
		t.Fatalf("%s %+v", x.Reason, x.Events)
	}
	if want := "en=a&ep.x=set&ep.x=set&npa=1\r\nen=b&ep.x=other\r\nen=b&ep.x=other"; strings.ReplaceAll(x.Forward.Body,
		"\r", "") != strings.ReplaceAll(want, "\r", "") {
		t.Errorf("%q", x.Forward.Body)
	}
	if !strings.Contains(x.Forward.URL, "_dbg=0") {
		t.Errorf("%s", x.Forward.URL)
	}
}

// BenchmarkJudgeSet is a batch under a profile with many lines of set: the time for a line is that of one field.
func BenchmarkJudgeSet(b *testing.B) {
	for _, lines := range []int{0, 100} {
		b.Run(strconv.Itoa(lines), func(b *testing.B) {
			d := draft()
			d.Profiles[0].Classes = twelve
			set := map[string]string{}
			for i := range lines {
				set[fmt.Sprintf("properties.p%d", i)] = "1"
			}
			d.Profiles[0].Set = map[string]map[string]string{"segment": set}
			g := &judging{policy: compile(b, d)}
			g.in = rules.Inputs{Now: now, Keys: keysOf(g.policy)}
			r := bigSegment(b)
			b.ReportAllocs()
			for b.Loop() {
				if reason := g.judge(&r); reason != rules.Unjudged {
					b.Fatal(reason)
				}
			}
		})
	}
}

// FuzzWork: whatever a hit holds, it takes no more steps than are allowed, and where it would nothing is forwarded.
func FuzzWork(f *testing.F) {
	g := judgingWorst(f)
	vendors := []string{"segment", "ga4", "posthog", "snowplow", "meta_pixel"}
	texts := []string{
		"POST /v1/batch HTTP/1.1\nContent-Type: application/json\n\n",
		"POST /g/collect?v=2&tid=G-1&cid=1.2&en=page_view HTTP/1.1\n\n",
		"POST /e/ HTTP/1.1\nContent-Type: application/json\n\n",
		"POST /com.snowplowanalytics.snowplow/tp2 HTTP/1.1\nContent-Type: application/json\n\n", "POST /tr/ HTTP/1.1\n\n",
	}
	for _, w := range worstHits {
		_, body, _ := strings.Cut(w.of(1<<10), "\n\n")
		for v, vendor := range vendors {
			if vendor == w.vendor {
				f.Add(byte(v), []byte(body))
			}
		}
	}
	f.Fuzz(func(t *testing.T, vendor byte, body []byte) {
		v := int(vendor) % len(vendors)
		r := request(t, texts[v], vendors[v], yes)
		// ten times over: what takes too much for a byte would otherwise be within what is allowed for the hit itself
		r.Body = body
		if len(body) < 1<<16 && vendors[v] == "ga4" {
			r.Body = bytes.Repeat(append(bytes.Clone(body), "\r\n"...), 10)
		}
		reason := g.judge(&r)
		if reason == rules.OverLimit && len(g.j.Hit.Nodes) >= 200_000 || len(g.j.Verdicts) == 0 {
			return // refused before
		}
		withinWork(t, vendors[v], g, reason)
	})
}
