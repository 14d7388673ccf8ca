package proxy_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// operate asks the operator's API.
func (r *running) operate(method, path, body string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(method, "/api/v1"+path, strings.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	r.Operator().ServeHTTP(w, request)
	return w
}

// TestTheOperatorsAPI: what the server hands it is asked: which scopes there are, whether an act is a
// good one, and where a site's pages are.
func TestTheOperatorsAPI(t *testing.T) {
	r := start(t, folder(t, "http://127.0.0.1:1"))
	for _, c := range []struct {
		path, body string
		status     int
		says       string
	}{
		{"/objections", `{"ids":{"email":"jane@example.com"},"purposes":["audience"]}`, 200, `"in_force":["audience"]`},
		{"/objections", `{"ids":{"email":"jane@example.com"},"purposes":["audienc"]}`, 422, `"pointer":"/purposes/0"`},
		{"/objections/check", `{"ids":{"email":"Jane@example.com"}}`, 200, `"in_force":["audience"]`},
		{"/objections/links", `{"objections":[{"ids":{"email":"jane@example.com"},"all":true,"site":"shop"}]}`, 200,
			`"https://shop.example/t/privacy/`},
		{"/objections/links", `{"objections":[{"ids":{"email":"jane@example.com"},"all":true}]}`, 200,
			`"https://shop.example/t/privacy/`},
		{"/objections/links", `{"objections":[{"ids":{"email":"jane@example.com"},"all":true,"site":"shops"}]}`, 422,
			"one of shop is right"},
		{"/objections/links", `{"objections":[{"ids":{"email":"nobody"},"all":true}]}`, 422, "email"},
		{"/objections", `{"objections":[{"ids":{"email":"nobody"},"all":true},{"ids":{"email":"a@example.com"},"all":true}],"import":{"file":"f","line":2,"dry_run":true}}`,
			200,
			`"taken":1,"new":0,"rejected":[{"index":0,`},
	} {
		w := r.operate("POST", c.path, c.body)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.says) {
			t.Errorf("%s %s: %d %s", c.path, c.body, w.Code, w.Body)
		}
	}
	for method, least := range map[string]int{http.MethodGet: 4096, http.MethodHead: 0} {
		w := r.operate(method, "/objections/backup", "")
		if w.Code != 200 || w.Header().Get("Content-Type") != "application/octet-stream" || w.Body.Len() < least {
			t.Errorf("%s of a backup: %d %v, %d bytes", method, w.Code, w.Header(), w.Body.Len())
		}
	}
}
