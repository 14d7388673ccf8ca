package rules_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/minimise"
)

// TestANameIsTreatedAsWhatItSays: under a wildcard a well-known name's class holds beside the wildcard's, and the
// stricter treatment wins: a user's id that a site puts among its own properties is treated as one, not as any text.
func TestANameIsTreatedAsWhatItSays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, value, custom string
		class               string
		spec                minimise.Spec
		gone, there         string
	}{
		{"user_id", "cust-48213", "scrub", "user_id", minimise.Spec{Kind: minimise.Pseudonymise},
			"cust-48213", `"user_id":"`},
		{"user_id", "cust-48213", "keep", "user_id", minimise.Spec{Kind: minimise.Pseudonymise}, "cust-48213", `"user_id":"`},
		{"user_id", "cust-48213", "keep", "", minimise.Spec{}, "user_id", ""},
		{"page", "https://shop.example/account/12345/orders?token=abc", "scrub", "url", urlSpec, "12345",
			"/account/:id/orders"},
		{"client_id", "1234567890.1700000000", "scrub", "client_id", minimise.Spec{Kind: minimise.Derive,
			Derive: "daily_visitor"}, "1234567890.17", `"client_id":"`},
		{"contact_email", "jane.doe@example.com", "scrub", "email", keep, "jane.doe", "[email]"},
		{"email", "jane.doe@example.com", "scrub", "email", minimise.Spec{Kind: minimise.Hash, Hash: "sha256"},
			"jane.doe", `"email":"8`},
		{"language", "de-DE-1996", "keep", "language", primary, "1996", `"language":"de"`},
	} {
		d := draft()
		classes := maps.Clone(firstPart)
		delete(classes, "user_id")
		classes["custom"] = map[string]minimise.Spec{"scrub": scrubbed, "keep": keep}[c.custom]
		if c.class != "" {
			classes[c.class] = c.spec
		}
		d.Profiles[0].Classes = classes
		x := explain(t, compile(t, d), request(t, "POST /v1/t HTTP/1.1\nContent-Type: application/json\n\n"+
			`{"type":"track","event":"x","properties":{"`+c.name+`":"`+c.value+`"}}`, "segment", yes))
		if x.Forward == nil || sent(t, x).Holds(c.gone) || !strings.Contains(x.Forward.Body, c.there) {
			t.Errorf("%s, %s, custom: %s: %+v", c.name, c.class, c.custom, x.Forward)
		}
	}
}

// TestAnIdThatMayBeAUsersIsTreatedAsOne: once somebody has logged in, these fields hold the site's own id of them.
func TestAnIdThatMayBeAUsersIsTreatedAsOne(t *testing.T) {
	t.Parallel()
	d := draft()
	classes := maps.Clone(firstPart)
	classes["client_id"], classes["custom"] = keep, keep
	classes["user_id"] = minimise.Spec{Kind: minimise.Pseudonymise,
		Pseudonymise: minimise.PseudonymiseSpec{Rotate: "never"}}
	d.Profiles[0].Classes = classes
	p := compile(t, d)
	for vendor, text := range map[string]string{
		"posthog": "POST /e/ HTTP/1.1\nContent-Type: application/json\n\n" +
			`{"event":"$identify","properties":{"token":"t","distinct_id":"cust-48213","$anon_distinct_id":"ID"}}`,
		"mixpanel": "POST /track/ HTTP/1.1\nContent-Type: application/json\n\n" +
			`[{"event":"$identify","properties":{"token":"t","distinct_id":"cust-48213","$anon_distinct_id":"ID"}}]`,
	} {
		const anonymous = "019c5cb3-5d3c-7f1e-8c9a-0d1e2f3a4b5c"
		x := explain(t, p, request(t, strings.ReplaceAll(text, "ID", anonymous), vendor, yes))
		if x.Forward == nil || strings.Contains(x.Forward.Body, "cust-48213") ||
			!strings.Contains(x.Forward.Body, `"distinct_id":"`) {
			t.Errorf("%s: %+v", vendor, x.Forward)
			continue
		}
		// The id before and after logging in are still tied: what was the distinct id of the
		// first hits is the anonymous one of this.
		first := explain(t, p, request(t, strings.ReplaceAll(strings.ReplaceAll(text, "cust-48213", anonymous),
			"$identify", "x"), vendor, yes))
		_, id, _ := strings.Cut(first.Forward.Body, `"distinct_id":"`)
		id, _, _ = strings.Cut(id, `"`)
		if !strings.Contains(x.Forward.Body, `"$anon_distinct_id":"`+id+`"`) {
			t.Errorf("%s: %s was the id, then %s", vendor, id, x.Forward.Body)
		}
	}
}

// TestAnAddressIsTreatedAsOneWhereverItStands: the rule for addresses covers every field that
// holds one, whatever the site calls it.
func TestAnAddressIsTreatedAsOneWhereverItStands(t *testing.T) {
	t.Parallel()
	const secret = "https://shop.example/account/12345/orders?token=abc"
	text := "POST /e/ HTTP/1.1\nContent-Type: application/json\n\n" +
		`{"event":"x","properties":{"token":"t","distinct_id":"d","seen":"ADDRESS","all":[" HTTPS://shop.example/account/12345/orders?token=abc"],"$initial_person_info":{"u":"ADDRESS"},"$elements_chain":"ADDRESS","x1":"see ADDRESS"}}`
	for _, listed := range []bool{true, false} {
		d := draft()
		classes := maps.Clone(firstPart)
		classes["custom"], classes["element"] = scrubbed, scrubbed
		if !listed {
			delete(classes, "url")
		}
		d.Profiles[0].Classes = classes
		x := explain(t, compile(t, d), request(t, strings.ReplaceAll(text, "ADDRESS", secret), "posthog", yes))
		if x.Forward == nil {
			t.Fatal(x.Reason)
		}
		body := x.Forward.Body
		body, note, _ := strings.Cut(body, `"x1":`)
		if strings.Contains(body, "12345") || strings.Contains(body, "abc") ||
			strings.Contains(body, "/account/:id/orders") != listed {
			t.Errorf("url listed %v: %s", listed, body)
		}
		if !strings.Contains(note, "see ") {
			t.Errorf("a text with an address in it is gone: %s", note)
		}
	}
}
