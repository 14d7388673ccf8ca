package proxy_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/rules"
)

// How other products behave when they do not know (reference/law.md), row by row, and that it is the other way round here.

const track = `{"type":"track","event":"Order Completed","anonymousId":"a-1"}`

// nowhere sends a hit and checks that nothing of it was forwarded, that the SDK got an answer it is content with, and that the ledger says why.
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
	nowhere(t, post("/t/amplitude/2/httpapi", yes+"Content-Type: application/json\r\n", `{"api_key":"k","events":[{"event_type":"x","device_id":"d"}]}`), "no_activity")
}

func TestLawRudderStackUnparsable(t *testing.T) {
	for _, choice := range []string{"", "maybe", "%00", "[]", "YES", "true", "no, yes"} {
		nowhere(t, get(pageView, "Cookie: choice="+choice+"; x=choice=yes\r\n"), "no_consent")
	}
}

// The store of objections cannot be asked: nobody is taken for one who did not object.
func TestLawRudderStackSuppressionStoreError(t *testing.T) {
	nowhere(t, get(pageView, yes), "failed", func(o *proxy.Options) {
		o.Objections = objections(func([16]byte) (rules.Objections, error) { return rules.Objections{}, errors.New("still restoring") })
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
	nowhere(t, post("/t/amplitude/2/httpapi", "Content-Type: application/json\r\n", `{"api_key":"k","events":[{"event_type":"x","device_id":"d"}]}`), "no_activity")
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
	r.ask(t, post("/t/segment/v1/t", yes+"Content-Type: application/json\r\n", strings.Replace(track, "Order Completed", "Later", 1)))
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

// The visitor's refusal is a cookie that nobody has to put on a list of cookies to be let through.
func TestLawMatomoProxyIgnoreCookie(t *testing.T) {
	nowhere(t, get("/t/matomo.php?idsite=1&rec=1&action_name=Home&_id=0123456789abcdef", "Cookie: mtm_consent_removed=1; choice=no\r\n"), "consent_refused")
}

// The vendor took nothing of the batch, and says so in its answer: it is passed on as it is, and the outcome is recorded.
func TestLawMatomoProxySilentLoss(t *testing.T) {
	v := standIn(t)
	v.Answer("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
	r := start(t, shop(t, v.Addr(), nil))
	if a := r.ask(t, get("/t/matomo.php?idsite=1&rec=1&action_name=Home", yes)); a.Status != 403 {
		t.Errorf("the SDK was told\n%s", a.Raw)
	}
	if got := r.figure(t, `tagwarden_deliveries_total{outcome="dropped",vendor="matomo"}`); got != "1" {
		t.Errorf("%s counted", got)
	}
	if got := strings.Join(r.records(t, "outcome"), ""); !strings.Contains(got, `"outcome":"dropped","why":"refused","status":403`) {
		t.Errorf("the ledger says %s", got)
	}
}

// What a rule keeps is scrubbed all the same.
func TestLawOTelAllowedValuesPass(t *testing.T) {
	v := standIn(t)
	r := start(t, shop(t, v.Addr(), nil))
	r.ask(t, get(pageView+"&dt=Orders%20of%20jane.doe%40example.com", yes))
	if got := string(v.Received()); strings.Contains(got, "jane") || !strings.Contains(got, "Orders") {
		t.Errorf("the vendor received %s", got)
	}
}

// The purpose names no category of the banner: nobody can have agreed to it.
func TestLawTealiumConsentCategoriesAbsent(t *testing.T) {
	v := standIn(t)
	r := start(t, shop(t, v.Addr(), map[string]string{"policy/purposes.yaml": strings.Replace(shopFiles["policy/purposes.yaml"], "title: Measure the audience of our pages, categories: [analytics]", "title: Measure the audience of our pages", 1) +
		"  other: { title: Find pages that fail, categories: [analytics] }\n"}))
	r.ask(t, get(pageView, yes))
	if got := strings.Join(r.records(t, "event"), ""); !strings.Contains(got, `"reason":"no_consent"`) || len(v.Received()) > 0 {
		t.Errorf("the ledger says %s", got)
	}
}

// No rule says that events of that name are forwarded: none is.
func TestLawMParticleNoForwardingRule(t *testing.T) {
	nowhere(t, get(strings.Replace(pageView, "page_view", "sign_up", 1), yes), "no_activity")
}
