package rules_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// TestSpellingsOfOneIdentifier: two spellings of one e-mail address, phone number or id get one pseudonym and one
// subject, in any position of a hit and in two hits; two identifiers get two.
func TestSpellingsOfOneIdentifier(t *testing.T) {
	t.Parallel()
	d := draft()
	classes := everything()
	for _, class := range []string{"email", "phone", "user_id", "client_id"} {
		classes[class] = daily
	}
	d.Profiles[0].Classes = classes
	p := compile(t, d)
	for _, c := range []struct {
		field string
		same  []string
		other string
	}{
		{"context.traits.email", []string{"jane.doe@example.com", "Jane.Doe@Example.COM", " jane.doe@example.com ",
			"JANE.DOE@EXAMPLE.COM"}, "jane.d@example.com"},
		{"context.traits.phone", []string{"+49301234567", "+49 (0)30 1234567", "0049 30 1234567", "+49-30-1234567",
			"0049301234567", "49301234567"}, "+49301234568"},
		{"anonymousId", []string{"836f82db-9912-4b34-8101-1f16b49dfa5f", " 836f82db-9912-4b34-8101-1f16b49dfa5f\n"},
			"836f82db-9912-4b34-8101-1f16b49dfa5e"},
		{"userId", []string{"48213", " 48213 ", "\u00a048213"}, "48214"},
		{"userId", []string{"cust-48213", " cust-48213", "cust-48213 "}, "CUST-48213"},
	} {
		pseudonyms := map[string]bool{}
		subjects := map[[16]byte]bool{}
		get := func(value string) (string, [16]byte) {
			t.Helper()
			member := c.field[strings.LastIndexByte(c.field, '.')+1:]
			text, err := json.Marshal(map[string]string{member: value})
			if err != nil {
				t.Fatal(err)
			}
			event := `"type":"track","event":"x","messageId":"m",` + string(text[1:])
			if strings.HasPrefix(c.field, "context.") {
				event = `"type":"track","event":"x","messageId":"m","context":{"traits":` + string(text) + `}}`
			}
			r := request(t, "POST /v1/batch"+asJSON+`{"batch":[{"type":"track","event":"y"},{`+event+`]}`, "segment", yes)
			x := explain(t, p, r)
			if x.Forward == nil {
				t.Fatal(x.Reason)
			}
			keys := keysOf(p)
			return sentField(t, x, 1, c.field), subjectsOf(t, p, keys, r)[0]
		}
		for _, spelling := range c.same {
			pseudo, subject := get(spelling)
			pseudonyms[pseudo], subjects[subject] = true, true
		}
		if len(pseudonyms) != 1 || pseudonyms[""] || len(subjects) != 1 {
			t.Errorf("%s: %q are %d pseudonyms and %d subjects", c.field, c.same, len(pseudonyms), len(subjects))
		}
		if pseudo, subject := get(c.other); pseudonyms[pseudo] || subjects[subject] {
			t.Errorf("%s: %q passes for %q", c.field, c.other, c.same[0])
		}
	}
}

// TestWhatIsAHashAndWhatIsNot: an address as long as a hash is an address, and its objection is found; a hash with
// one character that is none is nothing.
func TestWhatIsAHashAndWhatIsNot(t *testing.T) {
	t.Parallel()
	p := compile(t, draft())
	keys := keysOf(p)
	event := func(address string) hit.Request {
		return request(t, "POST /v1/t"+asJSON+`{"type":"track","event":"x","messageId":"m","context":{"traits":{"email":"`+
			address+`"}}}`, "segment")
	}
	const domain = "@example.com"
	for _, length := range []int{31, 32, 33, 63, 64, 65} {
		for _, filler := range []string{"a", "f", "g", "0", "z"} {
			address := strings.Repeat(filler, length-len(domain)) + domain
			of, err := p.Identities(keys, "email", []byte(address))
			if err != nil {
				t.Fatal(err)
			}
			found := subjectsOf(t, p, keys, event(address))
			if !slices.ContainsFunc(of, func(i rules.Identity) bool { return slices.Contains(found, i.Hash) }) {
				t.Errorf("an objection of %q is not found", address)
			}
		}
	}
	for _, hash := range []string{sha("jane.doe@example.com"), md("jane.doe@example.com")} {
		if len(subjectsOf(t, p, keys, event(hash))) != 1 || len(subjectsOf(t, p, keys, event(strings.ToUpper(hash)))) != 1 {
			t.Errorf("%q is not read as a hash", hash)
		}
		for i := range hash {
			for _, c := range []string{"g", "G", "/", ":", "`", "@"} {
				if broken := hash[:i] + c + hash[i+1:]; c != "@" && len(subjectsOf(t, p, keys, event(broken))) != 0 {
					t.Fatalf("%q is taken for a hash", broken)
				}
			}
		}
	}
}

// TestEachIdentifierIsLookedUpOnce: what a hit says twice is looked up once, and as often again when the
// same judgement reads it after others.
func TestEachIdentifierIsLookedUpOnce(t *testing.T) {
	t.Parallel()
	g := newJudging(t)
	track := func(members string) string { return `{"type":"track","event":"x","messageId":"m"` + members + `}` }
	segment := func(events ...string) hit.Request {
		return request(t, "POST /v1/batch"+asJSON+`{"batch":[`+strings.Join(events, ",")+`]}`, "segment", yes)
	}
	ga4 := func(query, cookie, body string) hit.Request {
		return request(t, "POST /g/collect?v=2&tid=G-1"+query+" HTTP/1.1\n\n"+body, "ga4", yes+cookie)
	}
	hits := []struct {
		name string
		hit  hit.Request
		want int
	}{
		{"an id", segment(track(`,"userId":"u-1"`)), 2},                             // and its hash
		{"the same twice", segment(track(`,"userId":"u-1","previousId":"u-1"`)), 3}, // of two classes
		{"of two events", segment(track(`,"userId":"u-1"`), track(`,"userId":"u-1"`)), 4},
		// SHA-256 and MD5
		{"an address twice", segment(
			track(`,"context":{"traits":{"email":"jane@example.com"}},"traits":{"email":"JANE@example.com"}`)), 2},
		{"two addresses", segment(
			track(`,"context":{"traits":{"email":"jane@example.com"}},"traits":{"email":"joe@example.com"}`)), 4},
		{"shared by two events", ga4("&uid=u-1", "", "en=a\nen=b"), 2},
		{"shared, and again of each", ga4("&uid=u-1", "", "en=a&uid=u-1\nen=b&uid=u-1"), 2},
		{"shared, and others", ga4("&uid=u-1", "", "en=a&uid=u-2\nen=b&uid=u-3"), 6},
		{"in a cookie too", ga4("&cid=555.666", "; _ga=GA1.1.555.666", ""), 1},
		{"in two cookies", ga4("&cid=555.666", "; _ga=GA1.1.555.667; _ga=GA1.1.555.668", ""), 3},
	}
	first := map[string][]rules.Subject{}
	for range 3 {
		for _, c := range hits {
			if reason := g.judge(&c.hit); reason != rules.Unjudged {
				t.Fatalf("%s: %v", c.name, reason)
			}
			if got := g.j.Subjects; len(got) != c.want {
				t.Errorf("%s: %d identifiers are looked up, want %d", c.name, len(got), c.want)
			}
			if was, seen := first[c.name]; seen && !slices.Equal(was, g.j.Subjects) {
				t.Errorf("%s: other identifiers than before", c.name)
			}
			first[c.name] = slices.Clone(g.j.Subjects)
		}
		slices.Reverse(hits)
	}
}
