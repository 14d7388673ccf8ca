package proxy_test

import (
	"fmt"
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
  - { id: ads-consent, vendor: segment, purposes: [ads], basis: consent, profile: standard, events: ["*"] }
  - { id: ads-opt-out, vendor: segment, purposes: [ads], basis: opt_out, profile: standard, events: ["*"], regions: [US] }
  - { id: audience, vendor: ga4, purposes: [audience], basis: opt_out, profile: standard, events: ["*"], regions: [US] }
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
		"category: analytics, granted", "category: marketing, date: at, granted",
	).Replace(string(text))
	server = strings.Replace(server, "date: at, ", "", 1)
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
	if a := r.send(t, post("/t/v1/track", "X-Forwarded-For: 203.0.113.7\r\nContent-Type: application/json\r\n"+headers, body+"}")); a.status != 200 {
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

// TestAnOptOutIsKept: who sent Global Privacy Control once, from where it is to be kept, is opted out in later hits that
// do not carry it: the browser, and the person where one is named. Not elsewhere, not for others, and no longer once it
// is taken back.
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
	a := r.send(t, get(pageView+"&_dbg=1", "X-Forwarded-For: 203.0.113.7\r\nCookie: ajs_anonymous_id="+device(1)+"\r\n"+inCalifornia))
	if a.status != 204 && a.status != 200 {
		t.Errorf("%+v", a)
	}

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
		TakeBack: []string{objection.KeptOptOut}, Holder: objection.Holder{Kind: objection.Kept}, Source: objection.PreferenceCentre,
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

// withFastKeeper has what is kept be looked at by a ticker of the test's.
func withHand(h *hand) func(*proxy.Options) {
	return func(o *proxy.Options) {
		h.option(o)
		o.Every = func(d time.Duration) (<-chan time.Time, func()) {
			if d != time.Second/4 {
				return nil, func() {}
			}
			return h.tick, func() {}
		}
	}
}
