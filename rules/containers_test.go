package rules_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// openly is a policy under which most of a hit leaves: addresses and places are cut, what is free is looked over.
func openly() *rules.Draft {
	d := draft()
	classes := maps.Clone(firstPart)
	for _, class := range []string{"custom", "user_trait", "free_text", "element", "product", "error",
		"search_term", "page_title"} {
		classes[class] = scrubbed
	}
	classes["precise_geo"] = minimise.Spec{Kind: minimise.Truncate, Truncate: minimise.TruncateSpec{Decimals: new(1)}}
	d.Profiles[0].Classes = classes
	return d
}

// inText is a text as JSON has it, without the quotes around it.
func inText(text string) string {
	quoted, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(quoted[1 : len(quoted)-1])
}

func inBase64(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

func collect(parameters string) string {
	return "GET /g/collect?v=2&tid=G-T&cid=1.2&en=purchase&" + parameters + " HTTP/1.1\n\n"
}

func matomo(name, value string) string {
	return "GET /matomo.php?idsite=1&rec=1&_id=0123456789abcdef&" + name + "=" + url.QueryEscape(value) + " HTTP/1.1\n\n"
}

func pixel(name, value string) string {
	return "GET /tr/?id=1&ev=Purchase&cd%5B" + name + "%5D=" + url.QueryEscape(value) + " HTTP/1.1\n\n"
}

func tracker(name, value string) string {
	return "POST /com.snowplowanalytics.snowplow/tp2" + asJSON +
		`{"schema":"iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4","data":[{"e":"ue","p":"web","tv":"js","` +
		name + `":"` + inText(value) + `"}]}`
}

func capture(properties string) string {
	return "POST /e/" + asJSON +
		`{"api_key":"phc","event":"x","properties":{"token":"phc","distinct_id":"0190ffff-1111-7222-8333-444455556666",` +
		properties + `}}`
}

func entities(schema, data string) string {
	return `{"schema":"iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-0","data":[{"schema":"iglu:` + schema +
		`/jsonschema/1-0-0","data":` + data + `}]}`
}

func unstructured(schema, data string) string {
	return `{"schema":"iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0","data":{"schema":"iglu:` +
		schema + `/jsonschema/1-0-0","data":` + data + `}}`
}

// members are values beside each other in an object, the one in the middle among them.
func beside(value string) string {
	return `{"one":"Stays-1","two":"` + inText(value) + `","three":"Stays-3"}`
}

// containers are the places in which vendors' hits hold values of which each is looked at alone: opens are the fields
// that are opened on the way, and hit is one with a value among two that stay.
var containers = []struct {
	vendor, opens string
	hit           func(value string) string
}{
	{"amplitude", "identification", func(v string) string {
		return "POST /identify" + asForm + "api_key=k&identification=" + url.QueryEscape(
			`[{"device_id":"d","user_properties":{"$set":`+beside(v)+`}}]`)
	}},
	{"amplitude", "[Amplitude] Element Hierarchy", func(v string) string {
		return "POST /2/httpapi" + asJSON +
			`{"api_key":"k","events":[{"event_type":"x","device_id":"d","event_properties":{"[Amplitude] Element Hierarchy":"` +
			inText(`[{"tag":"a","attrs":`+beside(v)+`}]`) + `"}}]}`
	}},
	{"ga4", "pr{n}", func(v string) string {
		return collect("pr1=" + url.QueryEscape("idStays-1~nm"+strings.ReplaceAll(v, "~", "~~")+"~brStays-3"))
	}},
	{"ga4", "pr{n}", func(v string) string {
		return collect("pr1=" + url.QueryEscape("idStays-1~k0colour~v0"+strings.ReplaceAll(v, "~", "~~")+"~k1size~v1Stays-3"))
	}},
	{"ga4", "pr{n}", func(v string) string {
		return "POST /g/collect?v=2&tid=G-T&cid=1.2 HTTP/1.1\n\nen=x&pr12=" + url.QueryEscape("idStays-1~k0colour~v0"+
			strings.ReplaceAll(v, "~", "~~")+"~vaStays-3") + "\nen=y"
	}},
	{"ga4", "ep.*", func(v string) string { return collect("ep.note=" + url.QueryEscape(beside(v))) }},
	{"matomo", "_cvar", func(v string) string {
		return matomo("_cvar", `{"1":["a","Stays-1"],"2":["b","`+inText(v)+`"],"5":["c","Stays-3"]}`)
	}},
	{"matomo", "cvar", func(v string) string {
		return matomo("cvar", `{"1":["a","Stays-1"],"2":["b","`+inText(v)+`"],"5":["c","Stays-3"]}`)
	}},
	{"matomo", "ec_items", func(v string) string {
		return matomo("ec_items", `[["Stays-1","`+inText(v)+`",["Stays-3"],9.9,1]]`)
	}},
	{"matomo", "requests[]", func(v string) string {
		return "POST /matomo.php" + asJSON + `{"requests":["?idsite=1&rec=1&e_c=x&e_a=y&dimension1=Stays-1&dimension2=` +
			inText(url.QueryEscape(v)) + `&dimension3=Stays-3"]}`
	}},
	{"meta_capi", "data", func(v string) string {
		return "POST /v19.0/123/events" + asForm + "access_token=t&data=" + url.QueryEscape(
			`[{"event_name":"x","event_time":1700000000,"action_source":"website","user_data":{"fbp":"fb.1.1700000000000.1234567890"},"custom_data":`+
				beside(v)+`}]`)
	}},
	{"meta_pixel", "cd[contents]", func(v string) string { return pixel("contents", "["+beside(v)+"]") }},
	{"meta_pixel", "cd[content_ids]", func(v string) string {
		return pixel("content_ids", `["Stays-1","`+inText(v)+`","Stays-3"]`)
	}},
	{"meta_pixel", "cd[buttonFeatures]", func(v string) string { return pixel("buttonFeatures", beside(v)) }},
	{"meta_pixel", "cd[formFeatures]", func(v string) string { return pixel("formFeatures", "["+beside(v)+"]") }},
	{"meta_pixel", "cd[pageFeatures]", func(v string) string { return pixel("pageFeatures", beside(v)) }},
	{"meta_pixel", "cd[Meta]", func(v string) string { return pixel("Meta", beside(v)) }},
	{"meta_pixel", "cd[OpenGraph]", func(v string) string { return pixel("OpenGraph", beside(v)) }},
	{"meta_pixel", "cd[JSON-LD]", func(v string) string { return pixel("JSON-LD", "["+beside(v)+"]") }},
	{"meta_pixel", "cd[Schema.org]", func(v string) string { return pixel("Schema.org", "["+beside(v)+"]") }},
	{"meta_pixel", "cd[DataLayer]", func(v string) string { return pixel("DataLayer", "["+beside(v)+"]") }},
	{"meta_pixel", "cd[*]", func(v string) string { return pixel("options", beside(v)) }},
	{"mixpanel", "data", func(v string) string {
		return "POST /track/" + asForm + "data=" + url.QueryEscape(
			inBase64(`[{"event":"x","properties":{"token":"t","distinct_id":"d","more":`+beside(v)+`}}]`))
	}},
	{"mixpanel", "?data", func(v string) string {
		return "GET /track/?data=" + url.QueryEscape(
			inBase64(`{"event":"x","properties":{"token":"t","distinct_id":"d","more":`+beside(v)+`}}`)) + " HTTP/1.1\n\n"
	}},
	{"plausible", "p", func(v string) string {
		return "POST /api/event HTTP/1.1\nContent-Type: text/plain\n\n" +
			`{"n":"x","u":"https://shop.example/","d":"shop.example","p":"` + inText(beside(v)) + `"}`
	}},
	{"plausible", "props", func(v string) string {
		return "POST /api/event HTTP/1.1\nContent-Type: text/plain\n\n" +
			`{"name":"x","url":"https://shop.example/","domain":"shop.example","props":"` + inText(beside(v)) + `"}`
	}},
	{"plausible", "m", func(v string) string {
		return "POST /api/event HTTP/1.1\nContent-Type: text/plain\n\n" +
			`{"n":"x","u":"https://shop.example/","d":"shop.example","m":"` + inText(beside(v)) + `"}`
	}},
	{"plausible", "meta", func(v string) string {
		return "POST /api/event HTTP/1.1\nContent-Type: text/plain\n\n" +
			`{"n":"x","u":"https://shop.example/","d":"shop.example","meta":"` + inText(beside(v)) + `"}`
	}},
	{"posthog", "data", func(v string) string {
		return "POST /e/" + asForm + "data=" + url.QueryEscape(
			inBase64(`{"event":"x","properties":{"token":"t","distinct_id":"d","more":`+beside(v)+`}}`))
	}},
	{"posthog", "?data", func(v string) string {
		return "GET /e/?data=" + url.QueryEscape(inBase64(`{"event":"x","properties":{"token":"t","distinct_id":"d","more":`+
			beside(v)+`}}`)) + " HTTP/1.1\n\n"
	}},
	{"posthog", "properties.$elements_chain", func(v string) string {
		return capture(`"$elements_chain":"` + inText(`a.btn:attr__rel="Stays-1"text="`+strings.ReplaceAll(v, `"`, `\"`)+
			`";div.page:attr__class="Stays-3"`) + `"`)
	}},
	{"posthog", "attributes[]", func(v string) string {
		return "POST /i/v1/logs" + asJSON +
			`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"severityText":"INFO","attributes":[{"key":"a","value":{"stringValue":"Stays-1"}},{"key":"b","value":{"stringValue":"` +
			inText(v) + `"}},{"key":"c","value":{"stringValue":"Stays-3"}}]}]}]}]}`
	}},
	{"posthog", "properties.*", func(v string) string { return capture(`"more":"` + inText(beside(v)) + `"`) }},
	{"posthog", "properties.*", func(v string) string {
		return capture(`"more":"` + inText(`[{"deep":"`+inText(beside(v))+`"}]`) + `"`)
	}},
	{"segment", "properties.*", func(v string) string {
		return "POST /v1/t" + asJSON +
			`{"type":"track","event":"x","anonymousId":"a","messageId":"m","properties":{"more":"` +
			inText(" "+beside(v)+" ") + `"}}`
	}},
	{"snowplow", "co", func(v string) string { return tracker("co", entities("com.acme/visit", beside(v))) }},
	{"snowplow", "cx", func(v string) string { return tracker("cx", inBase64(entities("com.acme/visit", beside(v)))) }},
	{"snowplow", "cx", func(v string) string {
		return tracker("cx", inBase64(entities("com.snowplowanalytics.snowplow/client_session", beside(v))))
	}},
	{"snowplow", "ue_pr", func(v string) string { return tracker("ue_pr", unstructured("com.acme/order", beside(v))) }},
	{"snowplow", "ue_px", func(v string) string {
		return tracker("ue_px", inBase64(unstructured("com.acme/order", `{"more":[`+beside(v)+`]}`)))
	}},
	{"matomo", "e_n", func(v string) string { return matomo("e_c=a&e_a=b&e_n", beside(v)) }},
	{"ga4", "dt", func(v string) string { return collect("dt=" + url.QueryEscape("["+beside(v)+"]")) }},
	{"snowplow", "se_la", func(v string) string { return tracker("se_la", beside(v)) }},
	{"snowplow", "elements[]", func(v string) string {
		return tracker("ue_pr", unstructured("com.snowplowanalytics.snowplow/submit_form",
			`{"formId":"f","elements":[{"name":"a","value":"Stays-1"},{"name":"b","value":"`+inText(v)+
				`"},{"name":"c","value":"Stays-3"}]}`))
	}},
}

const asForm = " HTTP/1.1\nContent-Type: application/x-www-form-urlencoded\n\n"

// notFree are fields that are opened and hold nothing that a site chose.
var notFree = []string{
	"jitsu context.externalIds[]", "rudderstack context.externalIds[]", "segment context.externalIds[]", // identifiers
	"rudderstack context.externalId[]", "segment context.externalId[]", // likewise
	"matomo uadata",                    // client hints
	"mixpanel ?context",                // an identifier and what else flags are asked with
	"plausible $", "plausible revenue", // an amount and its currency
	"posthog resourceLogs[].resource.attributes[]", "posthog resourceMetrics[].resource.attributes[]", // of the service
	// pairs as in logs
	"posthog sum.dataPoints[].attributes[]", "posthog gauge.dataPoints[].attributes[]",
	"posthog histogram.dataPoints[].attributes[]",
	"snowplow content[]", "snowplow attributes[]", // pairs as in forms
}

// TestEachValueInAContainerIsTreatedAlone: what is personal in one of the values that a vendor packs into each other is
// found, and no other value suffers for it.
func TestEachValueInAContainerIsTreatedAlone(t *testing.T) {
	t.Parallel()
	p := compile(t, openly())
	for _, c := range containers {
		for kind, value := range map[string]string{
			"card": "4111 1111 1111 1111", "iban": "DE89370400440532013000", "ip": "203.0.113.77",
			"e-mail": "jane.doe@example.com",
			"phone":  "+49 30 90182011", "coded": "amFuZS5kb2VAZXhhbXBsZS5jb20=", "path": "/account/12345/orders?name=Jane",
			"token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
			"clean": "Stays-2", "tilde": "Stays~~2~", "quote": `Stays "2"; a:b="c"`,
		} {
			text := c.hit(value)
			x := explain(t, p, request(t, text, c.vendor, yes))
			if x.Forward == nil {
				t.Errorf("%s %s: nothing is forwarded: %s %+v", c.vendor, c.opens, x.Reason, x.Events)
				continue
			}
			out := sent(t, x)
			stays := kind == "clean" || kind == "tilde" || kind == "quote"
			if c.opens == "pr{n}" {
				value = strings.ReplaceAll(value, "~", "~~")
			}
			if out.Holds(value) != stays || kind == "coded" && out.Holds("jane.doe@example.com") || kind == "path" &&
				out.Holds("12345") {
				t.Errorf("%s %s: %s %q in\n%s\nleaves as\n%s %s", c.vendor, c.opens, kind, value, text,
					x.Forward.URL, x.Forward.Body)
			}
			if x := explain(t, p, request(t, strings.ReplaceAll(text, "two", "vorname"), c.vendor, yes)); x.Forward == nil ||
				text != strings.ReplaceAll(text, "two", "vorname") && sent(t, x).Holds(value) {
				t.Errorf("%s %s: %q leaves though its name says whose it is: %+v", c.vendor, c.opens, value, x.Forward)
			}
			if strings.Contains(text, "client_session") {
				continue // its members are listed
			}
			for _, other := range []string{"Stays-1", "Stays-3"} {
				if !out.Holds(other) {
					t.Errorf("%s %s: beside %q %s is gone: %s %s", c.vendor, c.opens, value, other, x.Forward.URL, x.Forward.Body)
				}
			}
		}
	}
}

// TestEachContainerIsAmongThose: every field of every vendor that is opened, or taken apart by names in it, is among
// the places that the test above plants values in.
func TestEachContainerIsAmongThose(t *testing.T) {
	t.Parallel()
	covered := slices.Clone(notFree)
	for _, c := range containers {
		covered = append(covered, c.vendor+" "+c.opens)
	}
	var look func(vendor string, fields map[string]catalog.Field)
	look = func(vendor string, fields map[string]catalog.Field) {
		for name, f := range fields {
			name = strings.TrimPrefix(name, "event_properties.")
			if len(f.Open) > 0 || f.Pairs != "" && name != "*" {
				if !slices.Contains(covered, vendor+" "+name) {
					t.Errorf("%s %s is opened, and no value is planted there", vendor, name)
				}
			}
			look(vendor, f.Fields)
			for _, inside := range f.Schemas {
				look(vendor, inside)
			}
		}
	}
	for _, id := range catalog.BuiltinIDs() {
		f, _ := catalog.Builtin(id)
		look(id, f.Fields)
		look(id, f.Request)
		for i := range f.Endpoints {
			look(id, f.Endpoints[i].Fields)
			look(id, f.Endpoints[i].Request)
		}
	}
}

// TestValuesInContainersAreExplained: each value has a line of its own, by the name that it has in what it is packed
// into.
func TestValuesInContainersAreExplained(t *testing.T) {
	t.Parallel()
	p := compile(t, openly())
	for _, c := range []struct{ vendor, text, path, before, after string }{
		{"ga4", collect("pr1=" + url.QueryEscape("idS~nmjane.doe@example.com")), "pr1.nm", "jane.doe@example.com", "[email]"},
		{"ga4", collect("pr1=" + url.QueryEscape("idS~k0colour~v0red")), "pr1.colour", "red", "red"},
		{"matomo", matomo("_cvar", `{"1":["plan","gold"]}`), "_cvar.1[1]", "gold", "gold"},
		{"posthog", capture(`"$elements_chain":"a:attr__href=\"/account/12345\";div"`),
			"properties.$elements_chain[0].attr__href", "/account/12345", "/account/:id"},
		{"segment", batch(`"state":1,"more":"{\"size\":\"XL\"}"`), "properties.more.size", "XL", "XL"},
	} {
		x := explain(t, p, request(t, c.text, c.vendor, yes))
		found := false
		for _, event := range x.Events {
			for _, f := range append(event.Fields, x.Shared...) {
				if f.Path != c.path {
					continue
				}
				found = true
				if f.Before != c.before || f.After != c.after || !f.Sent {
					t.Errorf("%s %s: %q becomes %q, sent %v", c.vendor, c.path, f.Before, f.After, f.Sent)
				}
			}
		}
		if !found {
			t.Errorf("%s: nothing is said of %s", c.vendor, c.path)
		}
	}
}

// TestCasesOfContainers: what leaves of hits in which values are packed into each other.
// UPDATE_GOLDEN=1 writes the file anew.
func TestCasesOfContainers(t *testing.T) {
	t.Parallel()
	p := compile(t, openly())
	files, err := filepath.Glob("testdata/containers/*.http")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	var lines strings.Builder
	for _, file := range files {
		vendor, _, _ := strings.Cut(filepath.Base(file), "-")
		x := explain(t, p, request(t, read(t, file), vendor, yes))
		if x.Forward == nil {
			t.Fatalf("%s: nothing is forwarded: %s", file, x.Reason)
		}
		fmt.Fprintf(&lines, "%s\n%s\n%s\n\n", filepath.Base(file), x.Forward.URL, x.Forward.Body)
	}
	goldenLines(t, "testdata/containers.golden.txt", lines.String())
}

// TestIdentifiersInContainersAreLookedUp: an objection by an identifier is found where that is packed into another
// value, under a name that says what it is, or by the schema that it has.
func TestIdentifiersInContainersAreLookedUp(t *testing.T) {
	t.Parallel()
	d := draft()
	d.Profiles[0].Classes = map[string]minimise.Spec{"event_name": keep} // whatever the profile needs of them
	p := compile(t, d)
	keys := keysOf(p)
	const mail, user, client = "jane.doe@example.com", "cust-48213", "aaaa0000-2222-4333-8444-555566667777"
	const session = "com.snowplowanalytics.snowplow/client_session"
	for _, c := range []struct{ vendor, name, id, text string }{
		{"ga4", "email", mail, collect("pr1=" + url.QueryEscape("idS~k0customer_email~v0"+mail))},
		{"ga4", "user_id", user, collect("pr1=" + url.QueryEscape("idS~k0customer_id~v0"+user+"~nmX"))},
		{"ga4", "email", mail, collect("ep.state=" + url.QueryEscape(`{"email":"`+mail+`"}`))},
		{"matomo", "email", mail, matomo("_cvar", `{"1":["email","`+mail+`"]}`)},
		{"posthog", "user_id", user, capture(`"$elements_chain":"a:attr__data-user-id=\"` + user + `\""`)},
		{"posthog", "user_id", user, capture(`"$elements":[{"attr__data-user-id":"` + user + `"}]`)},
		{"posthog", "email", mail, capture(`"more":"{\"email\":\"` + mail + `\"}"`)},
		{"snowplow", "user_id", user, tracker("co", entities("com.acme/user", `{"id":"`+user+`"}`))},
		{"snowplow", "user_id", user, tracker("cx", inBase64(entities("com.acme/visit", `{"userId":"`+user+`"}`)))},
		{"snowplow", "client_id:snowplow", client, tracker("co", entities(session, `{"userId":"`+client+`"}`))},
		{"snowplow", "email", mail, tracker("ue_pr", unstructured("com.snowplowanalytics.snowplow/submit_form",
			`{"formId":"f","elements":[{"name":"email","value":"`+mail+`"}]}`))},
	} {
		identities, err := p.Identities(keys, c.name, []byte(c.id))
		if err != nil {
			t.Fatal(c.name, err)
		}
		subjects := subjectsOf(t, p, keys, request(t, c.text, c.vendor, yes))
		found := false
		for _, one := range identities {
			found = found || slices.Contains(subjects, one.Hash)
		}
		if !found {
			t.Errorf("%s: %s %s is not looked up in\n%s", c.vendor, c.name, c.id, c.text)
		}
	}
}
