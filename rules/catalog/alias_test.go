package catalog_test

import (
	"strconv"
	"testing"

	"github.com/tagwarden/tagwarden/rules/hit"
)

// TestYesAndNoAreNobodys: "mobile" that is true is no telephone's number; that somebody is ill stays what it is.
func TestYesAndNoAreNobodys(t *testing.T) {
	for member, want := range map[string]hit.Class{
		`"mobile":true`: hit.Unknown, `"pass":false`: hit.Unknown, `"email":true`: hit.Unknown,
		`"mobile":"true"`: hit.Phone, `"mobile":1`: hit.Phone, `"pregnant":true`: hit.Sensitive,
		`"user_id":false`: hit.Unknown, `"phone":{"mobile":true}`: hit.Phone,
	} {
		for name, path := range map[string]string{
			"segment": "/v1/t", "jitsu": "/api/s/track", "rudderstack": "/v1/track",
		} {
			h, err := read(t, vendor(t, name), "POST "+path+" HTTP/1.1\n\n"+
				`{"type":"track","event":"x","context":{"userAgentData":{`+member+`}}}`)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for i := range h.Nodes {
				n := &h.Nodes[i]
				if (n.Kind == hit.Bool || string(h.Text(int32(i))) == "true" || n.Kind == hit.Number) && n.Alias != want {
					t.Errorf("%s: %s is %s", name, member, n.Alias)
				}
			}
		}
	}
}

// TestPairsOfASiteAreCalledByTheNameBeside: what a site writes as {"name": ..., "value": ...} is what that name says.
func TestPairsOfASiteAreCalledByTheNameBeside(t *testing.T) {
	for pair, want := range map[string]hit.Class{
		`{"name":"first_name","value":"X"}`:          hit.PersonName,
		`{"value":"X","key":"vorname"}`:              hit.PersonName,
		`{"type":"phone","value":"X"}`:               hit.Phone,
		`{"id":"f7","label":"Kundennummer","v":"X"}`: hit.UserID,
		`{"field":"allergies","answer":["X"]}`:       hit.Sensitive,
		`{"name":"colour","value":"X"}`:              hit.Unknown,
		`{"name":"first_name","other":"X"}`:          hit.Unknown,
		`{"name":["first_name"],"value":"X"}`:        hit.Unknown,
		`{"type":"department","value":"X"}`:          hit.Unknown,
		`{"name":"product_name","value":{"de":"X"}}`: hit.Unknown,
		`{"name":"last_name","value":{"de":"X"}}`:    hit.PersonName,
		`{"name":"email_opt_in","value":"X"}`:        hit.Unknown,
	} {
		h, err := read(t, vendor(t, "segment"), "POST /v1/t HTTP/1.1\n\n"+
			`{"type":"track","event":"x","properties":{"fields":[`+pair+`]}}`)
		if err != nil {
			t.Fatal(err)
		}
		for i := range h.Nodes {
			if n := &h.Nodes[i]; n.Kind == hit.String && string(h.Text(int32(i))) == "X" && n.Alias != want {
				t.Errorf("%s: %s, want %s", pair, n.Alias, want)
			}
		}
	}
}

// TestWordsAreOfNoNumericClass: what an SDK says in words is not of a class that passes numbers alone.
func TestWordsAreOfNoNumericClass(t *testing.T) {
	numeric := map[hit.Class]bool{hit.Revenue: true, hit.Interaction: true, hit.Performance: true}
	for vendorID, hits := range map[string][]string{
		"amplitude": {"POST /2/httpapi HTTP/1.1\n\n" +
			`{"api_key":"k","events":[{"event_type":"x","revenueType":"X","event_properties":{"$revenueType":"X"}}]}`},
		"snowplow": {
			snowplowEvent("social_interaction", `{"action":"X"}`), snowplowEvent("consent_preferences", `{"eventType":"X"}`),
		},
	} {
		for _, raw := range hits {
			h, err := read(t, vendor(t, vendorID), raw)
			if err != nil {
				t.Fatalf("%s: %v", vendorID, err)
			}
			for i := range h.Nodes {
				if n := &h.Nodes[i]; n.Kind == hit.String && string(h.Text(int32(i))) == "X" && numeric[n.Class] {
					t.Errorf("%s: a word is %s: %s", vendorID, n.Class, raw)
				}
			}
		}
	}
}

func snowplowEvent(schema, data string) string {
	return "POST /com.snowplowanalytics.snowplow/tp2 HTTP/1.1\n\n" +
		`{"schema":"x","data":[{"e":"ue","ue_pr":` + strconv.Quote(`{"schema":"iglu:com.snowplowanalytics.snowplow/`+
		`unstruct_event/jsonschema/1-0-0","data":{"schema":"iglu:com.snowplowanalytics.snowplow/`+schema+
		`/jsonschema/1-0-0","data":`+data+`}}`) + `}]}`
}

// TestWhatWasTypedInAnElement: the attribute "value" of an element that Snowplow tracks is what somebody typed.
func TestWhatWasTypedInAnElement(t *testing.T) {
	for attribute, want := range map[string]hit.Class{"value": hit.FreeText, "role": hit.Unknown} {
		_, alias := entityOf(t, vendor(t, "snowplow"), `{`+
			`"schema":"iglu:com.snowplowanalytics.snowplow/element/jsonschema/1-0-0","data":{"attributes":[`+
			`{"source":"attributes","attribute":"`+attribute+`","value":"X"}]}}`)
		if class, _ := hit.ParseClass(alias); class != want {
			t.Errorf("%s: %s, want %s", attribute, alias, want)
		}
	}
}
