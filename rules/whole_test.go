package rules_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
)

// underOwnName are hits of every vendor with one value of the site's own, VALUE, under a name that nobody knows.
var underOwnName = map[string]string{
	"amplitude": "POST /2/httpapi HTTP/1.1\n\n" +
		`{"api_key":"k","events":[{"event_type":"x","event_properties":{"zz":"VALUE"}}]}`,
	"ga4": "POST /g/collect?v=2&tid=G-1&cid=1.2 HTTP/1.1\n\nen=x&ep.zz=VALUE",
	"ga4_mp": "POST /mp/collect?measurement_id=G-1&api_secret=s HTTP/1.1\n\n" +
		`{"client_id":"1.2","events":[{"name":"x","params":{"zz":"VALUE"}}]}`,
	"jitsu":      "POST /api/s/track HTTP/1.1\n\n" + `{"type":"track","event":"x","properties":{"zz":"VALUE"}}`,
	"matomo":     "GET /matomo.php?idsite=1&rec=1&url=x&zz=VALUE HTTP/1.1\n\n",
	"meta_capi":  "POST /v21.0/1/events HTTP/1.1\n\n" + `{"data":[{"event_name":"x","custom_data":{"zz":"VALUE"}}]}`,
	"meta_pixel": "GET /tr/?id=1&ev=x&cd[zz]=VALUE HTTP/1.1\n\n",
	"mixpanel":   "POST /track/ HTTP/1.1\n\n" + `[{"event":"x","properties":{"token":"t","zz":["VALUE"]}}]`,
	"plausible": "POST /api/event HTTP/1.1\n\n" +
		`{"n":"x","u":"https://shop.example/","d":"shop.example","p":{"zz":"VALUE"}}`,
	"posthog": "POST /e/ HTTP/1.1\n\n" +
		`{"event":"x","properties":{"token":"t","distinct_id":"d","zz":{"yy":"VALUE"}}}`,
	"rudderstack": "POST /v1/track HTTP/1.1\n\n" + `{"type":"track","event":"x","zz":"VALUE"}`,
	"segment":     "POST /v1/batch HTTP/1.1\n\n" + `{"batch":[{"type":"track","event":"x"}],"zz":"VALUE"}`,
	"snowplow": "POST /com.snowplowanalytics.snowplow/tp2 HTTP/1.1\n\n" +
		`{"schema":"s","data":[{"e":"pv","p":"web","tv":"x","zz":"VALUE"}]}`,
	"umami": "POST /api/send HTTP/1.1\n\n" +
		`{"type":"event","payload":{"website":"w","name":"x","url":"/","data":{"zz":"VALUE"}}}`,
}

