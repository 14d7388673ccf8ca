package rules_test

import (
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/catalog"
)

// consentObjects is a vendor of a site's own with mParticle's consent state.
const consentObjects = `
id: particles
name: Particles
hosts: { api: "https://particles.example" }
event: [{ field: e }]
fields:
  e: { class: event_name, required: true }
  "consent_state.gdpr.*.*": { class: consent_signal, signal: mparticle_consent }
endpoints:
  - { id: collect, methods: [POST], path: /c, body: [json], events: [body], answer: { status: 204 } }
`

// TestAConsentObjectSaysNoMore: the consent object of an event says of no category more than what the event travels on,
// for vendors send events on to others by it. A no stays, and so does what nobody chooses.
func TestAConsentObjectSaysNoMore(t *testing.T) {
	t.Parallel()
	const all = `"necessary":true,"C0001":true,"analytics":true,"C0002":true,"marketing":true,"elsewhere":true,"off":false,"odd":"yes"`
	prefer := `{"categoryPreferences":{` + all + `}}`
	lists := `{"allowedConsentIds":["analytics","marketing","C0001","x"],"deniedConsentIds":["off"],"provider":"oneTrust"}`
	const preferences = "context.consent.categoryPreferences"
	const necessary = `"necessary":true,"C0001":true,`
	grounds := []struct {
		name   string
		change func(a *rules.DraftActivity)
		object string // what is left of the preferences
		allow  string // and of RudderStack's list
		one    bool   // whether Matomo's yes leaves
	}{
		{"consent to statistics", func(a *rules.DraftActivity) { a.Basis = basis.Consent },
			`{` + necessary + `"analytics":true,"C0002":true,"marketing":false,"elsewhere":false,"off":false}`,
			`["analytics","C0001"]`, true},
		{"consent to advertising", func(a *rules.DraftActivity) { a.Basis, a.Purposes = basis.Consent, []string{"ads"} },
			`{` + necessary + `"analytics":false,"C0002":false,"marketing":true,"elsewhere":false,"off":false}`,
			`["marketing","C0001"]`, false},
		{"consent to both", func(a *rules.DraftActivity) { a.Basis, a.Purposes = basis.Consent, []string{"audience", "ads"} },
			`{` + necessary + `"analytics":true,"C0002":true,"marketing":true,"elsewhere":false,"off":false}`,
			`["analytics","marketing","C0001"]`, true},
		{"a legitimate interest", func(a *rules.DraftActivity) { a.Basis, a.Assessment = basis.LegitimateInterest, "LIA-1" },
			`{` + necessary + `"marketing":false,"elsewhere":false,"off":false}`, `["C0001"]`, false},
		{"a contract", func(a *rules.DraftActivity) { a.Basis = basis.Contract },
			`{` + necessary + `"analytics":false,"C0002":false,"marketing":false,"elsewhere":false,"off":false}`,
			`["C0001"]`, false},
	}
	const mixed = `{` + necessary + `"analytics":false,"C0002":false,"marketing":false,"elsewhere":false,"off":false}`
	particles, err := catalog.Parse([]byte(consentObjects))
	if err != nil {
		t.Fatal(err)
	}
	for _, ground := range grounds {
		d := statedDraft(t, "all", ground.change)
		d.Vendors = append(d.Vendors, rules.DraftVendor{ID: "particles", Catalog: particles, Prefix: "/particles"})
		d.Activities = nil
		for _, vendor := range []string{"segment", "rudderstack", "jitsu", "matomo", "particles"} {
			for i, name := range []string{"view", "law"} {
				a := rules.DraftActivity{
					ID: vendor + name, Vendor: vendor, Purposes: []string{"audience"}, Basis: basis.Contract, Reference: "terms",
					Profile: "all", Events: []string{name, "page_view"}[:2-i],
				}
				if i == 0 {
					ground.change(&a)
				}
				d.Activities = append(d.Activities, a)
			}
		}
		p := compile(t, d)
		in := rules.Inputs{Now: now, Keys: keysOf(p)}
		sent := func(vendor, text string) string {
			t.Helper()
			r := request(t, text, vendor, "Cookie: own=yes", "CF-IPCountry: US")
			r.Address = r.Address.Prev()
			var j rules.Judgement
			if reason := readInto(&j, p, &in, r); reason != rules.Unjudged {
				t.Fatalf("%s: %v", text, reason)
			}
			if reason := rules.Judge(&j, &in); reason != rules.Unjudged || !j.Out.Forward {
				t.Fatalf("%s to %s on %s: %v %v", text, vendor, ground.name, reason, j.Verdicts)
			}
			return string(j.Out.Query) + string(j.Out.Body)
		}
		is := func(what, got, want string) {
			t.Helper()
			if got != want {
				t.Errorf("%s on %s:\n%s, want\n%s", what, ground.name, got, want)
			}
		}
		for _, vendor := range []string{"segment", "rudderstack", "jitsu"} {
			event := func(name, more string) string {
				return `{"type":"track","event":"` + name + `","messageId":"m-1","anonymousId":"a","context":{` + more + `}}`
			}
			post := func(path, body string) string {
				return "POST " + path + " HTTP/1.1\nContent-Type: application/json\n\n" + body
			}
			path := map[bool]string{true: "/api/s/track", false: "/v1/track"}[vendor == "jitsu"]
			one := sent(vendor, post(path, event("view", `"consent":`+prefer)))
			is(vendor, gjson.Get(one, preferences).Raw, ground.object)
			two := sent(vendor, post("/v1/batch", `{"batch":[`+event("view", `"consent":`+prefer)+`,`+event("law", "")+
				`],"context":{"consent":`+prefer+`}}`))
			is(vendor+", in a batch", gjson.Get(two, "batch.0."+preferences).Raw, ground.object)
			is(vendor+", beside a batch", gjson.Get(two, preferences).Raw, mixed)
			if vendor == "rudderstack" {
				list := sent(vendor, post(path, event("view", `"consentManagement":`+lists)))
				is("a list", gjson.Get(list, "context.consentManagement.allowedConsentIds").Raw, ground.allow)
				is("the other list", gjson.Get(list, "context.consentManagement.deniedConsentIds").Raw, `["off"]`)
			}
		}
		state := sent("particles", "POST /c HTTP/1.1\nContent-Type: application/json\n\n"+
			`{"e":"view","consent_state":{"gdpr":{"analytics":{"consented":true,"document":"v1"},"off":{"consented":false}}}}`)
		want := gjson.Get(ground.object, "analytics").Raw
		is("mParticle", gjson.Get(state, "consent_state.gdpr.analytics.consented").Raw, want)
		is("mParticle's no", gjson.Get(state, "consent_state.gdpr.off.consented").Raw, "false")
		matomo := sent("matomo",
			"GET /matomo.php?idsite=1&rec=1&action_name=x&url=https%3A%2F%2Fshop.example%2F&consent=1 HTTP/1.1\n\n")
		if got := strings.Contains(matomo, "consent=1"); got != ground.one {
			t.Errorf("Matomo on %s: %s", ground.name, matomo)
		}
	}
}
