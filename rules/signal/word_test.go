package signal_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/rules/signal"
	"github.com/tagwarden/tagwarden/rules/signal/iab"
	"github.com/tagwarden/tagwarden/rules/signal/internal/signaltest"
)

type bodyVector struct {
	ID     string                     `json:"id"`
	Kind   string                     `json:"kind"`
	Body   json.RawMessage            `json:"body"`
	Expect map[string]json.RawMessage `json:"expect"`
}

// facts reads the statement as the engine would feed it: member by member.
func (v *bodyVector) facts() map[string]any {
	body := gjson.ParseBytes(v.Body)
	facts := map[string]any{}
	if events := body.Get("batch"); events.IsArray() {
		var all []any
		events.ForEach(func(_, event gjson.Result) bool {
			all = append(all, payloadFacts(v.Kind, event))
			return true
		})
		facts["perEvent"] = all
		return facts
	}
	return payloadFacts(v.Kind, body)
}

func payloadFacts(kind string, body gjson.Result) map[string]any {
	facts := map[string]any{}
	words := map[string]signal.Word{}
	say := func(id string, w signal.Word) { words[id] = max(words[id], w) }
	switch kind {
	case "segment":
		body.Get("context.consent.categoryPreferences").ForEach(func(id, value gjson.Result) bool {
			say(id.Str, signal.Preference([]byte(value.Raw)))
			return true
		})
		facts["preferenceEvent"] = signal.SegmentPreferenceEvent([]byte(body.Get("event").Str))
	case "rudderstack":
		consent := body.Get("context.consentManagement")
		for _, id := range consent.Get("allowedConsentIds").Array() {
			say(id.Str, signal.Lists(true, false))
		}
		for _, id := range consent.Get("deniedConsentIds").Array() {
			say(id.Str, signal.Lists(false, true))
		}
		facts["provider"], facts["resolutionStrategy"] = consent.Get("provider").Value(),
			consent.Get("resolutionStrategy").Value()
	case "mparticle":
		body.Get("consent_state.gdpr").ForEach(func(id, purpose gjson.Result) bool {
			say(id.Str, signal.Preference([]byte(purpose.Get("consented").Raw)))
			return true
		})
		if sale := body.Get("consent_state.ccpa.data_sale_opt_out.consented"); sale.Exists() {
			facts["saleOptOut"] = signal.SaleOptOut([]byte(sale.Raw)) == signal.SaysNo
		}
	case "snowplow":
		event := body.Get("data")
		of := signal.ReadSnowplowSchema([]byte(event.Get("schema").Str))
		facts["preferenceEvent"] = of != signal.NoConsentEvent
		data := event.Get("data")
		switch of {
		case signal.PreferencesEvent:
			word := signal.SnowplowPreference([]byte(data.Get("eventType").Str), []byte(data.Get("basisForProcessing").Str))
			facts["eventType"], facts["grants"] = data.Get("eventType").Str, word == signal.SaysYes
		case signal.GrantedEvent:
			facts["grants"] = true
		case signal.WithdrawnEvent:
			facts["withdrawnAll"] = data.Get("all").Bool()
		default:
		}
	case "matomo", "iab-query":
		query, err := url.ParseQuery(body.Get("query").Str)
		if err != nil {
			return facts
		}
		if kind == "matomo" {
			facts["consentParam"] = signal.MatomoConsent([]byte(query.Get("consent"))) == signal.SaysYes
			break
		}
		for name, parameter := range map[string]string{"tc": "gdpr_consent", "ac": "addtl_consent", "usp": "us_privacy",
			"gpp": "gpp", "gppSid": "gpp_sid", "gdprApplies": "gdpr"} {
			switch text := query.Get(parameter); {
			case iab.NoSignal([]byte(text)):
			case name == "gppSid":
				facts[name] = signaltest.Sections(text)
			case name == "gdprApplies":
				facts[name] = slices.Contains(query[parameter], "1") // of two, the stricter
			default:
				facts[name] = text
			}
		}
	}
	if kind == "segment" || kind == "rudderstack" || kind == "mparticle" {
		categories := map[string]any{}
		for id, word := range words {
			categories[id] = word == signal.SaysYes
		}
		facts["categories"] = categories
	}
	return facts
}

