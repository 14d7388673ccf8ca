package api

import (
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/tagwarden/tagwarden/proxy/objection"
)

// asked is all that the API can be asked for that rests on something that may fail, and
// what shows in its answer that it did not.
var asked = []struct{ method, path, body, done string }{
	{"POST", "/api/v1/objections", `{"ids":{"email":"a@example.com"},"all":true}`, "in_force"},
	{"POST", "/api/v1/objections", `{"objections":[{"ids":{"email":"a@example.com"},"all":true}]}`, "in_force"},
	{"POST", "/api/v1/objections",
		`{"objections":[{"ids":{"email":"a@example.com"},"all":true}],"import":{"file":"f","line":2}}`, "taken"},
	{"POST", "/api/v1/objections",
		`{"objections":[{"ids":{"email":"a@example.com"},"all":true}],"import":{"file":"f","line":2,"dry_run":true}}`,
		"taken"},
	{"DELETE", "/api/v1/objections", `{"ids":{"email":"a@example.com"},"all":true,"because":"asked"}`, "in_force"},
	{"POST", "/api/v1/objections/check", `{"ids":{"email":"a@example.com"}}`, "in_force"},
	{"POST", "/api/v1/objections/links", `{"objections":[{"ids":{"email":"a@example.com"},"all":true,"site":"shop"}]}`,
		"signed"},
	{"GET", "/api/v1/objections", "", "entries"},
	{"GET", "/api/v1/objections/stats", "", "days"},
	{"GET", "/api/v1/objections/progress?file=f", "", "line"},
	{"GET", "/api/v1/assessments", "", "state"},
}

// failing is an API of which everything that it rests on fails, where a test says so.
func failing(t *testing.T, err *error) *api {
	t.Helper()
	a := newAPI(t)
	a.options.Operator = true
	a.options.Check = func(objection.Act) error { return *err }
	a.options.Link = func([]objection.ID, []string, string) (string, error) {
		return "https://shop.example/privacy/u/signed", *err
	}
	a.options.Assessments = func(time.Time) any {
		if *err != nil {
			return nil
		}
		return []map[string]any{{
			"id": "LIA-1", "title": "Fraud", "version": 1, "state": "valid", "says": "it holds", "owner": "privacy",
			"review_by": "2027-05-04", "days_left": 150, "activities": []string{}, "digest": "ab", "file": "LIA-1.yaml",
		}}
	}
	a.operator = New(a.options)
	return a
}

// TestNothingIsSaidThatFailed: where what a call rests on fails, it is answered with
// an error, which tells nothing of why.
func TestNothingIsSaidThatFailed(t *testing.T) {
	t.Parallel()
	for _, c := range asked {
		var failed error
		a := failing(t, &failed)
		if w := a.call(a.operator, c.method, c.path, c.body); w.Code != 200 || !strings.Contains(w.Body.String(), c.done) {
			t.Errorf("%s %s: %d %s", c.method, c.path, w.Code, w.Body)
		}
		failed = errors.New("jane@example.com")
		a.err = failed
		w := a.call(a.operator, c.method, c.path, c.body)
		if text := w.Body.String(); w.Code < 500 || strings.Contains(text, `"`+c.done) || strings.Contains(text, "jane@") {
			t.Errorf("%s %s, which fails: %d %s", c.method, c.path, w.Code, text)
		}
	}
}

// TestNothingIsDoneOfABrokenBody: a body that breaks off, or is no JSON, is no call.
func TestNothingIsDoneOfABrokenBody(t *testing.T) {
	t.Parallel()
	var none error
	a := failing(t, &none)
	bodies := append(asked[:7:7], []struct{ method, path, body, done string }{
		{"POST", "/api/v1/tokens", `{"name":"shop","roles":["read"]}`, "token"},
		{"DELETE", "/api/v1/tokens", `{"name":"crm"}`, "{}"},
	}...)
	for _, c := range bodies {
		if !strings.HasPrefix(c.body, "{") {
			continue
		}
		q := httptest.NewRequest(c.method, c.path, iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader(c.body))))
		q.Header.Set("Content-Type", "application/json")
		broken := httptest.NewRecorder()
		a.operator.ServeHTTP(broken, q)
		for what, w := range map[string]*httptest.ResponseRecorder{"breaks off": broken,
			"is cut": a.call(a.operator, c.method, c.path, c.body[:len(c.body)-1])} {
			if w.Code < 400 || strings.Contains(w.Body.String(), `"`+c.done) {
				t.Errorf("%s %s, whose body %s: %d %s", c.method, c.path, what, w.Code, w.Body)
			}
		}
	}
	if a.Head().Size != 0 || len(a.tokens.List()) != 1 {
		t.Errorf("%d changes, tokens %v", a.Head().Size, a.tokens.List())
	}
}
