package proxy_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/tagwarden/tagwarden/proxy/internal/rawhttp"
)

// amplitudeSome lets purchases and visits of Amplitude pass, and nothing else.
func amplitudeSome(t testing.TB, stand string) string {
	t.Helper()
	return shop(t, stand, map[string]string{
		"policy/activities.yaml": `activities:
  - { id: amplitude-some, vendor: amplitude, purposes: [measure], basis: consent, retention: 14 months, profile: small, events: [good1, bad, good2] }
  - { id: posthog-consent, vendor: posthog, purposes: [measure], basis: consent, retention: 14 months, profile: small, events: ["*"] }
`,
		"policy/profiles.yaml": "profiles:\n  small:\n    classes: { event_name: keep, client_id: keep, device_id: keep, user_id: keep }\n",
	})
}

// amplitudeBatch is a hit with these events, each JSON or the name of one.
func amplitudeBatch(events ...string) string {
	for i, e := range events {
		if !strings.HasPrefix(e, "{") && e != "null" && e != "7" {
			events[i] = fmt.Sprintf(`{"event_type":%q,"device_id":"0190aaaa-0000-7000-8000-0000000000aa"}`, e)
		}
	}
	return post("/t/amplitude/2/httpapi", yes+"Content-Type: application/json\r\nOrigin: https://shop.example\r\n",
		`{"api_key":"k","events":[`+strings.Join(events, ",")+`]}`)
}

func answerOf(status int, kind, body string) string {
	return fmt.Sprintf("HTTP/1.1 %d X\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", status, kind, len(body), body)
}

// TestBadEventsAreTheSDKs: the events that the vendor calls bad are counted as in the batch that the SDK
// sent, also where judging cut some out.
func TestBadEventsAreTheSDKs(t *testing.T) {
	v := standIn(t)
	r := start(t, amplitudeSome(t, v.Addr()))
	const bad1 = `{"code":400,"error":"Request missing required field","events_with_invalid_fields":{"time":[1]}}`
	for name, c := range map[string]struct {
		events []string
		answer string
		sent   int
		want   string // of the SDK's answer; "": none
	}{
		"none is cut out": {[]string{"good1", "bad", "good2"}, answerOf(400, "application/json", bad1), 3, bad1},
		"one before": {[]string{"other", "good1", "bad", "good2"}, answerOf(400, "application/json", bad1), 3,
			strings.Replace(bad1, "[1]", "[2]", 1)},
		"some in between": {[]string{"good1", "other", "other", "bad", "other"}, answerOf(400, "application/json", bad1),
			2, strings.Replace(bad1, "[1]", "[3]", 1)},
		"one behind": {[]string{"good1", "bad", "other"}, answerOf(400, "application/json", bad1), 2, bad1},
		"elements of no kind": {[]string{"null", "good1", "7", "bad"}, answerOf(400, "application/json", bad1), 2,
			strings.Replace(bad1, "[1]", "[3]", 1)},
		"without a name": {[]string{`{"device_id":"0190aaaa-0000-7000-8000-0000000000aa"}`, "good1", "bad"},
			answerOf(400, "application/json", bad1), 2, strings.Replace(bad1, "[1]", "[2]", 1)},
		"all of them": {
			[]string{"other", "good1", "bad", "other", "good2"},
			answerOf(400, "application/json",
				`{"code":400,"error":"x","events_with_missing_fields":{"a":[0]},"events_with_invalid_id_lengths":{"b":[1,2]},"silenced_events":[2],"events_with_invalid_fields":{}}`),
			3, `{"code":400,"error":"x","events_with_invalid_fields":{},"events_with_invalid_id_lengths":{"b":[2,4]},"events_with_missing_fields":{"a":[1]},"silenced_events":[4]}`,
		},
		"held back": {[]string{"other", "good1"}, answerOf(429, "application/json",
			`{"code":429,"throttled_events":[0]}`), 1, `{"code":429,"throttled_events":[1]}`},
		"an event that was not sent": {[]string{"other", "good1"}, answerOf(400, "application/json", bad1), 1, ""},
		"in another form": {[]string{"other", "good1"}, answerOf(400, "application/json",
			`{"events_with_invalid_fields":[0]}`), 1, ""},
		"no JSON": {[]string{"good1"}, answerOf(400, "text/html", "<script>1</script>"), 1, ""},
		"JSON as something else": {[]string{"good1"}, answerOf(413, "text/html", `{"error":"<script>"}`), 1,
			`{"error":"<script>"}`},
		"a status of no interest": {[]string{"good1"}, answerOf(403, "application/json", bad1), 1, ""},
		"longer than 64 KiB": {[]string{"good1"}, answerOf(400, "application/json",
			`"`+strings.Repeat("x", 64<<10)+`"`), 1, ""},
		"as long as may be": {[]string{"good1"}, answerOf(400, "application/json", `"`+strings.Repeat("x", 64<<10-2)+
			`"`), 1, `"` + strings.Repeat("x", 64<<10-2) + `"`},
	} {
		v.Answer(c.answer)
		v.Forget()
		a := r.ask(t, amplitudeBatch(slices.Clone(c.events)...))
		var sent struct {
			Events []json.RawMessage `json:"events"`
		}
		if got := v.Requests(); len(got) != 1 || json.Unmarshal(got[0].Body, &sent) != nil || len(sent.Events) != c.sent {
			t.Fatalf("%s: the vendor got %d requests, %d events", name, len(got), len(sent.Events))
		}
		if string(a.Body) != c.want || a.Status/100 != 4 {
			t.Errorf("%s: %d %.300s, want %.300s", name, a.Status, a.Body, c.want)
		}
		if a.Header.Get("Access-Control-Allow-Origin") != "https://shop.example" ||
			a.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: headers %v", name, a.Header)
		}
		if c.want != "" && (a.Header.Get("Content-Type") != "application/json" ||
			!strings.Contains(a.Header.Get("Content-Security-Policy"), "sandbox")) {
			t.Errorf("%s: a browser might run it: %v", name, a.Header)
		}
	}
}

