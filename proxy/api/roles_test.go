package api

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/proxy/access"
)

// everybodysCalls are the calls that a token opens, each with the roles that open it; with one of the operator's alone
// none do.
var everybodysCalls = map[string]string{
	"POST /objections":              "objections-add privacy admin",
	"DELETE /objections":            "objections-withdraw privacy admin",
	"GET /objections":               "objections-read privacy admin",
	"POST /objections/check":        "objections-read privacy admin",
	"GET /objections/stats":         "objections-read analyst developer privacy admin",
	"POST /objections/decisions":    "objections-decide privacy admin",
	"DELETE /objections/decisions":  "objections-decide privacy admin",
	"GET /objections/decisions":     "objections-read privacy admin",
	"POST /receipts":                "receipts-add admin",
	"GET /ledger/key":               "proofs security admin",
	"GET /ledger/checkpoints":       "proofs security admin",
	"GET /ledger/records":           "security admin",
	"GET /ledger/records/{n}":       "security admin",
	"GET /ledger/records/{n}/why":   "security admin",
	"GET /ledger/records/{n}/proof": "security admin",
	"POST /ledger/records":          "security admin",
	"POST /ledger/export":           "security admin",
	"DELETE /ledger/audit":          "security admin",
	"POST /ledger/subject":          "privacy security admin",
	"POST /ledger/audit":            "security admin",
	"GET /ledger/audit":             "security admin",
	"GET /ledger/retention":         "privacy security admin",
	"GET /queue":                    "proofs security operator admin",
	"GET /queue/events":             "operator admin",
	"POST /queue/retry":             "operator admin",
	"POST /queue/purge":             "operator admin",
	"POST /tap":                     "developer admin",
	"GET /tap":                      "developer admin",
	"DELETE /tap":                   "developer admin",
	"GET /cluster":                  "security operator admin",
	"GET /tokens":                   "operator admin",
	"POST /tokens":                  "operator admin",
	"DELETE /tokens":                "operator admin",
	"GET /assessments":              "anybody",
	"GET /openapi.json":             "anybody",
	"POST /ledger/erase":            "",
	"POST /ledger/readings":         "",
	"POST /ledger/readings/end":     "",
	"POST /ledger/subjects/hashes":  "",
	"GET /objections/progress":      "",
	"GET /objections/backup":        "",
	"GET /objections/feed-key":      "",
	"POST /objections/links":        "",
	"POST /backup":                  "",
	"POST /cluster/restore":         "",
}

// rightBodies are bodies by which calls do something.
var rightBodies = map[string]string{
	"POST /objections":       `{"ids":{"email":"jane@example.com"},"all":true}`,
	"DELETE /objections":     `{"ids":{"email":"jane@example.com"},"all":true,"because":"x"}`,
	"POST /objections/check": `{"ids":{"email":"jane@example.com"}}`,
	"POST /objections/decisions": `{"ids":{"email":"joan@example.com"},"assessment":"LIA-1","by":"privacy",
		"because":"x","until":"2027-05-04"}`,
	"DELETE /objections/decisions": `{"number":1,"because":"x"}`,
	"POST /objections/links":       `{"ids":{"email":"jane@example.com"},"all":true}`,
	"POST /ledger/subject":         `{"ids":{"client_id":"777.888"}}`,
	"POST /receipts":               `{"site":"shop","ids":{"user_id":"cust-1"},"categories":{"analytics":true}}`,
	"POST /ledger/subjects/hashes": `{"ids":{"client_id":"777.888"}}`,
	"POST /ledger/erase":           `{"ids":{"client_id":"777.888"},"because":"request 17"}`,
	"POST /ledger/audit":           `{}`,
	"POST /ledger/records":         `{}`,
	"POST /ledger/export":          `{}`,
	"POST /ledger/readings":        `{"verb":"tail"}`,
	"POST /ledger/readings/end":    `{"reading":"0011223344556677","records":7}`,
	"POST /queue/retry":            `{"vendor":"ga4"}`,
	"POST /queue/purge":            `{"parked":true,"because":"x"}`,
	"POST /tokens":                 `{"name":"new","roles":["operator"]}`,
	"DELETE /tokens":               `{"name":"new"}`,
	"POST /tap":                    `{"vendor":["ga4"]}`,
	"POST /backup":                 `{"dir":"/somewhere"}`,
	"POST /cluster/restore":        `{"begin":true}`,
}

// TestRolesAreAsked: each call by each role is let in or refused, as the table says; the operator does everything.
func TestRolesAreAsked(t *testing.T) {
	if len(everybodysCalls) != len(calls) {
		t.Errorf("there are %d calls, and the table has %d", len(calls), len(everybodysCalls))
	}
	for _, role := range access.Roles() {
		a, l := withReviewed(t)
		a.options.Assessments = func(time.Time) any { return []string{} }
		a.face = New(a.options)
		a.call(a.face, "POST", Base+"/objections", `{"ids":{"email":"joan@example.com"},"all":true}`)
		token, err := a.tokens.Create(access.By{}, string(role), []access.Role{role}, nil, noon)
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range calls {
			name := one.method + " " + one.path
			roles, there := everybodysCalls[name]
			l.state.State = AuditNone
			want := 403
			switch {
			case !there:
				t.Fatalf("the table does not name %s", name)
			case roles == "":
				want = 404
			case roles == "anybody", slices.Contains(strings.Fields(roles), string(role)):
				want = 200
			}
			if want == 200 && name == "POST /ledger/audit" {
				want = 202
			}
			address := Base + strings.ReplaceAll(one.path, "{n}", "7")
			if one.path == "/tap" && one.method != "POST" {
				address += "?tap=0011223344556677"
			}
			if one.path == "/objections/progress" {
				address += "?file=f00d"
			}
			if w := a.call(a.face, one.method, address, rightBodies[name], "Authorization: Bearer "+token); w.Code != want {
				t.Errorf("%s may %s: %d %s", role, name, w.Code, w.Body)
			}
			if w := a.call(a.face, one.method, address, rightBodies[name], "Authorization: Bearer tw_x"); w.Code != 401 &&
				w.Code != 429 && roles != "" && roles != "anybody" {
				t.Errorf("anybody may %s: %d", name, w.Code)
			}
			l.state.State = AuditNone
			if role != access.Admin || one.path == "/backup" {
				continue
			}
			if w := a.call(a.operator, one.method, address, rightBodies[name]); w.Code >= 300 && want != 200 {
				t.Errorf("the operator may not %s: %d %s", name, w.Code, w.Body)
			}
		}
	}
}

func TestAuthorizationHeader(t *testing.T) {
	a := newAPI(t)
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
		{"POST", `{"name":"two","roles":["root"]}`, 422},
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
	if w := a.call(a.face, "GET", "/api/v1/objections", ""); w.Code != 200 {
		t.Errorf("another token: %d", w.Code)
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
		if w := a.call(a.operator, "POST", "/api/v1/tokens", `{"name":"c","roles":["objections-add"]}`); isProblem(
			t, w).Status != want {
			t.Errorf("%s: %d %s", what, w.Code, w.Body)
		}
		if w := a.call(a.face, "GET", "/api/v1/objections", ""); w.Code != 200 || len(a.reports) != 2 {
			t.Errorf("%s: the token that was there: %d, %q", what, w.Code, a.reports)
		}
	}
}
