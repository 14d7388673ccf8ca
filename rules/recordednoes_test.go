package rules_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// TestNoesOfBatches: what stands beside a batch says no for each of its events, and yes for none; a no that Snowplow
// reports counts for what travels with it; each request of a Matomo bulk says yes for itself.
func TestNoesOfBatches(t *testing.T) {
	t.Parallel()
	consented := func(vendor string) rules.DraftActivity {
		return rung(vendor, basis.Consent, of(vendor, "audience"))
	}
	d := draft(consented("segment"), consented("matomo"), consented("snowplow"), consented("rudderstack"),
		rung("snowplow-li", basis.LegitimateInterest, of("snowplow", "audience"), assessed("LIA-1")))
	d.Sites[0].Signals, d.Assessments = []signal.Source{{Kind: signal.Payload}}, register(t)
	p := compile(t, d)
	const segment = `{"context":{"consent":{"categoryPreferences":{"analytics":NO}}},"batch":[` +
		`{"type":"track","event":"a","anonymousId":"x","context":{"consent":{"categoryPreferences":{"analytics":true}}}},` +
		`{"type":"track","event":"b","anonymousId":"x"}]}`
	const rudder = `{"context":{"consentManagement":{"NOConsentIds":["analytics"]}},"batch":[` +
		`{"type":"track","event":"a","anonymousId":"x","context":` +
		`{"consentManagement":{"allowedConsentIds":["analytics"]}}},` +
		`{"type":"track","event":"b","anonymousId":"x"}]}`
	const bulk = `{"requests":["?idsite=1&rec=1&consent=1","?idsite=1&rec=1","?idsite=1&rec=1&consent=0"]}`
	const preferences = `{"schema":"iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4","data":[` +
		`{"e":"pv","page":"x","tv":"js-4","aid":"s","p":"web"},{"e":"ue","tv":"js-4","aid":"s","p":"web","ue_pr":` +
		`"{\"schema\":\"iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0\",\"data\":{\"schema\":` +
		`\"iglu:com.snowplowanalytics.snowplow/consent_preferences/jsonschema/1-0-0\",\"data\":{\"eventType\":\"NO\",` +
		`\"basisForProcessing\":\"consent\",\"consentScopes\":[\"analytics\"]}}}"}]}`
	for _, c := range []struct{ vendor, path, body, word, want string }{
		{"segment", "/v1/batch", segment, "false", "consent_refused consent_refused"},
		{"segment", "/v1/batch", segment, "true", "permitted no_consent"},
		{"segment", "/v1/batch", segment, "1", "no_consent no_consent"},
		{"rudderstack", "/v1/batch", rudder, "denied", "consent_refused consent_refused"},
		{"rudderstack", "/v1/batch", rudder, "allowed", "permitted no_consent"},
		{"matomo", "/matomo.php", bulk, "", "permitted no_consent no_consent"},
		{"matomo", "/matomo.php?consent=1", bulk, "", "permitted no_consent no_consent"},
		{"snowplow", "/com.snowplowanalytics.snowplow/tp2", preferences, "deny_all", "consent_refused consent_refused"},
		{"snowplow", "/com.snowplowanalytics.snowplow/tp2", preferences, "withdrawn", "consent_refused consent_refused"},
		{"snowplow", "/com.snowplowanalytics.snowplow/tp2", preferences, "allow_all", "permitted permitted"},
		{"snowplow", "/com.snowplowanalytics.snowplow/tp2", preferences, "pending", "permitted permitted"}, // by interest
		{"snowplow", "/com.snowplowanalytics.snowplow/tp2", preferences, "allow_selected", "permitted permitted"},
		{
			"snowplow", "/com.snowplowanalytics.snowplow/tp2", strings.ReplaceAll(preferences, `"analytics\"`, `"marketing\"`),
			"allow_selected", "consent_refused consent_refused",
		},
		{
			"snowplow", "/com.snowplowanalytics.snowplow/tp2", strings.ReplaceAll(preferences, `"analytics\"`, `"elsewhere\"`),
			"allow_selected", "permitted permitted",
		},
	} {
		body := strings.ReplaceAll(c.body, "NO", c.word)
		r := request(t, "POST "+c.path+" HTTP/1.1\nContent-Type: application/json\n\n"+body, c.vendor)
		var got []string
		x := explain(t, p, r)
		for _, e := range x.Events {
			got = append(got, e.Reason)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s, %s: %s %v, want %s", c.path, body, x.Reason, got, c.want)
		}
	}
}

// TestRecordedNoes: hits as banners and SDKs sent them after a no.
func TestRecordedNoes(t *testing.T) {
	t.Parallel()
	services := platform(t, "cookieconsent", "analytics", "analytics")
	mapped := services
	mapped.Services = map[string]string{"mixpanel": "mixpanel"}
	const noService, noName = "cookieconsent refuses the vendor's service", "cookieconsent withholds the vendor's service"
	const ownNo = "own refuses analytics"
	consent, interest := rung("a", basis.Consent), rung("a", basis.LegitimateInterest, assessed("LIA-1"))
	goingOn := rung("a", basis.LegitimateInterest, assessed("LIA-1"), after)
	own := signal.Source{
		Kind: signal.Own, Cookie: "site_consent", JSON: "analytics", Category: "analytics",
		Granted: []string{"yes"}, Refused: []string{"no"},
	}
	for _, c := range []struct {
		file, vendor string
		source       signal.Source
		of           rules.DraftActivity
		want, why    string
	}{
		{"vcc-service-mixpanel-refused", "mixpanel", mapped, consent, "consent_refused", noService},
		{"vcc-service-mixpanel-refused", "mixpanel", services, consent, "consent_refused", noName},
		{"vcc-service-mixpanel-refused", "mixpanel", mapped, interest, "consent_refused", noService},
		{"own-banner-no-legitimate-interest", "matomo", own, consent, "consent_refused", ownNo},
		{"own-banner-no-legitimate-interest", "matomo", own, interest, "consent_refused", ownNo},
		{"own-banner-no-legitimate-interest", "matomo", own, goingOn, "permitted", ownNo + ": it goes on by after_refusal"},
	} {
		text, err := os.ReadFile(filepath.Join("testdata", "refusals", c.file+".http"))
		if err != nil {
			t.Fatal(err)
		}
		c.of.Vendor = c.vendor
		d := draft(c.of)
		d.Sites[0].Signals, d.Assessments = []signal.Source{c.source}, register(t)
		x := explain(t, compile(t, d), request(t, strings.Replace(string(text), "/t/mx/", "/", 1), c.vendor))
		if len(x.Events) == 1 && x.Events[0].Ladder[0].Why != c.why {
			t.Errorf("%s on %v: %q, want %q", c.file, c.of.Basis, x.Events[0].Ladder[0].Why, c.why)
		}
		if len(x.Events) != 1 || x.Events[0].Reason != c.want {
			t.Errorf("%s on %v: %s %+v, want %s", c.file, c.of.Basis, x.Reason, x.Events, c.want)
		}
	}
}
