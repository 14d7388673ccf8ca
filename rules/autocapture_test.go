package rules_test

import (
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/hit"
)

// elements are the places in which SDKs put the attributes of what was clicked, as vendors' hits hold them.
var elements = []struct {
	vendor, name string
	hit          func(attribute, value string) string
}{
	{"posthog", "$elements", func(a, v string) string {
		return capture(`"$elements":[{"tag_name":"a","nth_child":1,"attr__` + a + `":"` + inText(v) + `"}]`)
	}},
	{"posthog", "$elements_chain", func(a, v string) string {
		return capture(`"$elements_chain":"` + inText(`a.btn:attr__`+a+`="`+strings.ReplaceAll(v, `"`, `\"`)+
			`"nth-child="1"`) + `"`)
	}},
	{"mixpanel", "$elements", func(a, v string) string {
		return "POST /track/" + asJSON +
			`[{"event":"$mp_click","properties":{"token":"t","distinct_id":"d","$elements":[{"$tag_name":"a","$attr-` + a +
			`":"` + inText(v) + `"}]}}]`
	}},
	{"mixpanel", "$target", func(a, v string) string {
		return "POST /track/" + asJSON +
			`[{"event":"$mp_click","properties":{"token":"t","distinct_id":"d","$target":{"$tag_name":"a","$attr-` + a +
			`":"` + inText(v) + `"}}}]`
	}},
	{"mixpanel", "$attr-", func(a, v string) string {
		return "POST /track/" + asJSON + `[{"event":"$mp_click","properties":{"token":"t","distinct_id":"d","$attr-` + a +
			`":"` + inText(v) + `"}}]`
	}},
	{"mixpanel", "$el_attr__", func(a, v string) string {
		return "POST /track/" + asJSON + `[{"event":"$mp_click","properties":{"token":"t","distinct_id":"d","$el_attr__` + a +
			`":"` + inText(v) + `"}}]`
	}},
	{"amplitude", "Element Attributes", func(a, v string) string {
		return "POST /2/httpapi" + asJSON +
			`{"api_key":"k","events":[{"event_type":"x","device_id":"d","event_properties":{"[Amplitude] Element Attributes":{"` +
			a + `":"` + inText(v) + `"}}}]}`
	}},
	{"amplitude", "Element Hierarchy", func(a, v string) string {
		return "POST /2/httpapi" + asJSON +
			`{"api_key":"k","events":[{"event_type":"x","device_id":"d","event_properties":{"[Amplitude] Element Hierarchy":[{"tag":"a","attrs":{"` +
			a + `":"` + inText(v) + `"}}]}}]}`
	}},
}