// TestRefusalsCanBeRead: a page of the site may read status and Retry-After, which is
// in seconds whatever the vendor wrote.
func TestRefusalsCanBeRead(t *testing.T) {
	v, c := standIn(t), newClock("2026-11-28T12:00:00Z")
	r := start(t, shop(t, v.Addr(), nil), c.option)
	for after, want := range map[string]string{
		"120": "120", "Sat, 28 Nov 2026 12:02:00 GMT": "120", "31536000": "86400", "next week": "", "-5": "",
		"1\r\nRetry-After: 2": "2",
	} {
		v.Answer("HTTP/1.1 429 Slow\r\nRetry-After: " + after + "\r\nContent-Length: 0\r\n\r\n")
		a := r.ask(t, get(pageView, yes+"Origin: https://shop.example\r\n"))
		if a.Status != 429 || a.Header.Get("Retry-After") != want {
			t.Errorf("%q: %d, %q", after, a.Status, a.Header.Get("Retry-After"))
		}
		if a.Header.Get("Access-Control-Allow-Origin") != "https://shop.example" ||
			a.Header.Get("Access-Control-Expose-Headers") != "Retry-After" {
			t.Errorf("%q: a page cannot read it: %v", after, a.Header)
		}
		if a = r.ask(t, get(pageView, yes+"Origin: https://other.example\r\n")); a.Header.Get("Access-Control-Allow-Origin")+
			a.Header.Get("Access-Control-Expose-Headers") != "" {
			t.Errorf("%q: any page can read it: %v", after, a.Header)
		}
	}
}

