package rules_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// agents are, for each vendor that has both, a hit with a place of the vendor's own for a person, OWN, and one under
// names of the site's, SITE.
var agents = map[string]struct{ text, own, site string }{
	"segment":     {batched, `"userId":"ID"`, `"properties":{"customer":{"NAME":"ID"}}`},
	"rudderstack": {batched, `"userId":"ID"`, `"properties":{"customer":{"NAME":"ID"}}`},
	"jitsu":       {batched, `"context":{"traits":{"id":"ID"}}`, `"properties":{"customer":{"NAME":"ID"}}`},
	"amplitude": {"POST /2/httpapi HTTP/1.1\n\n" +
		`{"api_key":"k","events":[{"event_type":"x","device_id":"BROWSER",OWN,SITE}]}`,
		`"user_id":"ID"`, `"event_properties":{"customer_NAME":"ID"}`},
	"mixpanel": {"POST /track/ HTTP/1.1\n\n" +
		`[{"event":"x","properties":{"token":"t","$device_id":"BROWSER",OWN,SITE}}]`,
		`"$user_id":"ID"`, `"customer_NAME":"ID"`},
	"posthog": {"POST /e/ HTTP/1.1\n\n" + `{"event":"x","properties":{"token":"t","$device_id":"BROWSER",OWN,SITE}}`,
		`"$user_id":"ID"`, `"customer_NAME":"ID"`},
	"ga4_mp": {"POST /mp/collect?measurement_id=G-1&api_secret=s HTTP/1.1\n\n" +
		`{"client_id":"1.2",OWN,"events":[{"name":"x","params":{SITE}}]}`, `"user_id":"ID"`, `"customer_NAME":"ID"`},
	"ga4": {"POST /g/collect?v=2&tid=G-1&cid=1.2&OWN HTTP/1.1\n\nen=x&SITE", "uid=ID", "ep.customer_NAME=ID"},
	"umami": {"POST /api/send HTTP/1.1\n\n" +
		`{"type":"event","payload":{"website":"w","name":"x","url":"/",OWN,"data":{SITE}}}`, `"id":"ID"`,
		`"customer_NAME":"ID"`},
	"meta_capi": {"POST /v21.0/1/events HTTP/1.1\n\n" +
		`{"data":[{"event_name":"x","user_data":{OWN},"custom_data":{SITE}}]}`,
		`"external_id":"ID"`, `"customer_NAME":"ID"`},
}

const batched = "POST /v1/batch HTTP/1.1\n\n" +
	`{"batch":[{"type":"track","event":"x","anonymousId":"BROWSER",OWN,SITE}]}`

// kindsOf lists what kinds an identifier's subjects in a hit are of.
func kindsOf(t *testing.T, p *rules.Policy, r hit.Request, name, id string) (all []rules.SubjectKind) {
	t.Helper()
	in := &rules.Inputs{Now: now, Keys: keysOf(p), NewestForm: true}
	var j rules.Judgement
	if reason := readInto(&j, p, in, r); reason != rules.Unjudged {
		t.Fatalf("%v of %s", reason, r.Body)
	}
	of, err := p.Identities(in.Keys, name, []byte(id))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range j.Subjects {
		for i := range of {
			if of[i].Hash == s.Hash {
				all = append(all, s.Kind)
			}
		}
	}
	return all
}

// TestAnotherPersonsWordLeadsNobody: who is named below a "*", in an event that names another person where the vendor
// says, is looked up, and is not who the event's browser is; where nobody else is named, or the same one, it is.
func TestAnotherPersonsWordLeadsNobody(t *testing.T) {
	t.Parallel()
	p := compile(t, draft())
	const mail = "jane.doe@example.com"
	for vendor, c := range agents {
		for _, of := range []struct {
			own, name, site, class string
			want                   rules.SubjectKind
		}{
			{"admin-7", "email", mail, "email", rules.Mentioned},
			{"admin-7", "phone", "0049 30 901820", "phone", rules.Mentioned},
			{"admin-7", "id", "cust-1", "user_id", rules.Mentioned},
			{"", "email", mail, "email", rules.Person},
			{"null", "email", mail, "email", rules.Person},
			{"cust-1", "id", "cust-1", "user_id", rules.Person},
			{mail, "email", mail, "email", rules.Person},
		} {
			sign := func(text, id string) string {
				return strings.NewReplacer("NAME", of.name, "ID", id).Replace(text)
			}
			text := strings.NewReplacer("OWN", sign(c.own, of.own), "SITE", sign(c.site, of.site),
				"BROWSER", "b1946ac9-1111-4222-8333-444455556666").Replace(c.text)
			id := strings.Replace(of.site, "0049 ", "+49 ", 1)
			kinds := kindsOf(t, p, request(t, text, vendor), of.class, id)
			if len(kinds) == 0 {
				t.Errorf("%s: %s is not looked up: %s", vendor, of.site, text)
			}
			for _, kind := range kinds {
				if kind != of.want {
					t.Errorf("%s: %s beside %q is %v, want %v", vendor, of.site, of.own, kind, of.want)
				}
			}
		}
	}
}