// agrees compares a fact. Of an event in a batch, the facts that are named are compared;
// where none is, they are its categories.
func agrees(want, have any) bool {
	events, several := have.([]any)
	wanted, ok := want.([]any)
	if !several || !ok || len(events) == 0 {
		return fmt.Sprint(want) == fmt.Sprint(have)
	}
	if _, ofFacts := events[0].(map[string]any); !ofFacts || len(events) != len(wanted) {
		return !ofFacts && fmt.Sprint(want) == fmt.Sprint(have)
	}
	for i := range wanted {
		facts := events[i].(map[string]any)
		named, _ := wanted[i].(map[string]any) // null: it says nothing
		if _, whole := named["categories"]; !whole {
			named = map[string]any{"categories": named}
		}
		for name, value := range named {
			if fmt.Sprint(value) != fmt.Sprint(facts[name]) {
				return false
			}
		}
	}
	return true
}

func TestVectorPayloads(t *testing.T) {
	agreed, all := 0, signaltest.Vectors[bodyVector](t, "bodies.jsonl")
	for i := range all {
		v := &all[i]
		facts, right := v.facts(), true
		for name, want := range v.Expect {
			var wanted any
			if err := json.Unmarshal(want, &wanted); err != nil {
				t.Fatal(err)
			}
			if !agrees(wanted, facts[name]) {
				t.Errorf("%s (%s) %s: want %s, have %v", v.ID, v.Kind, name, want, facts[name])
				right = false
			}
		}
		if right {
			agreed++
		}
	}
	t.Logf("%d of %d agreed", agreed, len(all))
}

func TestOnlyAllowGrants(t *testing.T) {
	for eventType, want := range map[string]signal.Word{
		"allow_all": signal.SaysYes, "allow_selected": signal.SaysYes, "deny_all": signal.SaysNo, "withdrawn": signal.SaysNo,
		"pending": signal.SaysUnclear, "implicit_consent": signal.SaysUnclear, "expired": signal.SaysUnclear,
		"": signal.SaysUnclear, "ALLOW_ALL": signal.SaysUnclear, "allow_all ": signal.SaysUnclear,
	} {
		if got := signal.SnowplowPreference([]byte(eventType), []byte("consent")); got != want {
			t.Errorf("%q: %v, want %v", eventType, got, want)
		}
	}
	if got := signal.SnowplowPreference([]byte("allow_all"), []byte("legitimate_interests")); got == signal.SaysYes {
		t.Error("a yes under another basis is taken for consent")
	}
	if signal.Lists(true, true) != signal.SaysNo || signal.Lists(false, false) != signal.SaysNothing {
		t.Error("denied has to win over allowed, and silence to be silence")
	}
	for text, want := range map[string]signal.Word{"true": signal.SaysYes, "false": signal.SaysNo,
		"\"true\"": signal.SaysUnclear, "1": signal.SaysUnclear, "": signal.SaysUnclear} {
		if got := signal.Preference([]byte(text)); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
	if signal.SaleOptOut([]byte("false")) != signal.SaysNothing {
		t.Error("not having opted out is no grant")
	}
}

func TestSnowplowSchemas(t *testing.T) {
	for schema, want := range map[string]signal.SnowplowEvent{
		"iglu:com.snowplowanalytics.snowplow/consent_preferences/jsonschema/1-0-0": signal.PreferencesEvent,
		"iglu:com.snowplowanalytics.snowplow/consent_granted/jsonschema/1-0-0":     signal.GrantedEvent,
		"iglu:com.snowplowanalytics.snowplow/consent_withdrawn/jsonschema/1-0-0":   signal.WithdrawnEvent,
		"iglu:com.snowplowanalytics.snowplow/cmp_visible/jsonschema/1-0-0":         signal.NoConsentEvent,
		"iglu:com.snowplowanalytics.snowplow/consent_preferences/jsonschema/2-0-0": signal.NoConsentEvent,
		"iglu:com.example/consent_preferences/jsonschema/1-0-0":                    signal.NoConsentEvent,
		"": signal.NoConsentEvent,
	} {
		if got := signal.ReadSnowplowSchema([]byte(schema)); got != want {
			t.Errorf("%s: %v, want %v", schema, got, want)
		}
	}
}

func TestNoSignal(t *testing.T) {
	for text, want := range map[string]bool{
		"": true, "${GDPR}": true, "${GDPR_CONSENT_755}": true, "%%GDPR%%": true, "{{gdpr}}": true,
		"undefined": true, "null": true,
		"1": false, "1YNN": false, "DBABLA~CAAQAAAAAABA.QA": false, "$1": false, "-1": false,
	} {
		if got := iab.NoSignal([]byte(text)); got != want {
			t.Errorf("%q: %t, want %t", text, got, want)
		}
	}
}
