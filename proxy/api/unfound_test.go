package api

import (
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/proxy/objection"
)

// TestWhomNobodyIs: of an identifier that nobody can have nothing new is recorded. A look-up finds what was recorded by
// it before, and where nothing was it says why nothing is, and not that nobody objected.
func TestWhomNobodyIs(t *testing.T) {
	t.Parallel()
	const noDomain = "nothing is recorded by such an identifier: email: no domain is named like the one behind the @"
	a := newAPI(t)
	// An earlier version recorded one.
	subjects, err := a.subjects(0, []objection.ID{{Name: "email", Value: "old@shop..example"}})
	if err != nil {
		t.Fatal(err)
	}
	for i := range subjects {
		a.standing[subjects[i].Hash] = []string{"ads"}
	}
	const h1, old, fine = `"ids":{"email":"h1@shop..example"}`, `"ids":{"email":"old@shop..example"}`,
		`"ids":{"email":"h1@shop.example"}`
	const check, because = "/objections/check", `"because":"x"}`
	for _, c := range []struct{ method, path, body, want, not string }{
		{"POST", "/objections", "{" + h1 + `,"all":true}`, "no domain is named", "in_force"},
		{"POST", check, "{" + h1 + "}", `{"in_force":[],"detail":"` + noDomain, ""},
		{"POST", check, "{" + fine + "}", `{"in_force":[]}`, "detail"},
		{"POST", check, `{"ids":{"user_id":"null"}}`, "user_id: it stands where somebody has no identifier", ""},
		{"POST", check, "{" + old + "}", `"in_force":["ads"]`, "detail"},
		{"POST", check, `{"subjects":[{` + fine + "},{" + h1 + "}]}",
			`{"subjects":[{"in_force":[]},{"in_force":[],"detail":"` + noDomain, ""},
		{"DELETE", "/objections", "{" + h1 + `,"all":true,` + because, `"detail":"` + noDomain, ""},
		{"DELETE", "/objections", "{" + fine + `,"all":true,` + because, `"new":false`, "detail"},
		{"DELETE", "/objections", "{" + old + `,"purposes":["ads"],` + because, `"new":true`, "detail"},
	} {
		w := a.call(a.face, c.method, "/api/v1"+c.path, c.body)
		text := w.Body.String()
		if !strings.Contains(text, c.want) || c.not != "" && strings.Contains(text, c.not) ||
			strings.Contains(text, "h1@") {
			t.Errorf("%s %s %s: %d %s", c.method, c.path, c.body, w.Code, text)
		}
	}
}