// TestAnotherEventsPersonIsNotBeside: what one event names where the vendor says is said of that event alone.
func TestAnotherEventsPersonIsNotBeside(t *testing.T) {
	t.Parallel()
	p := compile(t, draft())
	const site = `{"type":"track","event":"x","properties":{"customer":{"email":"jane.doe@example.com"}}`
	for more, want := range map[string]rules.SubjectKind{
		`},{"type":"track","event":"y","userId":"admin-7"}]`: rules.Person,
		`,"userId":"admin-7"}]`:                              rules.Mentioned,
		`}],"userId":"admin-7"`:                              rules.Mentioned,
		`}],"context":{"traits":{"email":"a@shop.example"}}`: rules.Mentioned,
	} {
		body := `{"batch":[` + site + more + `}`
		r := request(t, "POST /v1/batch HTTP/1.1\n\n"+body, "segment")
		for _, kind := range kindsOf(t, p, r, "email", "jane.doe@example.com") {
			if kind != want {
				t.Errorf("%s: %v", body, kind)
			}
		}
	}
	cookie := request(t, "POST /v1/track HTTP/1.1\n\n"+site+"}", "segment", "Cookie: ajs_user_id=admin-7")
	for _, kind := range kindsOf(t, p, cookie, "email", "jane.doe@example.com") {
		if kind != rules.Mentioned {
			t.Errorf("beside a cookie: %v", kind)
		}
	}
}

// TestAPolicysFieldIsOfTheSitesWord: that a policy names a field makes it no place of the vendor's.
func TestAPolicysFieldIsOfTheSitesWord(t *testing.T) {
	t.Parallel()
	d := draft()
	d.Profiles[0].Fields = map[string]map[string]minimise.Spec{"segment": {"properties.customer.email": keep}}
	p := compile(t, d)
	r := request(t, "POST /v1/track HTTP/1.1\n\n"+
		`{"type":"track","event":"x","userId":"admin-7","properties":{"customer":{"email":"jane.doe@example.com"}}}`,
		"segment")
	kinds := kindsOf(t, p, r, "email", "jane.doe@example.com")
	if len(kinds) != 2 || kinds[0] != rules.Mentioned || kinds[1] != rules.Mentioned {
		t.Errorf("%v", kinds)
	}
}

// TestWhatManyShareJoinsNobody: an id of an account, a company, a group, a session or an order is looked up and makes
// no visitor one with another, wherever it stands; one of a person does.
func TestWhatManyShareJoinsNobody(t *testing.T) {
	t.Parallel()
	p := compile(t, draft())
	in := &rules.Inputs{Now: now, Keys: keysOf(p)}
	for want, types := range map[bool][]string{
		false: {
			"company_id", "account_id", "accountId", "account", "group_id", "organization_id", "organisationId", "org_id",
			"team_id", "workspace_id", "tenant_id", "household_id", "family_id", "session_id", "order_id", "transaction_id",
			"event_id", "cart_id", "invoice_number", "konto_id", "compte_id", "salesforce_account_id", "segment_group_id",
			"store_id", "campaign_id", "crm_account_id", "legacy",
		},
		true: {"user_id", "customer_id", "kundennummer", "member_id", "crm_id", "loyalty_number"},
	} {
		for _, kind := range types {
			for vendor, members := range map[string]string{"segment": "externalIds", "rudderstack": "externalId",
				"jitsu": "externalIds"} {
				one := fmt.Sprintf(`{"type":"track","event":"x","context":{%q:[{"type":%q,"id":"k-17","collection":"users"}]}}`,
					members, kind)
				joined(t, p, in, vendor, one, want)
			}
			if want || kind == "account_id" || kind == "konto_id" {
				joined(t, p, in, "segment", fmt.Sprintf(`{"type":"track","event":"x","properties":{%q:"k-17"}}`, kind), want)
			}
		}
	}
	joined(t, p, in, "segment", `{"type":"track","event":"x","properties":{"account":{"id":"k-17"}}}`, false)
	joined(t, p, in, "segment", `{"type":"track","event":"x","properties":{"customer":{"id":"k-17"}}}`, true)
	for _, id := range []string{"k-17", "jane.doe@example.com"} {
		one := `{"type":"track","event":"x","context":{"externalIds":[{"type":"account_id","id":"` + id + `"}]}}`
		r := request(t, "POST /v1/track HTTP/1.1\n\n"+one, "segment")
		if kinds := kindsOf(t, p, r, "user_id", id); len(kinds) == 0 || kinds[0] != rules.Mentioned {
			t.Errorf("%s of an account is %v", id, kinds)
		}
	}
}

