package proxy_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/curious"
)

// How other products behave when they do not know (reference/law.md), row by row,
// and that it is the other way round here.

const track = `{"type":"track","event":"Order Completed","anonymousId":"a-1"}`

// nowhere sends a hit and checks that nothing of it was forwarded, that the SDK got an answer it is
// content with, and that the ledger says why.
func nowhere(t *testing.T, hit, reason string, change ...func(*proxy.Options)) {
	t.Helper()
	v := standIn(t)
	r := start(t, shop(t, v.Addr(), nil), change...)
	if a := r.ask(t, hit); a.Status != 200 && a.Status != 204 {
		t.Errorf("the SDK was told\n%s", a.Raw)
	}
	events := strings.Join(r.records(t, "event"), "\n")
	if !strings.Contains(events, `"reason":"`+reason+`"`) || strings.Contains(events, `"decision":"permit"`) {
		t.Errorf("the ledger says %s", events)
	}
	if got := v.Received(); len(got) > 0 || v.Accepted() > 0 {
		t.Errorf("the vendor received %q", got)
	}
}

func TestLawSegmentEventWithoutConsentObject(t *testing.T) {
	nowhere(t, post("/t/segment/v1/t", "Content-Type: application/json\r\n", track), "no_consent")
}

func TestLawSegmentDestinationNotMapped(t *testing.T) {
	nowhere(t, post("/t/amplitude/2/httpapi", yes+"Content-Type: application/json\r\n",
		`{"api_key":"k","events":[{"event_type":"x","device_id":"d"}]}`), "no_activity")
}

func TestLawRudderStackUnparsable(t *testing.T) {
	for _, choice := range []string{"", "maybe", "%00", "[]", "YES", "true", "no, yes"} {
		nowhere(t, get(pageView, "Cookie: choice="+choice+"; x=choice=yes\r\n"), "no_consent")
	}
}

// What is allowed is read as well as what is denied, and what is not on the list of allowed ones is not allowed.
func TestLawRudderStackAllowedConsentIDs(t *testing.T) {
	signals := map[string]string{"tagwarden.yaml": strings.Replace(shopFiles["tagwarden.yaml"], "consent_mode: {}",
		"consent_mode: {}\n      payload: { categories: { a1: analytics } }", 1)}
	event := func(consent string) string {
		return post("/t/segment/v1/t", "Content-Type: application/json\r\n",
			`{"type":"track","event":"x","anonymousId":"a","context":{"consentManagement":`+consent+`}}`)
	}
	v := standIn(t)
	r := start(t, shop(t, v.Addr(), signals))
	for _, consent := range []string{`{}`, `{"allowedConsentIds":[]}`, `{"allowedConsentIds":["a2"]}`,
		`{"deniedConsentIds":[]}`, `{"allowedConsentIds":["a1"],"deniedConsentIds":["a1"]}`,
		`{"allowedConsentIds":"a1;a1"}`} {
		r.ask(t, event(consent))
	}
	if got := v.Received(); len(got) > 0 {
		t.Errorf("the vendor received %s", got)
	}
	r.ask(t, event(`{"allowedConsentIds":["a1"],"deniedConsentIds":["a3"]}`))
	if len(v.Received()) == 0 {
		t.Error("what is allowed was not forwarded")
	}
}

// The settings that make a page load scripts of further vendors are a question like any other: without a yes the SDK
// gets neutral ones, which name nobody else.
func TestLawSegmentDeviceMode(t *testing.T) {
	v := standIn(t)
	v.Answer("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 40\r\n\r\n" +
		`{"integrations":{"Facebook Pixel":{}}}  `)
	r := start(t, shop(t, v.Addr(), nil))
	a := r.ask(t, get("/t/segment/v1/projects/key/settings", ""))
	if a.Status != 200 || strings.Contains(string(a.Raw), "Facebook") || !strings.Contains(string(a.Raw),
		`"integrations":{"Segment.io":{}}`) || len(v.Received()) > 0 {
		t.Errorf("the SDK was told\n%s", a.Raw)
	}
}

