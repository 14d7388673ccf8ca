package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/proxy/problem"
)

// TestHeadersGivenTwice: of two tokens nobody could tell which one asks.
func TestHeadersGivenTwice(t *testing.T) {
	a := newAPI(t)
	for _, name := range []string{"Authorization", "Idempotency-Key", "Content-Type"} {
		for _, other := range []string{"Bearer tw_AAAA", "Bearer " + a.bearer, "", "application/json"} {
			r := httptest.NewRequest("POST", "/api/v1/objections",
				strings.NewReader(`{"ids":{"email":"jane@example.com"},"all":true}`))
			r.Header = http.Header{"Authorization": {"Bearer " + a.bearer}, "Content-Type": {"application/json"},
				"Idempotency-Key": {"1"}}
			r.Header.Add(name, other)
			w := httptest.NewRecorder()
			a.face.ServeHTTP(w, r)
			if isProblem(t, w).Status != 400 || len(a.log) > 0 {
				t.Errorf("two %s, the other %q: %d %s", name, other, w.Code, w.Body)
			}
		}
	}
	if slices.Index(a.refused, "ambiguous") != 0 || len(a.refused) != 12 {
		t.Errorf("counted: %q", a.refused)
	}
}

func isProblem(t *testing.T, w *httptest.ResponseRecorder) (p problem.Document) {
	t.Helper()
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || p.Status != w.Code || p.Title == "" || p.Detail == "" ||
		w.Header().Get("Content-Type") != problem.MediaType {
		t.Errorf("%d is no problem document: %q %s", w.Code, w.Header(), w.Body)
	}
	return p
}

// TestWrongTokens: they are counted and bounded by where they come from, and a right one is let in all the same.
func TestWrongTokens(t *testing.T) {
	a := newAPI(t)
	now := noon
	ask := func(from, token string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("GET", "/api/v1/objections", nil)
		r.RemoteAddr = from
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		a.faceAt(func() time.Time { return now }).ServeHTTP(w, r)
		return w
	}
	const here = "192.0.2.1:1000"
	const burst = 20 // see access.Attempts
	for i := range burst {
		if w := ask(here, fmt.Sprintf("tw_%d", i)); isProblem(t, w).Status != 401 {
			t.Fatalf("attempt %d: %d", i, w.Code)
		}
	}
	w := ask("192.0.2.1:2000", "tw_x")
	if isProblem(t, w).Status != 429 || w.Header().Get("Retry-After") != "6" || w.Header().Get("WWW-Authenticate") != "" {
		t.Errorf("%d %q", w.Code, w.Header())
	}
	if w := ask(here, a.bearer); w.Code != 200 {
		t.Errorf("a right token from there: %d", w.Code)
	}
	if w := ask("192.0.2.2:1000", "tw_x"); w.Code != 401 {
		t.Errorf("another address: %d", w.Code)
	}
	now = now.Add(6 * time.Second)
	if w := ask(here, "tw_x"); w.Code != 401 {
		t.Errorf("six seconds later: %d", w.Code)
	}
	now = now.Add(-time.Hour)
	if w := ask(here, "tw_x"); w.Code != 429 {
		t.Errorf("a clock that was set back: %d", w.Code)
	}
	for i := range burst {
		ask(fmt.Sprintf("[2001:db8::%x]:1", i), "tw_x")
	}
	if w := ask("[2001:db8::ffff:1]:1", "tw_x"); w.Code != 429 {
		t.Errorf("the same network of 64 bits: %d", w.Code)
	}
	if w := ask("[2001:db8:0:1::1]:1", "tw_x"); w.Code != 401 {
		t.Errorf("another network: %d", w.Code)
	}
	count := func(why string) (n int) {
		for _, one := range a.refused {
			if one == why {
				n++
			}
		}
		return n
	}
	if count("too_many") != 3 || count("wrong_token") != 2*burst+3 {
		t.Errorf("counted: %d, %d", count("too_many"), count("wrong_token"))
	}
}

