package proxy_test

import (
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/objection"
)

// adsPolicy shares what visitors look at: with consent, and in the United States until they opt out.
const adsPolicy = `
-- purposes.yaml --
purposes:
  ads:
    title: Show people our products on other sites
    categories: [marketing]
    gpc: ignore
    us: [sale, sharing]
  audience: { title: Measure the audience of our pages, categories: [analytics], gpc: ignore }
-- activities.yaml --
activities:
  - { id: ads-consent, vendor: segment, purposes: [ads], basis: consent, retention: 14 months, profile: standard, events: ["*"] }
  - { id: ads-opt-out, vendor: segment, purposes: [ads], basis: opt_out, retention: 14 months, profile: standard, events: ["*"], regions: [US] }
  - { id: audience, vendor: ga4, purposes: [audience], basis: opt_out, retention: 14 months, profile: standard, events: ["*"], regions: [US] }
-- profiles.yaml --
profiles:
  standard:
    classes: { event_name: keep, client_id: { pseudonymise: { rotate: day } }, url: url }
`

// adsFolder is a configuration with that policy, whose visitors' region a header tells.
func adsFolder(t testing.TB, upstream string) string {
	t.Helper()
	file := folder(t, upstream)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	server := strings.NewReplacer(
		"trusted_proxies: [10.0.0.0/8]", "trusted_proxies: [127.0.0.0/8]",
		"region: { default: EU }", "region: { header: CF-IPCountry, subdivision: CF-Region-Code }",
		"category: analytics, granted", "category: marketing, granted",
		"      gpc: {}\n", "      gpc: {}\n      cookieconsent: { categories: { ads: marketing } }\n",
	).Replace(string(text))
	write(t, file, server)
	writePolicy(t, strings.TrimSuffix(file, "/tagwarden.yaml"), adsPolicy)
	return file
}

// Where a hit comes from, and what its browser says.
const (
	inCalifornia = "CF-IPCountry: US\r\nCF-Region-Code: CA\r\n"
	inVirginia   = "CF-IPCountry: US\r\nCF-Region-Code: VA\r\n"
	inGermany    = "CF-IPCountry: DE\r\n"
	somewhere    = "CF-IPCountry: US\r\n"
	optsOut      = "Sec-GPC: 1\r\n"
)

// arrived tells whether an event of a browser arrives, with headers. What is empty is not named.
func (r *running) arrived(t testing.TB, v *vendor, user, browser, headers string) bool {
	t.Helper()
	before := len(v.got())
	body := `{"type":"track","event":"Viewed","messageId":"m","writeKey":"KEY"`
	if user != "" {
		body += fmt.Sprintf(`,"userId":%q`, user)
	}
	if browser != "" {
		body += fmt.Sprintf(`,"anonymousId":%q`, browser)
	}
	const from = "X-Forwarded-For: 203.0.113.7\r\nContent-Type: application/json\r\n"
	if a := r.send(t, post("/t/v1/track", from+headers, body+"}")); a.status != 200 {
		t.Fatalf("%+v", a)
	}
	return len(v.got()) > before
}