// Every address at which the vendor takes events is one that is judged: there is no second way in.
func TestLawTealiumConnectors(t *testing.T) {
	v := standIn(t)
	r := start(t, shop(t, v.Addr(), nil))
	for _, hit := range []string{
		post("/t/segment/v1/t", "Content-Type: application/json\r\n", track),
		post("/t/segment/v1/track", "Content-Type: application/json\r\n", track),
		post("/t/segment/v1/batch", "Content-Type: application/json\r\n", `{"batch":[`+track+`]}`),
		post("/t/segment/v1/import", "Content-Type: application/json\r\n", `{"batch":[`+track+`]}`),
		post("/t/segment/v2/anything", "Content-Type: application/json\r\n", track),
	} {
		r.ask(t, hit)
	}
	if got := v.Received(); len(got) > 0 {
		t.Errorf("the vendor received %s", got)
	}
}

// The store of objections cannot be asked: nobody is taken for one who did not object.
func TestLawRudderStackSuppressionStoreError(t *testing.T) {
	nowhere(t, get(pageView, yes), "failed", func(o *proxy.Options) {
		o.Objections = objections(func([16]byte) (rules.Objections, error) {
			return rules.Objections{}, errors.New("still restoring")
		})
	})
}

// A tool without a purpose does not load here; an event that no activity names goes nowhere.
func TestLawZarazToolWithoutAPurpose(t *testing.T) {
	nowhere(t, get(strings.Replace(pageView, "page_view", "scroll", 1), yes), "no_activity")
}

// A visit's grant is that visit's: the next hit, without one, goes nowhere.
func TestLawZarazPreviousVisitsGrant(t *testing.T) {
	v := standIn(t)
	r := start(t, shop(t, v.Addr(), nil))
	r.ask(t, get(pageView, yes))
	r.ask(t, get(pageView, ""))
	r.ask(t, get(pageView, "Cookie: choice=no\r\n"))
	if n := len(v.Requests()); n != 1 {
		t.Errorf("%d of 3 hits were forwarded", n)
	}
}

// gcs and gcd were lost on the way: nothing is read into that.
func TestLawSGTMConsentModeLost(t *testing.T) {
	nowhere(t, get(pageView, ""), "no_consent")
	nowhere(t, get(pageView+"&gcs=", ""), "no_consent")
	nowhere(t, get(pageView+"&gcs=G1&gcd=1", ""), "no_consent")
}

func TestLawWalkerOSDestinationWithoutConsentKey(t *testing.T) {
	nowhere(t, post("/t/amplitude/2/httpapi", "Content-Type: application/json\r\n",
		`{"api_key":"k","events":[{"event_type":"x","device_id":"d"}]}`), "no_activity")
}

// Two purposes are asked for, and one is granted: that is not enough for the activity that needs both.
func TestLawWalkerOSOneGrantIsEnough(t *testing.T) {
	nowhere(t, get(strings.Replace(pageView, "page_view", "purchase", 1), yes), "no_consent")
}

// What was denied is not kept for a later grant.
func TestLawWalkerOSDeniedEventsStayQueued(t *testing.T) {
	v := standIn(t)
	r := start(t, shop(t, v.Addr(), nil))
	r.ask(t, post("/t/segment/v1/t", "Content-Type: application/json\r\n", track))
	r.ask(t, post("/t/segment/v1/t", yes+"Content-Type: application/json\r\n",
		strings.Replace(track, "Order Completed", "Later", 1)))
	if got := string(v.Received()); strings.Contains(got, "Order Completed") || !strings.Contains(got, "Later") {
		t.Errorf("the vendor received %s", got)
	}
}

// No cookie is set where there is no consent, nor where there is.
func TestLawJENTISUserIDCookie(t *testing.T) {
	v := standIn(t)
	v.Answer("HTTP/1.1 200 OK\r\nSet-Cookie: uid=1\r\nContent-Length: 0\r\n\r\n")
	r := start(t, shop(t, v.Addr(), nil))
	for _, choice := range []string{"", yes, "Cookie: choice=no\r\n"} {
		if a := r.ask(t, get(pageView, choice)); a.Header.Get("Set-Cookie") != "" {
			t.Errorf("%q: Set-Cookie: %s", choice, a.Header.Get("Set-Cookie"))
		}
	}
}

// The opt-out cookie is looked for on every hit that the site's signals name Matomo for: no list of
// cookies to be let through can leave it out.
func TestLawMatomoProxyIgnoreCookie(t *testing.T) {
	v := standIn(t)
	r := start(t, shop(t, v.Addr(), matomoSignals))
	r.ask(t, get("/t/matomo.php?idsite=1&rec=1&action_name=Home", yes+"Cookie: matomo_ignore=ignore%3D%2A\r\n"))
	if got := v.Received(); len(got) > 0 {
		t.Errorf("the vendor received %s", got)
	}
	r.ask(t, get("/t/matomo.php?idsite=1&rec=1&action_name=Home", yes))
	if len(v.Received()) == 0 {
		t.Error("without that cookie it was not forwarded either")
	}
	if got := r.records(t, "event"); len(got) != 2 || !strings.Contains(got[0], `"decision":"deny","reason":"objection"`) {
		t.Errorf("the ledger says %s", got)
	}
}

