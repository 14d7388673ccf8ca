package api

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/proxy/access"
)

func TestRolesAreAsked(t *testing.T) {
	a := newAPI(t)
	bodies := map[string]string{
		"POST/objections":       `{"ids":{"email":"jane@example.com"},"all":true}`,
		"DELETE/objections":     `{"ids":{"email":"jane@example.com"},"all":true,"because":"x"}`,
		"POST/objections/check": `{"ids":{"email":"jane@example.com"}}`,
		"POST/objections/decisions": `{"ids":{"email":"joan@example.com"},"assessment":"LIA-1","by":"privacy",
			"because":"x","until":"2027-05-04"}`,
		"DELETE/objections/decisions": `{"number":1,"because":"x"}`,
		"POST/receipts":               `{"site":"shop","ids":{"user_id":"cust-1"},"categories":{"analytics":true}}`,
	}
	a.call(a.face, "POST", Base+"/objections", `{"ids":{"email":"joan@example.com"},"all":true}`)
	for _, role := range access.Roles() {
		token, err := a.tokens.Create(string(role), []access.Role{role}, nil, noon)
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range calls {
			want := map[access.Permission]int{"": 404, anybody: 503}[one.may]
			if want == 0 {
				want = map[bool]int{true: 200, false: 403}[role.May(one.may)]
			}
			if w := a.call(a.face, one.method, Base+one.path, bodies[one.method+one.path],
				"Authorization: Bearer "+token); w.Code != want {
				t.Errorf("%s may %s %s: %d %s", role, one.method, one.path, w.Code, w.Body)
			}
		}
	}
	for _, header := range []string{
		"", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "Bearer tw_AAAA", "Basic " + a.bearer, "Token " + a.bearer, a.bearer,
		"Bearer" + a.bearer,
	} {
		w := a.call(a.face, "GET", "/api/v1/objections", "", "Authorization: "+header)
		if w.Code != 401 || w.Header().Get("WWW-Authenticate") == "" {
			t.Errorf("%q: %d", header, w.Code)
		}
	}
}

func TestTokensByTheOperator(t *testing.T) {
	a := newAPI(t)
	w := a.call(a.operator, "POST", "/api/v1/tokens",
		`{"name":"mail","roles":["objections-add"],"expires":"2026-12-02T00:00:00Z"}`)
	var made Made
	if err := json.Unmarshal(w.Body.Bytes(), &made); err != nil || w.Code != 200 {
		t.Fatal(err, w.Code, w.Body)
	}
	const body = `{"ids":{"email":"jane@example.com"},"all":true}`
	if w := a.call(a.face, "POST", "/api/v1/objections", body, "Authorization: Bearer "+made.Token); w.Code != 200 {
		t.Errorf("it does not open at once: %d", w.Code)
	}
	if w := a.call(a.operator, "GET", "/api/v1/tokens", ""); strings.Contains(w.Body.String(), "sha256") ||
		!strings.Contains(w.Body.String(), `"name":"mail","roles":["objections-add"]`) {
		t.Errorf("%s", w.Body)
	}
	for _, test := range []struct {
		method, body string
		status       int
	}{
		{"POST", `{"name":"mail","roles":["objections-add"]}`, 409},
		{"POST", `{"name":"two","roles":["admin"]}`, 422},
		{"POST", `{"name":"two","roles":[]}`, 422},
		{"POST", `{"name":"two"}`, 422},
		{"POST", `{"name":"two","roles":["objections-add"],"expires":"2020-01-01T00:00:00Z"}`, 422},
		{"POST", `{"name":"two","roles":["objections-add"],"expires":"soon"}`, 422},
		{"DELETE", `{"name":"two"}`, 404},
		{"DELETE", `[`, 400},
		{"DELETE", `{"name":7}`, 422},
		{"DELETE", `{"name":"mail","and":"more"}`, 422},
		{"DELETE", `{"name":"mail"}`, 200},
	} {
		if w := a.call(a.operator, test.method, "/api/v1/tokens", test.body); w.Code != test.status {
			t.Errorf("%s %s: %d %s", test.method, test.body, w.Code, w.Body)
		}
	}
	if w := a.call(a.face, "POST", "/api/v1/objections", body, "Authorization: Bearer "+made.Token); w.Code != 401 {
		t.Errorf("it opens when it was revoked: %d", w.Code)
	}
	if w := a.call(a.face, "GET", "/api/v1/tokens", ""); w.Code != 404 {
		t.Errorf("tokens list tokens: %d", w.Code)
	}
}

// TestTokensThatCannotBeKeptAreTold: who asks for a token is told that none can be made; one that is there opens, and
// it is reported that its day of use could not be kept.
func TestTokensThatCannotBeKeptAreTold(t *testing.T) {
	for what, breaks := range map[string]func(path string) error{
		"broken":   func(path string) error { return os.WriteFile(path, []byte("{"), 0o600) },
		"a folder": func(path string) error { return errors.Join(os.Remove(path), os.Mkdir(path, 0o700)) },
	} {
		a := newAPI(t)
		if err := breaks(filepath.Join(a.data, access.TokensFile)); err != nil {
			t.Fatal(err)
		}
		want := map[string]int{"broken": 503, "a folder": 422}[what]
		if w := a.call(a.operator, "POST", "/api/v1/tokens", `{"name":"c","roles":["objections-add"]}`); isProblem(t, w).Status != want {
			t.Errorf("%s: %d %s", what, w.Code, w.Body)
		}
		if w := a.call(a.face, "GET", "/api/v1/objections", ""); w.Code != 200 || len(a.reports) != 2 {
			t.Errorf("%s: the token that was there: %d, %q", what, w.Code, a.reports)
		}
	}
}