// kept tells whether an opt-out is kept for an identifier.
func (r *running) kept(t testing.TB, name, value string) bool {
	t.Helper()
	scopes, err := r.Standing([]objection.ID{{Name: name, Value: value}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Contains(strings.Join(scopes, " "), objection.KeptOptOut)
}

// keptSoon waits until an opt-out is kept for an identifier.
func (r *running) keptSoon(t *testing.T, name, value string) {
	t.Helper()
	until(t, "it is kept", func() bool { return r.kept(t, name, value) })
}

func arrivesIs(t testing.TB, what string, got, want bool) {
	t.Helper()
	if got != want {
		t.Errorf("%s: arrived is %v, want %v", what, got, want)
	}
}

// TestAnOptOutIsKept: who sent Global Privacy Control once, from where it is to be kept, is opted out in later hits
// that do not carry it: the browser, and the person where one is named. Not elsewhere, not for
// others, and no longer once it is taken back.
func TestAnOptOutIsKept(t *testing.T) {
	t.Parallel()
	v := startVendor(t)
	r := start(t, adsFolder(t, v.URL))
	arrivesIs(t, "before", r.arrived(t, v, "u-1", device(1), inCalifornia), true)
	arrivesIs(t, "with the signal", r.arrived(t, v, "u-1", device(1), inCalifornia+optsOut), false)
	r.keptSoon(t, "client_id:segment", device(1))
	r.keptSoon(t, "user_id", "u-1")

	arrivesIs(t, "later, without it", r.arrived(t, v, "", device(1), inCalifornia), false)
	arrivesIs(t, "the person elsewhere", r.arrived(t, v, "u-1", device(2), inCalifornia), false)
	arrivesIs(t, "another browser", r.arrived(t, v, "", device(2), inCalifornia), true)
	arrivesIs(t, "where the law asks for no signal", r.arrived(t, v, "", device(1), inVirginia), true)
	arrivesIs(t, "where the state is unknown", r.arrived(t, v, "", device(1), somewhere), true)
	arrivesIs(t, "on consent without a date", r.arrived(t, v, "", device(1), inCalifornia+marketing), false)
	arrivesIs(t, "on consent where it is not kept", r.arrived(t, v, "", device(1), inGermany+marketing), true)
	before := len(v.got())
	r.send(t, get(pageView, "Cookie: ajs_anonymous_id="+device(1)+"\r\n"+inCalifornia))
	arrivesIs(t, "for what is neither sold nor shared", len(v.got()) > before, true)

	crashed := start(t, copied(t, r.file))
	arrivesIs(t, "after a crash", crashed.arrived(t, v, "", device(1), inCalifornia), false)
	if err := r.stop(t); err != nil {
		t.Fatal(err)
	}
	var record gjson.Result
	for line := range strings.Lines(r.ledger(t)) {
		if gjson.Get(line, "kind").String() == "kept_opt_out" {
			record = gjson.Parse(line)
		}
	}
	if record.Get("source").String() != "kept_opt_out" || record.Get("site").String() != "shop" ||
		record.Get("subjects.#").Int() == 0 || record.Get("scopes.0").String() != "kept_opt_out" {
		t.Errorf("the ledger says %s", record)
	}

	r = start(t, r.file)
	arrivesIs(t, "after a restart", r.arrived(t, v, "", device(1), inCalifornia), false)
	r.does(t, takenBack, user("u-1"))
	arrivesIs(t, "the person, after it was taken back", r.arrived(t, v, "u-1", device(2), inCalifornia), true)
	arrivesIs(t, "the browser, which it was not for", r.arrived(t, v, "", device(1), inCalifornia), false)
	r.does(t, objection.Change{
		TakeBack: []string{objection.KeptOptOut}, Holder: objection.Holder{Kind: objection.Kept},
		Source: objection.PreferenceCentre,
	}, objection.ID{Name: "client_id:segment", Value: device(1)})
	arrivesIs(t, "the browser, after that", r.arrived(t, v, "", device(1), inCalifornia), true)
	arrivesIs(t, "with the signal again", r.arrived(t, v, "", device(1), inCalifornia+optsOut), false)
	r.keptSoon(t, "client_id:segment", device(1))
}

// marketing is a consent without a date.
const marketing = `Cookie: site_consent=%7B%22analytics%22%3A%22yes%22%7D` + "\r\n"

// TestWhatIsNotKept: a signal is kept only where the law asks for it and the region is known, where it can be read, and
// for identifiers that nobody else has.
func TestWhatIsNotKept(t *testing.T) {
	t.Parallel()
	v := startVendor(t)
	r := start(t, adsFolder(t, v.URL))
	for i, headers := range []string{
		inVirginia + optsOut, inGermany + optsOut, somewhere + optsOut, optsOut,
		inCalifornia + "Sec-GPC: 0\r\n", inCalifornia + "Sec-GPC: \r\n", inCalifornia + "Sec-GPC: yes\r\n",
	} {
		r.arrived(t, v, fmt.Sprintf("u-%d", i), device(i), headers)
	}
	arrivesIs(t, "with what cannot be read", r.arrived(t, v, "", device(90), inCalifornia+"Sec-GPC: yes\r\n"), false)
	arrivesIs(t, "with 0", r.arrived(t, v, "", device(91), inCalifornia+"Sec-GPC: 0\r\n"), true)
	r.arrived(t, v, "undefined", "jane", inCalifornia+optsOut) // neither is anybody's
	r.arrived(t, v, "", device(99), inCalifornia+"Sec-GPC: 1, 1\r\n")
	r.keptSoon(t, "client_id:segment", device(99))
	if err := r.stop(t); err != nil {
		t.Fatal(err)
	}
	r = start(t, r.file)
	for i := range 7 {
		if r.kept(t, "client_id:segment", device(i)) || r.kept(t, "user_id", fmt.Sprintf("u-%d", i)) {
			t.Errorf("%d: it is kept", i)
		}
	}
	if r.kept(t, "client_id:segment", "jane") || r.kept(t, "client_id:segment", device(90)) {
		t.Error("what is no browser's, or could not be read, is kept")
	}
}

// chosen is a consent of that time, by a platform that dates its cookies.
func chosen(at time.Time) string {
	return fmt.Sprintf("Cookie: cc_cookie=%s\r\n", url.QueryEscape(fmt.Sprintf(
		`{"categories":["ads"],"revision":0,"consentTimestamp":%q}`, at.UTC().Format("2006-01-02T15:04:05.000Z"))))
}

// keeperHand turns a clock, and the ticker of what is kept.
func keeperHand() (*hand, func(*proxy.Options)) {
	h := newHand()
	return h, func(o *proxy.Options) {
		h.option(o)
		o.Every = func(d time.Duration) (<-chan time.Time, func()) {
			if d != time.Second/4 { // of something else
				return nil, func() {}
			}
			return h.tick, func() {}
		}
	}
}

// TestAYoungerConsentLifts: who consents after the opt-out was kept, though the browser goes on to send the signal, is
// not held to it; who did before, is.
func TestAYoungerConsentLifts(t *testing.T) {
	t.Parallel()
	v := startVendor(t)
	hand, option := keeperHand()
	r := start(t, adsFolder(t, v.URL), option)
	now := func() time.Time { return time.Unix(0, hand.now.Load()) }
	before := now().Add(-time.Hour)
	arrivesIs(t, "on consent, before", r.arrived(t, v, "", device(1), inCalifornia+chosen(before)), true)
	arrivesIs(t, "with the signal", r.arrived(t, v, "", device(1), inCalifornia+optsOut), false)
	r.keptSoon(t, "client_id:segment", device(1))
	hand.turn(time.Hour)
	arrivesIs(t, "on the older consent", r.arrived(t, v, "", device(1), inCalifornia+chosen(before)), false)
	younger := now().Add(-time.Minute)
	arrivesIs(t, "on a younger one", r.arrived(t, v, "", device(1), inCalifornia+chosen(younger)), true)
	arrivesIs(t, "with the signal still", r.arrived(t, v, "", device(1), inCalifornia+optsOut+chosen(younger)), true)
	hand.turn(48 * time.Hour)
	arrivesIs(t, "seen again on another day", r.arrived(t, v, "", device(1), inCalifornia+optsOut+chosen(younger)), true)
	hand.turn(time.Second)
	arrivesIs(t, "it is kept since the first day", r.arrived(t, v, "", device(1), inCalifornia+chosen(younger)), true)
}

// TestMadeUpIDsWithTheSignal: a flood of them costs a bounded list and no hit: each is answered, at most a group a
// second of a network is written, what does not fit is counted, and others are kept in their turn.
func TestMadeUpIDsWithTheSignal(t *testing.T) {
	t.Parallel()
	v := startVendor(t)
	hand, option := keeperHand()
	r := start(t, adsFolder(t, v.URL), option)
	batch := func(n int) string {
		var all []string
		for i := range 100 {
			const event = `{"type":"track","event":"Viewed","messageId":"m-%d","anonymousId":%q}`
			all = append(all, fmt.Sprintf(event, i, device(n*100+i)))
		}
		return post("/t/v1/batch", "X-Forwarded-For: 203.0.113.66\r\nContent-Type: application/json\r\n"+inCalifornia+optsOut,
			`{"writeKey":"KEY","batch":[`+strings.Join(all, ",")+`],"sentAt":"2026-11-28T12:00:00Z"}`)
	}
	for n := range 110 {
		if a := r.send(t, batch(n)); a.status != 200 {
			t.Fatalf("%d: %+v", n, a)
		}
	}
	if got := v.got(); len(got) > 0 {
		t.Errorf("%d arrived", len(got))
	}
	const counted = `tagwarden_opt_outs_kept_total{outcome="`
	written := func() (n int) {
		_, text := r.get(t, "/metrics")
		_, rest, _ := strings.Cut(text, counted+`written"} `)
		_, _ = fmt.Sscan(rest, &n)
		return n
	}
	until(t, "a group is written, and the list is full", func() bool {
		_, text := r.get(t, "/metrics")
		return written() > 0 && strings.Contains(text, counted+`full"}`)
	})
	first := written() // as many as were noted when the group was begun
	hand.turn(time.Second)
	until(t, "another group is written", func() bool { return written() > first })
	if second := written(); first > 100 || second > first+100 {
		t.Errorf("groups of %d and %d", first, second-first)
	}
	const elsewhere = "X-Forwarded-For: 198.51.100.1\r\nContent-Type: application/json\r\n"
	other := `{"type":"track","event":"Viewed","messageId":"m","writeKey":"KEY","anonymousId":"` + device(77777) + `"}`
	if a := r.send(t, post("/t/v1/track", elsewhere+inCalifornia+optsOut, other)); a.status != 200 {
		t.Fatalf("%+v", a)
	}
	r.keptSoon(t, "client_id:segment", device(77777))
}

// TestKeptIsTakenBackInTheCentre: by a browser that does not send the signal, for the ids that it shows.
func TestKeptIsTakenBackInTheCentre(t *testing.T) {
	t.Parallel()
	v := startVendor(t)
	r := start(t, adsFolder(t, v.URL))
	r.arrived(t, v, "", device(1), inCalifornia+optsOut)
	r.keptSoon(t, "client_id:segment", device(1))
	cookie := "Cookie: ajs_anonymous_id=" + device(1) + "\r\n"
	centre := func(headers string) string {
		t.Helper()
		a := r.send(t, get("/t/privacy/?lang=en", cookie+headers))
		if a.status != 200 {
			t.Fatalf("%+v", a)
		}
		return a.body
	}
	const honored = "Opt-Out Request Honored"
	if page := centre(inCalifornia + optsOut); !strings.Contains(page, honored) ||
		!strings.Contains(page, "The opt-out is kept") || strings.Contains(page, "No objection is in force") {
		t.Error(page)
	}
	if page := centre(inGermany + optsOut); strings.Contains(page, honored) || strings.Contains(page, "does not read it") {
		t.Error(page)
	}
	if a := r.send(t, get("/t/.well-known/gpc.json", "")); !strings.HasPrefix(a.body, `{"gpc":true,`) {
		t.Error(a.body)
	}
	if a := r.send(t, get("/t/privacy/gpc", cookie+inCalifornia+optsOut)); !strings.Contains(a.body,
		`"honored":true,"kept":true,"purposes":["ads"]`) {
		t.Error(a.body)
	}
	const form = "Origin: https://shop.example\r\nSec-Fetch-Site: same-origin\r\n" +
		"Content-Type: application/x-www-form-urlencoded\r\n"
	r.send(t, post("/t/privacy/?lang=en", form+cookie+inCalifornia+optsOut, "do=kept"))
	if !r.kept(t, "client_id:segment", device(1)) {
		t.Error("it was taken back while the signal is sent")
	}
	if page := centre(inCalifornia); !strings.Contains(page, `value="kept"`) {
		t.Error(page)
	}
	a := r.send(t, post("/t/privacy/?lang=en", form+cookie+inCalifornia, "do=kept"))
	if a.status != 303 || !strings.Contains(a.headers.Get("Location"), "done=kept") {
		t.Errorf("%+v", a)
	}
	arrivesIs(t, "after that", r.arrived(t, v, "", device(1), inCalifornia), true)
	if got := r.recordsOf(t, "withdrawal"); len(got) != 1 || gjson.Get(got[0], "act").Str != "kept_opt_out" ||
		gjson.Get(got[0], "source").Str != "preference_centre" {
		t.Errorf("the ledger has %v", got)
	}
}
