package rules_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
)

// TestLeakThroughNames: where the catalog leaves names to the site, a name can hold what a value may not. Such a member
// does not leave, nor does what is below it; members beside it do.
func TestLeakThroughNames(t *testing.T) {
	t.Parallel()
	d := draft()
	for i := range d.Activities {
		d.Activities[i].Profile = "all"
	}
	p := compile(t, d)
	for what, secret := range map[string]string{
		"an e-mail address":      "jane.doe@example.com",
		"one in percent escapes": "jane.doe%40example.com",
		"one in base64":          base64.StdEncoding.EncodeToString([]byte("jane.doe@example.com")),
		"a phone number":         "+49 30 901820 11",
		"a card":                 "4111 1111 1111 1111",
		"a token":                "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
		"an address of a host":   "203.0.113.77",
		"an address of a page":   "https://shop.example/reset/9f8e7d",
		"an escaped address":     "https%3A%2F%2Fshop.example%2Freset%2F9f8e7d",
	} {
		name, err := json.Marshal(secret)
		if err != nil {
			t.Fatal(err)
		}
		escaped := fmt.Sprintf(`"%s"`, regexp.MustCompile(".").ReplaceAllStringFunc(secret, func(c string) string {
			return fmt.Sprintf(`\u%04x`, c[0])
		}))
		form := url.QueryEscape(secret)
		post := func(path, body string) string {
			return "POST " + path + " HTTP/1.1\nContent-Type: application/json\n\n" + body
		}
		for where, hit := range map[string]string{
			"segment properties": "segment " + post("/v1/t", `{"type":"track","event":"x","properties":{`+string(name)+
				`:1,"colour":"crimson"}}`),
			"segment, escaped": "segment " + post("/v1/t", `{"type":"track","event":"x","properties":{`+escaped+
				`:1,"colour":"crimson"}}`),
			"segment, below": "segment " + post("/v1/t", `{"type":"track","event":"x","properties":{"a":{`+string(name)+
				`:{"b":1}},"colour":"crimson"}}`),
			"segment integrations": "segment " +
				post("/v1/t", `{"type":"track","event":"x","properties":{"colour":"crimson"},"integrations":{`+
					string(name)+`:true}}`),
			"ga4": "ga4 GET /g/collect?v=2&tid=G-1&cid=1.2&en=page_view&ep." + form +
				"=1&ep.colour=crimson HTTP/1.1\n\n",
			"posthog": "posthog " + post("/e/", `{"event":"x","properties":{"token":"t","distinct_id":"d",`+
				string(name)+`:1,"colour":"crimson"}}`),
			"posthog heat map": "posthog " +
				post("/e/", `{"event":"x","properties":{"token":"t","distinct_id":"d","$heatmap_data":{`+string(name)+
					`:[{"x":1}]},"colour":"crimson"}}`),
			"mixpanel": "mixpanel POST /track/ HTTP/1.1\nContent-Type: application/x-www-form-urlencoded\n\ndata=" +
				base64.URLEncoding.EncodeToString([]byte(`{"event":"x","properties":{"token":"t","colour":"crimson",`+
					string(name)+`:1}}`)),
			"meta pixel": "meta_pixel GET /tr/?id=1&ev=PageView&cd%5B" + form +
				"%5D=1&cd%5Bcolour%5D=crimson HTTP/1.1\n\n",
			"amplitude": "amplitude " +
				post("/2/httpapi", `{"api_key":"k","events":[{"event_type":"x","device_id":"d","event_properties":{`+string(name)+
					`:1,"colour":"crimson"}}]}`),
		} {
			vendor, text, _ := strings.Cut(hit, " ")
			r := request(t, text, vendor, yes)
			r.Address = netip.Addr{}
			x := explain(t, p, r)
			if x.Forward == nil {
				t.Errorf("%s in %s: nothing is forwarded: %s", what, where, x.Reason)
				continue
			}
			if came := came(t, &r); !came.Holds(secret) {
				t.Errorf("%s in %s is not seen in what comes: it proves nothing", what, where)
			}
			left := sent(t, x)
			for _, gone := range []string{secret, form, url.PathEscape(secret), escaped[1 : len(escaped)-1]} {
				if around, found := left.Find(gone); found {
					t.Errorf("%s in %s leaves %s", what, where, around)
				}
			}
			if !left.Holds("crimson") {
				t.Errorf("%s in %s: what stands beside it is gone: %+v", what, where, x.Forward)
			}
			for _, f := range append(fieldsOf(x), x.Shared...) {
				if strings.Contains(f.Path, "jane.doe") || strings.Contains(f.Path, "901820") {
					t.Errorf("%s in %s is shown: %s", what, where, f.Path)
				}
			}
		}
	}
}

func fieldsOf(x *rules.Explanation) (all []rules.ExplainedField) {
	for i := range x.Events {
		all = append(all, x.Events[i].Fields...)
	}
	return all
}

// TestNamesThatSayNothingStay: names as sites choose them, and as SDKs make them.
func TestNamesThatSayNothingStay(t *testing.T) {
	t.Parallel()
	d := draft()
	for i := range d.Activities {
		d.Activities[i].Profile = "all"
	}
	p := compile(t, d)
	for _, name := range []string{
		"order_id", "Item 1", "$feature/new-checkout", "experiment_20394823", "20394823", "[Amplitude] Page Path",
		"utm_source", "a.b.c", "größe",
		"checkoutStep2Completed", "3f2a9c", "v1.2.3", "email", "is/enabled", "x-y-z", "2026-05-04",
	} {
		text, err := json.Marshal(name)
		if err != nil {
			t.Fatal(err)
		}
		x := explain(t, p, request(t, "POST /v1/t HTTP/1.1\nContent-Type: application/json\n\n"+
			`{"type":"track","event":"x","properties":{`+string(text)+`:1}}`, "segment", yes))
		if x.Forward == nil || !strings.Contains(x.Forward.Body, string(text)) {
			t.Errorf("%s is gone: %+v", name, x.Forward)
		}
	}
}