func joined(t *testing.T, p *rules.Policy, in *rules.Inputs, vendor, one string, want bool) {
	t.Helper()
	var j rules.Judgement
	r := request(t, "POST /v1/batch HTTP/1.1\n\n"+`{"batch":[`+one+`,`+one+`]}`, vendor)
	if reason := readInto(&j, p, in, r); reason != rules.Unjudged {
		t.Fatal(reason)
	}
	var v rules.Visitors
	v.Join(j.Subjects, 2)
	if len(j.Subjects) == 0 || (v.Of(1) == 0) != want {
		t.Errorf("%s: %s: one visitor %t", vendor, one, v.Of(1) == 0)
	}
}

// TestAUserIDInTheFormOfAnSDKsIsFound: sites give their users ids that look as an SDK's, and put them where the SDK has
// its own. Whoever objected by such a one as a user id is found there, in every vendor.
func TestAUserIDInTheFormOfAnSDKsIsFound(t *testing.T) {
	t.Parallel()
	p := compile(t, draft())
	in := &rules.Inputs{Now: now, Keys: keysOf(p), NewestForm: true}
	ids := []string{
		"6f1c5a9e-1111-4222-8333-444455556666", "6F1C5A9E-1111-4222-8333-444455556666", "0123456789abcdef",
		"0123456789abcdef0123456789abcdef",
	}
	tried := map[string]int{}
	for _, vendor := range catalog.BuiltinIDs() {
		f, _ := catalog.Builtin(vendor)
		for _, e := range f.Endpoints {
			for _, place := range idPlacesOf(f, &e) {
				if class := place.field.Class; class != "client_id" && class != "device_id" || place.field.Hashed != "" {
					continue
				}
				for _, id := range ids {
					text, ok := place.requestWith(t, f, &e, id)
					var j rules.Judgement
					if !ok || readInto(&j, p, in, request(t, text, vendor)) != rules.Unjudged {
						continue
					}
					tried[vendor]++
					of, err := p.Identities(in.Keys, "user_id", []byte(id))
					if err != nil {
						t.Fatal(err)
					}
					if !slices.ContainsFunc(j.Subjects, func(s rules.Subject) bool { return s.Hash == of[0].Hash }) {
						t.Errorf("%s: %s: %s is not looked up as a user's", vendor, place.path, id)
					}
				}
			}
		}
	}
	for _, vendor := range []string{"ga4", "segment", "mixpanel", "posthog", "amplitude", "matomo",
		"meta_pixel", "snowplow"} {
		if tried[vendor] == 0 {
			t.Errorf("%s: no place was tried", vendor)
		}
	}
	r := request(t, "POST /g/collect?v=2&tid=G-1&en=a HTTP/1.1\n\n", "ga4", "Cookie: _ga=GA1.1.1234567890.1700000000")
	if kinds := kindsOf(t, p, r, "user_id", "1234567890.1700000000"); len(kinds) != 0 {
		t.Error("two numbers with a dot, which nobody gives a user, are looked up as a user's")
	}
}

// TestAHashOfAUserIDFindsThePlainOne: who is known by the hash of a user id alone, in whatever dress, is found where
// the id stands in plain, as it is written there or in small letters.
func TestAHashOfAUserIDFindsThePlainOne(t *testing.T) {
	t.Parallel()
	p := compile(t, draft())
	for _, c := range []struct{ id, hashed string }{
		{"cust-7", "cust-7"}, {"Cust-7", "Cust-7"}, {"Cust-7", "cust-7"}, {" 48213 ", "48213"},
		{"jane@example.com", "jane@example.com"},
		{"6f1c5a9e-1111-4222-8333-444455556666", "6f1c5a9e-1111-4222-8333-444455556666"},
	} {
		for _, hash := range []string{sha(c.hashed), strings.ToUpper(sha(c.hashed)), "sha256:" + sha(c.hashed)} {
			for vendor, text := range map[string]string{
				"segment": batched, "ga4": agents["ga4"].text, "amplitude": agents["amplitude"].text,
				"posthog":  agents["posthog"].text,
				"mixpanel": agents["mixpanel"].text,
			} {
				own := agents[vendor].own
				id := c.id
				if vendor == "ga4" {
					id = strings.ReplaceAll(id, " ", "%20")
				}
				text = strings.NewReplacer("OWN", strings.Replace(own, "ID", id, 1), ",SITE", "", "&SITE", "").Replace(text)
				kinds := kindsOf(t, p, request(t, text, vendor), "user_id", hash)
				if !slices.Contains(kinds, rules.Person) {
					t.Errorf("%s: %q is not found by %s of %q: %v", vendor, c.id, hash, c.hashed, kinds)
				}
			}
		}
	}
}
