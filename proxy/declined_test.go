package proxy_test

import (
	"strings"
	"testing"
)

// TestANoInCaliforniaIsAnOptOut: whoever clicked no in the banner is not sent to Meta, though the law there would let
// it go on until an opt-out; who made no choice is.
func TestANoInCaliforniaIsAnOptOut(t *testing.T) {
	v := standIn(t)
	r := start(t, shop(t, v.Addr(), map[string]string{
		"tagwarden.yaml": `version: 1
listen: 127.0.0.1:0
admin: { listen: 127.0.0.1:0 }
trusted_proxies: [127.0.0.0/8]
sites:
  shop:
    hosts: [shop.example]
    region: { header: CF-IPCountry, subdivision: CF-Region-Code }
    signals:
      gpc: {}
      own: [{ cookie: choice, category: marketing, granted: ["yes"], refused: ["no"] }]
      consent_mode: {}
      onetrust: {}
vendors:
  meta: { catalog: meta_pixel, upstream: "http://VENDOR", private: true }
`,
		"policy/activities.yaml": "activities:\n" +
			"  - { id: shared, vendor: meta, purposes: [offers], basis: opt_out, regions: [US], profile: small, " +
			"events: [\"*\"] }\n",
		"policy/purposes.yaml": "purposes:\n" +
			"  offers: { title: Show people our products that they looked at, categories: [marketing], us: [sale, sharing] }\n",
		"policy/profiles.yaml": "profiles:\n  small: { classes: { event_name: keep, url: url } }\n",
	}))
	hit := func(headers string) string {
		return get("/tr/?id=255813999377376&ev=PageView&dl=https%3A%2F%2Fshop.example%2F",
			"CF-IPCountry: US\r\nCF-Region-Code: CA\r\n"+headers)
	}
	for _, said := range []string{
		"Cookie: choice=no\r\n", "Cookie: choice=no; choice=yes\r\n",
		"Cookie: OptanonConsent=groups=C0001:1,C0004:0; OptanonAlertBoxClosed=2026-04-10T17:48:20.000Z\r\n", "Sec-GPC: 1\r\n",
	} {
		r.ask(t, hit(said))
		if got := v.Received(); len(got) > 0 {
			t.Errorf("%q: the vendor received %q", said, got)
		}
	}
	for _, said := range []string{"", "Cookie: choice=yes\r\n", "Cookie: OptanonConsent=groups=C0001:1,C0004:0\r\n"} {
		before := len(v.Requests())
		r.ask(t, hit(said))
		if after := len(v.Requests()); after != before+1 {
			t.Errorf("%q: the vendor received %d hits", said, after-before)
		}
	}
	events := strings.Join(r.records(t, "event"), "\n")
	denied, permitted := strings.Count(events, `"reason":"opted_out"`), strings.Count(events, `"decision":"permit"`)
	if denied != 4 || permitted != 3 {
		t.Errorf("%d opted out, %d permitted:\n%s", denied, permitted, events)
	}
}

// TestANoEndsALegitimateInterest: whoever refused statistics in the banner is not counted on an assessment either; who
// made no choice yet is, and so is somebody whose banner wrote its defaults down.
func TestANoEndsALegitimateInterest(t *testing.T) {
	a := newAssessed(t, "")
	a.replace(t, "tagwarden.yaml", "      consent_mode: {}\n", "      onetrust: {}\n")
	r := start(t, a.file)
	for _, c := range []struct {
		cookie string
		leaves int
	}{
		{"", 1}, {"choice=no", 0}, {"choice=yes", 1}, {"choice=maybe", 1},
		{"OptanonConsent=groups=C0001:1,C0002:0", 1},
		{"OptanonConsent=groups=C0001:1,C0002:0; OptanonAlertBoxClosed=2026-04-10T17:48:20.000Z", 0},
		{"OptanonConsent=groups=C0001:1,C0002:1; OptanonAlertBoxClosed=2026-04-10T17:48:20.000Z", 1},
	} {
		before := len(a.vendor.Requests())
		r.ask(t, get("/t/matomo.php?idsite=1&rec=1&action_name=Shop", "Cookie: "+c.cookie+"\r\n"))
		if got := len(a.vendor.Requests()) - before; got != c.leaves {
			t.Errorf("%q: %d hits reached the vendor, want %d", c.cookie, got, c.leaves)
		}
	}
	if events := strings.Join(r.records(t, "event"), "\n"); strings.Count(events, `"reason":"consent_refused"`) != 2 {
		t.Errorf("the ledger says %s", events)
	}
}
