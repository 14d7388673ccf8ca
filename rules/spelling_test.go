package rules_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// TestSpellingsOfOneIdentifier: two spellings of one e-mail address, phone number or id get one pseudonym and one subject, in any position of a hit and in
// two hits; two identifiers get two.
func TestSpellingsOfOneIdentifier(t *testing.T) {
	d := draft()
	classes := everything()
	for _, class := range []string{"email", "phone", "user_id"} {
		classes[class] = daily
	}
	d.Profiles[0].Classes = classes
	p := compile(t, d)
	for _, c := range []struct {
		field string
		same  []string
		other string
	}{
		{"context.traits.email", []string{"jane.doe@example.com", "Jane.Doe@Example.COM", " jane.doe@example.com ", "JANE.DOE@EXAMPLE.COM"}, "jane.d@example.com"},
		{"context.traits.phone", []string{"+49301234567", "+49 (0)30 1234567", "0049 30 1234567", "+49-30-1234567"}, "+49301234568"},
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
			keys := rules.NewKeys(pseudonym.TestRoot, p, now)
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
