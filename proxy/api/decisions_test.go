package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/proxy/objection"
)

const decides = `{"ids":{"email":"jane@example.com"},"assessment":"LIA-1","purposes":["security"],"until":"2027-05-04",
	"by":"privacy","because":"three stolen accounts","told":"by letter","restriction":true}`

// TestDecisions: what a person decided is taken whole, listed without whom it is for, shown with what is in force, and
// taken back by its number.
func TestDecisions(t *testing.T) {
	a := newAPI(t)
	a.call(a.face, "POST", "/api/v1/objections", `{"ids":{"email":"jane@example.com"},"all":true}`)
	w := a.call(a.face, "POST", "/api/v1/objections/decisions", decides)
	var made Decided
	if err := json.Unmarshal(w.Body.Bytes(), &made); err != nil || w.Code != 200 {
		t.Fatal(err, w.Code, w.Body)
	}
	if made.Number != 1 || fmt.Sprint(made.InForce, made.IDs) != "[all] [{email j***@example.com}]" {
		t.Errorf("%+v", made)
	}
	c := a.last.Acts[0].Change
	d := c.Decide
	got := fmt.Sprint(d.Assessment, d.Purposes, d.Until, " ", d.By, " ", d.Because, " ", d.Told, d.Restriction, c.By,
		c.Source, c.Holder.Kind)
	const want = "LIA-1[security] 2027-05-05 00:00:00 +0000 UTC privacy three stolen accounts by lettertruecrmapi role"
	if strings.ReplaceAll(got, " ", "") != strings.ReplaceAll(want, " ", "") {
		t.Errorf("%s, want %s", got, want)
	}
	for _, path := range []string{"GET /objections/decisions", "POST /objections/check"} {
		method, path, _ := strings.Cut(path, " ")
		w := a.call(a.face, method, Base+path, map[string]string{"POST": `{"ids":{"email":"jane@example.com"}}`}[method])
		for _, text := range []string{`"number":1`, `"until":"2027-05-05T00:00:00Z"`, `"because":"three stolen accounts"`,
			`"told":"by letter"`} {
			if w.Code != 200 || !strings.Contains(w.Body.String(), text) || strings.Contains(w.Body.String(), "jane") {
				t.Errorf("%s: %d %s has no %s, or a name", path, w.Code, w.Body, text)
			}
		}
	}
	for range 2 { // with the same key it is answered the same
		w = a.call(a.face, "DELETE", "/api/v1/objections/decisions", `{"number":1,"because":"a mistake"}`,
			"Idempotency-Key: k")
		if w.Code != 200 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
	w = a.call(a.face, "DELETE", "/api/v1/objections/decisions", `{"number":1,"because":"a mistake"}`)
	if p := isProblem(t, w); p.Status != 404 {
		t.Errorf("%+v", p)
	}
}

// TestDecisionsThatAreNone: each is a problem that says where, and names nobody.
func TestDecisionsThatAreNone(t *testing.T) {
	a := newAPI(t)
	a.call(a.face, "POST", "/api/v1/objections", `{"ids":{"email":"jane@example.com"},"all":true}`)
	for _, c := range []struct {
		old, with, says string
		status          int
	}{
		{`"jane@example.com"`, `"nobody@example.com"`, "nothing is in force", 409},
		{`"jane@example.com"`, `"jane"`, "/ids/email", 422},
		{`{"email":"jane@example.com"}`, `{}`, "ids is missing", 422},
		{`"LIA-1"`, `" "`, "/assessment", 422},
		{`"2027-05-04"`, `"soon"`, "/until", 422},
		{`"privacy"`, `7`, "/by", 422},
		{`"told":"by letter"`, `"where":"here"`, "a member is not known: where", 422},
		{`"assessment":"LIA-1",`, ``, "/assessment", 422},
		{`"because":"three stolen accounts",`, ``, "/because", 422},
		{`{"ids"`, `["ids"`, "no JSON", 400},
	} {
		body := strings.Replace(decides, c.old, c.with, 1)
		w := a.call(a.face, "POST", "/api/v1/objections/decisions", body)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.says) || strings.Contains(w.Body.String(), "jane") {
			t.Errorf("%s: %d %s", c.says, w.Code, w.Body)
		}
	}
	for _, body := range []string{`{}`, `{"number":1}`, `{"because":"x"}`, `{"number":"1","because":"x"}`,
		`{"number":1,"because":"x","ids":{}}`} {
		if w := a.call(a.face, "DELETE", "/api/v1/objections/decisions", body); w.Code != 422 {
			t.Errorf("%s: %d %s", body, w.Code, w.Body)
		}
	}
	a.err = &objection.Fault{What: "decision.until", Err: errors.New("it is over already")}
	w := a.call(a.face, "POST", "/api/v1/objections/decisions", decides)
	if w.Code != 422 || !strings.Contains(w.Body.String(), `"pointer":"/until","detail":"it is over already"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