// TestAWholeValueIsLookedUp: whatever a site calls it, at every vendor: a value that is as a whole an e-mail address or
// the international number of a telephone is an identifier; one that only holds such a thing is none.
func TestAWholeValueIsLookedUp(t *testing.T) {
	t.Parallel()
	p := compile(t, draft())
	keys := keysOf(p)
	for vendor, text := range underOwnName {
		form := strings.Contains(text, "=VALUE")
		for _, c := range []struct {
			class, id, value string
			found            bool
		}{
			{"email", "jane.doe@example.com", "jane.doe@example.com", true},
			{"email", "jane.doe@example.com", " Jane.Doe@EXAMPLE.com ", true},
			{"email", "j@x.de", "j@x.de", true},
			{"email", "jane.doe@example.com", "Jane Doe <jane.doe@example.com>", true},
			{"email", "jane.doe@example.com", "joe@example.com; mailto:jane.doe@example.com.", true},
			{"email", "jane.doe@example.com", "jane.doe\uff20example.com", true},
			{"email", "jane.doe@example.com", "\uff4aane.doe@example.com", true},
			{"email", "jane.doe@example.com", "jane.doe%40example.com", true},
			{"email", "jane@xn--mller-kva.example", "jane@m\u00fcller.example", true},
			{"email", "jane.doe@example.com", "written by jane.doe@example.com", false},
			{"email", "jane.doe@example", "jane.doe@example", false},
			{"email", strings.Repeat("j", 123) + "@x.de", strings.Repeat("j", 123) + "@x.de", true},
			{"email", strings.Repeat("j", 124) + "@x.de", strings.Repeat("j", 124) + "@x.de", false},
			{"phone", "+49 30 1234567", "+49301234567", true},
			{"phone", "+49 30 1234567", "0049 (0)30/123-4567", true},
			{"phone", "+49 30 1234567", "+49 30 1234567", true},
			{"phone", "+49 30 1234567", "tel:+49-30-1234567", true},
			{"phone", "+49 30 1234567", "(+49) 030 1234567 ext. 12", true},
			{"phone", "+49 30 1234567", "\uff0b\uff14\uff19 30 1234567", true},
			{"phone", "+49 30 1234567", "+\u0664\u0669\u0663\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0667", true},
			{"phone", "+49 30 1234567", "0301234567", false},
			{"phone", "+49 30 1234567", "+49 30 1234567 home", false},
			{"phone", "+1 234 567", "+1 234 567", false},
		} {
			values := []string{c.value}
			if form {
				values = []string{url.QueryEscape(c.value), strings.ReplaceAll(url.PathEscape(c.value), "+", "%2b")}
				if c.class == "email" {
					values = append(values, strings.ReplaceAll(c.value, " ", "%20"))
				}
			} else {
				values = append(values, strings.NewReplacer("@", `\u0040`, "+", `\u002B`).Replace(c.value))
			}
			of, err := p.Identities(keys, c.class, []byte(c.id))
			if err != nil {
				t.Fatal(err)
			}
			for _, value := range values {
				all := subjectsOf(t, p, keys, request(t, strings.Replace(text, "VALUE", value, 1), vendor))
				if found := slices.ContainsFunc(of, func(i rules.Identity) bool {
					return slices.Contains(all, i.Hash)
				}); found != c.found {
					t.Errorf("%s: %s found %t", vendor, value, found)
				}
			}
		}
	}
}

// TestWhatIsMentionedJoinsNothing: an address that stands under a name of the site's own in several
// events may be the shop's: it is looked up, and makes no one visitor of theirs; where a field beside it
// says that it is the visitor's, it does.
func TestWhatIsMentionedJoinsNothing(t *testing.T) {
	t.Parallel()
	p := compile(t, draft())
	for properties, joined := range map[string]bool{
		`"properties":{"zz":"shop@shop.example"}`:                                                      false,
		`"properties":{"zz":"+49 30 901820"}`:                                                          false,
		`"properties":{"zz":"shop@shop.example"},"traits":{"email":"Shop@shop.example"}`:               true,
		`"traits":{"email":"Shop@shop.example"},"properties":{"zz":"shop@shop.example"}`:               true,
		`"properties":{"zz":"shop@shop.example"},"anonymousId":"6f1c5a9e-1111-4222-8333-444455556666"`: true,
	} {
		one := `{"type":"track","event":"x",` + properties + `}`
		var j rules.Judgement
		r := request(t, "POST /v1/batch HTTP/1.1\nContent-Type: application/json\n\n"+`{"batch":[`+one+
			`,`+one+`]}`, "segment")
		if reason := readInto(&j, p, &rules.Inputs{Now: now, Keys: keysOf(p)}, r); reason != rules.Unjudged {
			t.Fatal(reason)
		}
		var v rules.Visitors
		v.Join(j.Subjects, 2)
		if len(j.Subjects) < 4 || (v.Of(1) == v.Of(0)) != joined {
			t.Errorf("%s: one visitor %t, of %d subjects", properties, v.Of(1) == v.Of(0), len(j.Subjects))
		}
	}
}