// TestOwnRefusalsCanBeRead: so may what this server says of a vendor that is gone.
func TestOwnRefusalsCanBeRead(t *testing.T) {
	v := standIn(t)
	r := start(t, shop(t, v.Addr(), nil))
	v.Close()
	a := r.ask(t, get(pageView, yes+"Origin: https://shop.example\r\n"))
	if a.Status != 502 || a.Header.Get("Retry-After") != "5" ||
		a.Header.Get("Access-Control-Allow-Origin") != "https://shop.example" ||
		a.Header.Get("Access-Control-Expose-Headers") != "Retry-After" {
		t.Errorf("%s", a.Raw)
	}
}

// TestTakenIsNotSentAgain: where the vendor said that it took the events and the rest of its answer cannot
// be read, the SDK is told what it needs: sent again they would count twice. Where it asked for that
// answer, it is told that there is none.
func TestTakenIsNotSentAgain(t *testing.T) {
	v := standIn(t)
	r := start(t, shop(t, v.Addr(), nil))
	answers := map[string]string{
		"coded":     "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nok",
		"broken":    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2 \r\nok\r\n0\r\n\r\n",
		"too_large": "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n",
	}
	for why, answer := range answers {
		v.Answer(answer)
		if a := r.ask(t, get(pageView, yes)); a.Status != 204 {
			t.Errorf("%s: %s", why, a.Raw)
		}
		if a := r.ask(t, get("/t/segment/v1/projects/KEY/settings", yes)); a.Status != 502 ||
			a.Header.Get("Retry-After") == "" || len(a.Body) > 0 {
			t.Errorf("%s, asked: %s", why, a.Raw)
		}
	}
	all := strings.Join(r.records(t, "outcome"), "")
	for why := range answers {
		if strings.Count(all, `"outcome":"unknown","why":"`+why+`","status":200`) != 2 {
			t.Errorf("%s: the ledger says %s", why, all)
		}
	}
}

// TestNobodyGetsAnothersAnswer: of a vendor that answers each request twice, a visitor who asks gets the own
// answer, and one who does not ask gets none.
func TestNobodyGetsAnothersAnswer(t *testing.T) {
	v, err := rawhttp.Serve(func(c *rawhttp.Conn) {
		for {
			q, err := c.Request()
			if err != nil {
				return
			}
			if one := answerOf(200, "text/plain", q.Target); c.Send(one, one) != nil {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	r := start(t, shop(t, v.Addr(), nil))
	var visitors sync.WaitGroup
	var others atomic.Int64
	for n := range 12 {
		visitors.Go(func() {
			for i := range 50 {
				key := fmt.Sprintf("K%dx%d", n, i)
				if a := r.ask(t, get("/t/segment/v1/projects/"+key+"/settings", yes)); string(a.Body) != "/v1/projects/"+
					key+"/settings" {
					others.Add(1)
				}
				if a := r.ask(t, get(pageView+"&dt="+key, yes)); a.Status != 204 || len(a.Body) > 0 {
					others.Add(1)
				}
			}
		})
	}
	visitors.Wait()
	if n := others.Load(); n != 0 {
		t.Errorf("%d of 1200 were told something else", n)
	}
}

// TestBeacons: PostHog's beacon is answered 204, whether it was forwarded or not.
func TestBeacons(t *testing.T) {
	v := standIn(t)
	v.Answer(answerOf(200, "application/json", `{"status":"Ok"}`))
	r := start(t, amplitudeSome(t, v.Addr()))
	const event = `{"event":"x","api_key":"k","properties":{"token":"k","distinct_id":"0190aaaa-0000-7000-8000-0000000000aa"}}`
	for target, status := range map[string]int{"/t/posthog/e/?beacon=1&ip=0": 204, "/t/posthog/e/?ip=0": 200} {
		for _, cookie := range []string{yes, ""} {
			v.Forget()
			a := r.ask(t, post(target, cookie+"Content-Type: text/plain\r\n", event))
			if a.Status != status || len(v.Requests()) != len(cookie)/len(yes) {
				t.Errorf("%s, %q: %d, and the vendor got %d", target, cookie, a.Status, len(v.Requests()))
			}
		}
	}
}