// TestEveryErrorIsAProblem, whatever goes wrong.
func TestEveryErrorIsAProblem(t *testing.T) {
	for _, test := range []struct {
		method, path, body string
		headers            []string
		change             func(a *api)
		status             int
	}{
		{"GET", "/api/v1", "", nil, nil, 404},
		{"GET", "/api/v1/", "", nil, nil, 404},
		{"GET", "/api/v1/nothing", "", nil, nil, 404},
		{"GET", "/api/v1/tokens/", "", nil, nil, 404},
		{"GET", "/api/v1/openapi.json?x=1", "", nil, nil, 400},
		{"GET", "/api/v1/objections/", "", nil, nil, 404},
		{"PUT", "/api/v1/objections", "{}", nil, nil, 405},
		{"OPTIONS", "/api/v1/objections", "", nil, nil, 405},
		{"POST", "/api/v1/assessments", "{}", nil, nil, 405},
		{"GET", "/api/v1/assessments", "", nil, nil, 503},
		{"GET", "/api/v1/objections", "", []string{"Authorization: "}, nil, 401},
		{"GET", "/api/v1/objections", "", []string{"Authorization: Bearer x"}, nil, 401},
		{"GET", "/api/v1/objections?x=1", "", nil, nil, 400},
		{"GET", "/api/v1/objections?since=9", "", nil, nil, 409},
		{"POST", "/api/v1/objections", "{}", []string{"Content-Type: text/plain"}, nil, 415},
		{"POST", "/api/v1/objections", "{", nil, nil, 400},
		{"POST", "/api/v1/objections", "{}", nil, nil, 422},
		{"POST", "/api/v1/objections", `"` + strings.Repeat("x", mostBody) + `"`, nil, nil, 413},
		{"GET", "/api/v1/objections", "", nil, func(a *api) { a.err = errors.New("jane@example.com") }, 500},
		{"GET", "/api/v1/objections", "", nil, func(a *api) { a.breaks = true }, 500},
		{"POST", "/api/v1/objections", `{"ids":{"email":"jane@example.com"},"all":true}`, nil, func(a *api) {
			a.breaks = true
		}, 500},
	} {
		a := newAPI(t)
		if test.change != nil {
			test.change(a)
		}
		w := a.call(a.face, test.method, test.path, test.body, test.headers...)
		if p := isProblem(t, w); p.Status != test.status || strings.Contains(w.Body.String()+fmt.Sprint(a.reports), "jane") {
			t.Errorf("%s %s: %d %s", test.method, test.path, w.Code, w.Body)
		}
		if len(a.reports) != 0 != a.breaks {
			t.Errorf("%s %s: reported: %q", test.method, test.path, a.reports)
		}
	}
}

// TestHalvesOfCharacters: a half of a surrogate pair is read as U+FFFD whichever it was, so
// that two identifiers would become one.
func TestHalvesOfCharacters(t *testing.T) {
	a := newAPI(t)
	for _, value := range []string{`\ud800`, `u\ud800x`, `\udc00\ud800`, `\ud83d\ud83d\ude00`, `x\ufffd`, "x\uFFFD"} {
		for path, body := range map[string]string{
			"/objections": `{"ids":{"user_id":"%s"},"all":true}`, "/objections/check": `{"ids":{"user_id":["good","%s"]}}`,
			"/objections/links": `{"ids":{"user_id":"%s"},"all":true,"site":"shop"}`,
		} {
			w := a.call(a.operator, "POST", "/api/v1"+path, strings.ReplaceAll(body, "%s", value))
			if p := isProblem(t, w); p.Status != 422 || len(p.Faults) != 1 ||
				!strings.HasPrefix(p.Faults[0].Pointer, "/ids/user_id") {
				t.Errorf("%s with %s: %d %s", path, value, w.Code, w.Body)
			}
		}
	}
	if w := a.call(a.operator, "POST", "/api/v1/objections",
		`{"ids":{"user_id":"\ud83d\ude00"},"all":true}`); w.Code != 200 {
		t.Errorf("a whole pair: %d %s", w.Code, w.Body)
	}
}