// TestAttributesOfElementsAreWhatTheyAre: addresses among them are cut as addresses are, the site's own are classed by
// their names, and what is left of them is looked over; a profile that drops elements drops all of it.
func TestAttributesOfElementsAreWhatTheyAre(t *testing.T) {
	t.Parallel()
	d := openly()
	p := compile(t, d)
	delete(d.Profiles[0].Classes, "element")
	closed := compile(t, d)
	for _, c := range elements {
		for _, attribute := range []string{"href", "src", "action", "formaction", "poster", "srcset",
			"cite", "ping", "data"} {
			for _, address := range []string{"/account/12345/orders?name=Doepelmann", "account/12345?name=Doepelmann",
				"https://shop.example/account/12345/orders?name=Doepelmann", "mailto:doepelmann@example.com",
				"?name=Doepelmann&x=12345", "#/account/12345/Doepelmann"} {
				x := explain(t, p, request(t, c.hit(attribute, address), c.vendor, yes))
				if x.Forward == nil || sent(t, x).Holds("12345") || sent(t, x).Holds("Doepelmann") {
					t.Errorf("%s %s: %s=%s leaves: %+v", c.vendor, c.name, attribute, address, x.Forward)
				}
			}
		}
		for attribute, value := range map[string]string{
			"data-user-id": "cust-48213", "data-email": "x", "data-kundennummer": "cust-48213", "data-first-name": "cust-48213",
			"title": "doepelmann@example.com", "alt": "4111 1111 1111 1111", "value": "DE89370400440532013000",
			"data-x":      "203.0.113.77",
			"placeholder": "+49 30 90182011", "aria-label": "doepelmann@example.com", "name": "doepelmann@example.com",
			"id": "doepelmann@example.com", "class": "doepelmann@example.com",
		} {
			x := explain(t, p, request(t, c.hit(attribute, value), c.vendor, yes))
			if x.Forward == nil || len(value) > 1 && sent(t, x).Holds(value) {
				t.Errorf("%s %s: %s=%s leaves: %+v", c.vendor, c.name, attribute, value, x.Forward)
			}
		}
		for _, attribute := range []string{"href", "title", "data-x", "value", "rel"} {
			if x := explain(t, p, request(t, c.hit(attribute, "/stays"), c.vendor, yes)); x.Forward == nil ||
				!sent(t, x).Holds("/stays") {
				t.Errorf("%s %s: %s is gone: %+v", c.vendor, c.name, attribute, x.Forward)
			}
			if x := explain(t, closed, request(t, c.hit(attribute, "/stays"), c.vendor, yes)); attribute != "href" &&
				(x.Forward == nil || sent(t, x).Holds("/stays")) {
				t.Errorf("%s %s: %s leaves under a profile that drops elements: %+v", c.vendor, c.name, attribute, x.Forward)
			}
		}
	}
}

// TestRelativeAddressesInFreeFields: an address relative to the page is treated as one in every class of free values,
// whatever minimiser they have; what only looks like one stays.
func TestRelativeAddressesInFreeFields(t *testing.T) {
	t.Parallel()
	for class := hit.Unknown + 1; class < hit.NumClasses; class++ {
		switch class {
		case hit.Custom, hit.UserTrait, hit.FreeText, hit.Element, hit.Product, hit.Error, hit.PageTitle,
			hit.SearchTerm, hit.Campaign:
		default:
			continue
		}
		d := draftOf(t, "id: own\nname: Own\nhosts: { api: \"https://own.example\" }\nevent: [{ field: e }]\nfields:\n  e: { class: event_name }\n  text: { class: "+
			class.String()+" }\nendpoints:\n  - { id: post, methods: [POST], path: /x, body: [json], events: [body], answer: { status: 204 } }\n")
		for _, listed := range []bool{true, false} {
			d.Profiles[0].Classes = openly().Profiles[0].Classes
			d.Profiles[0].Classes[class.String()] = keep
			if !listed {
				delete(d.Profiles[0].Classes, "url")
			}
			p := compile(t, d)
			for value, want := range map[string]string{
				"/account/12345/orders?name=Jane": "/account/:id/orders", "./x/12345?y=1": "./x/:id", "?q=jane": "",
				"orders/12345?name=Jane": "orders/:id", "#/user/12345": "",
				"//shop.example/account/12345": "//shop.example/account/:id", "/blog/red-shoes": "/blog/red-shoes",
			} {
				x := explain(t, p, request(t, "POST /x"+asJSON+`{"e":"x","text":"`+value+`"}`, "own", yes))
				if x.Forward == nil {
					t.Fatalf("%v %s: %s", class, value, x.Reason)
				}
				if holds := strings.Contains(x.Forward.Body, `"text":"`+want+`"`); holds != listed {
					t.Errorf("%v, url listed %v: %q leaves as %s", class, listed, value, x.Forward.Body)
				}
			}
			for _, value := range []string{"11/28", "1/2", "and/or", "n/a", "Europe/Berlin", "shoes/women",
				"why?", "a=b", "#1"} {
				x := explain(t, p, request(t, "POST /x"+asJSON+`{"e":"x","text":"`+value+`"}`, "own", yes))
				if x.Forward == nil || !strings.Contains(x.Forward.Body, `"text":"`+value+`"`) {
					t.Errorf("%v, url listed %v: %q does not stay: %+v", class, listed, value, x.Forward)
				}
			}
		}
	}
}