var matomoSignals = map[string]string{"tagwarden.yaml": strings.Replace(shopFiles["tagwarden.yaml"], "consent_mode: {}",
	"consent_mode: {}\n      matomo: {}", 1)}

// The vendor refuses: it is passed on as it is, and the outcome is recorded.
func TestLawMatomoProxyRefused(t *testing.T) {
	v := standIn(t)
	v.Answer("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
	r := start(t, shop(t, v.Addr(), nil))
	if a := r.ask(t, get("/t/matomo.php?idsite=1&rec=1&action_name=Home", yes)); a.Status != 403 {
		t.Errorf("the SDK was told\n%s", a.Raw)
	}
	if got := r.figure(t, `tagwarden_deliveries_total{outcome="dropped",vendor="matomo"}`); got != "1" {
		t.Errorf("%s counted", got)
	}
	if got := strings.Join(r.records(t, "outcome"), ""); !strings.Contains(
		got, `"outcome":"dropped","why":"refused","status":403`) {
		t.Errorf("the ledger says %s", got)
	}
}

// The vendor took nothing of the batch and answers 200 all the same: that is no success, here or
// for the SDK, which may send it again.
func TestLawMatomoProxySilentLoss(t *testing.T) {
	const bulk = `{"requests":["?idsite=1&rec=1&action_name=Home","?idsite=1&rec=1&action_name=Shop"]}`
	for _, test := range []struct {
		tracked, why, outcome string
		status                int
	}{{"0", "none_taken", "dropped", 502}, {"1", "some_taken", "delivered", 200}, {"2", "ok", "delivered", 200}} {
		v := standIn(t)
		body := `{"status":"success","tracked":` + test.tracked + `,"invalid":0}`
		v.Answer(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
			len(body), body))
		r := start(t, shop(t, v.Addr(), nil))
		if a := r.ask(t, post("/t/matomo.php", yes+"Content-Type: application/json\r\n", bulk)); a.Status != test.status {
			t.Errorf("%s: the SDK was told\n%s", test.tracked, a.Raw)
		}
		want := `"outcome":"` + test.outcome + `","why":"` + test.why + `","status":200`
		if test.why == "ok" {
			want = `"events":[0,1],"outcome":"delivered","salt"`
		}
		if got := strings.Join(r.records(t, "outcome"), ""); !strings.Contains(got, want) {
			t.Errorf("%s: the ledger says %s", test.tracked, got)
		}
	}
}

// What a rule keeps is scrubbed all the same.
func TestLawOTelAllowedValuesPass(t *testing.T) {
	v := standIn(t)
	r := start(t, shop(t, v.Addr(), nil))
	r.ask(t, get(pageView+"&dt=Orders%20of%20jane.doe%40example.com", yes))
	got, err := curious.Read(string(v.Received()))
	if err != nil {
		t.Fatal(err)
	}
	if around, found := got.Find("jane"); found || !got.Holds("Orders") {
		t.Errorf("the vendor received %s %s", v.Received(), around)
	}
}

// The purpose names no category of the banner: nobody can have agreed to it.
func TestLawTealiumConsentCategoriesAbsent(t *testing.T) {
	v := standIn(t)
	r := start(t, shop(t, v.Addr(), map[string]string{"policy/purposes.yaml": strings.Replace(
		shopFiles["policy/purposes.yaml"], "title: Measure the audience of our pages, categories: [analytics]",
		"title: Measure the audience of our pages", 1) +
		"  other: { title: Find pages that fail, categories: [analytics] }\n"}))
	r.ask(t, get(pageView, yes))
	if got := strings.Join(r.records(t, "event"), ""); !strings.Contains(got, `"reason":"no_consent"`) ||
		len(v.Received()) > 0 {
		t.Errorf("the ledger says %s", got)
	}
}

// No rule says that events of that name are forwarded: none is.
func TestLawMParticleNoForwardingRule(t *testing.T) {
	nowhere(t, get(strings.Replace(pageView, "page_view", "sign_up", 1), yes), "no_activity")
}
