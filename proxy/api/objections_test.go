package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/proxy/access"
	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/proxy/problem"
)

func TestObject(t *testing.T) {
	a := newAPI(t)
	w := a.call(a.face, "POST", "/api/v1/objections",
		`{"ids":{"email":["Jane@example.com","j@example.org"],"client_id:ga4":"1.2"},
		"purposes":["ads"],"vendors":["ga4"],"source":"webshop","site":"shop","channel":"mail","campaign":"spring","complaint":true,"time":"2026-11-30T10:00:00+01:00"}`)
	want := `{"seq":1,"recorded":"2026-12-01T12:00:00Z","new":true,"in_force":["ads","vendor:ga4"],` +
		`"ids":[{"name":"email","is":"j***@example.com"},{"name":"email","is":"j***@example.org"},{"name":"client_id:ga4","is":"***"}]}` +
		"\n"
	if w.Code != 200 || w.Body.String() != want || w.Header().Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %q %s", w.Code, w.Header(), w.Body)
	}
	c := a.last.Acts[0].Change
	got := strings.TrimSpace(fmt.Sprintln(a.last.Acts[0].IDs, c.Object, c.Source, c.Site, c.Channel, c.Campaign,
		c.Complaint, c.By, c.Time))
	if got != "[{email Jane@example.com} {email j@example.org} {client_id:ga4 1.2}] [ads vendor:ga4] webshop shop mail spring true crm 2026-11-30 09:00:00 +0000 UTC" {
		t.Error(got)
	}
	w = a.call(a.face, "DELETE", "/api/v1/objections",
		`{"ids":{"email":"jane@example.com"},"purposes":["ads"],"because":"she wrote to us"}`)
	if w.Code != 200 || !strings.Contains(w.Body.String(), `"in_force":["vendor:ga4"]`) {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if c := a.last.Acts[0].Change; fmt.Sprintln(c.TakeBack, c.Object, c.By,
		c.Because) != "[ads] [] crm she wrote to us\n" {
		t.Errorf("%+v", c)
	}
	a.call(a.face, "DELETE", "/api/v1/objections",
		`{"ids":{"email":"jane@example.com"},"all":true,"restriction":true,"because":"x"}`)
	if c := a.last.Acts[0].Change; fmt.Sprint(c.TakeBack, c.Restriction) != "[restriction:all] false" {
		t.Errorf("%+v", c)
	}
	w = a.call(a.face, "POST", "/api/v1/objections",
		`{"objections":[{"ids":{"email":"a@example.com"},"all":true},{"ids":{"email":"b@example.com"},"all":true,"restriction":true}]}`)
	if w.Code != 200 || strings.Count(w.Body.String(), `"in_force":["all"]`) != 2 || !a.last.Acts[1].Change.Restriction {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
}

// TestEveryAct: a role takes back what came by roles, and is told by whose acts it
// stands still, and how they are ended.
func TestEveryAct(t *testing.T) {
	a := newAPI(t)
	a.call(a.face, "POST", "/api/v1/objections",
		`{"ids":{"email":"jane@example.com"},"purposes":["ads"],"vendors":["ga4"]}`)
	if c := a.last.Acts[0].Change; c.Holder.Kind != objection.Role {
		t.Errorf("%+v", c)
	}
	w := a.call(a.face, "DELETE", "/api/v1/objections",
		`{"ids":{"email":"jane@example.com"},"purposes":["ads"],"because":"asked","every_act":true}`)
	if c := a.last.Acts[0].Change; w.Code != 200 || c.Holder.Kind != objection.Role || !c.EveryAct {
		t.Errorf("%s %+v", w.Body, c)
	}
	a.held = []objection.Held{
		{Kind: objection.Browser, Acts: 16, InForce: []string{"surveys"}}, {Kind: objection.SeenWith, Acts: 1,
			InForce: []string{"ads"}},
		{Kind: objection.Browsers, Acts: 1, InForce: []string{"ads"}},
	}
	w = a.call(a.face, "DELETE", "/api/v1/objections",
		`{"ids":{"email":"jane@example.com"},"purposes":["ads"],"because":"asked"}`)
	for _, want := range []string{
		`"acts":[{"kind":"browser","acts":17,"in_force":["ads","surveys"]},{"kind":"seen_with","acts":1,"in_force":["ads"]}]`,
		`by acts of others (browser, seen_with): \"every_act\": true ends them, too`,
	} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s has not %s", w.Body, want)
		}
	}
	a.held = []objection.Held{{Kind: objection.Browser, Acts: 1, InForce: []string{"surveys"}}}
	if w = a.call(a.face, "DELETE", "/api/v1/objections",
		`{"ids":{"email":"jane@example.com"},"purposes":["ads"],"because":"asked"}`); strings.Contains(
		w.Body.String(), "detail") {
		t.Errorf("nothing of what was taken back stands: %s", w.Body)
	}
	if w = a.call(a.face, "POST", "/api/v1/objections/check", `{"ids":{"email":"jane@example.com"}}`); !strings.Contains(
		w.Body.String(), `"acts":[{"kind":"browser","acts":1,"in_force":["surveys"]}]`) {
		t.Errorf("%s", w.Body)
	}
	if w = a.call(a.face, "POST", "/api/v1/objections",
		`{"ids":{"email":"jane@example.com"},"all":true,"every_act":true}`); w.Code != 422 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// TestRefused: what is wrong is said with its place, nothing is done, and no value comes back.
func TestRefused(t *testing.T) {
	a := newAPI(t)
	for _, test := range []struct {
		method, path, body string
		status             int
		want               string // in the answer
	}{
		{"POST", "", `{`, 400, "the body is no JSON"},
		{"POST", "", "{\"ids\":{\"email\":\"\xff\"}}", 400, "not UTF-8"},
		{"POST", "", strings.Repeat("[", 100), 400, "nested deeper"},
		{"POST", "", `[]`, 422, `{"pointer":"","detail":"an object is wanted here"}`},
		{"POST", "", `{}`, 422, "ids is missing"},
		{"POST", "", `{"ids":{"email":"jane@example.com"}}`, 422, "a scope is missing"},
		{"POST", "", `{"ids":{"email":"jane@example.com"},"all":false}`, 422, "a scope is missing"},
		{"POST", "", `{"ids":{"email":"jane@example.com"},"all":1}`, 422, `{"pointer":"/all"`},
		{"POST", "", `{"ids":{"email":"jane@example.com"},"all":true,"all":true}`, 422, "a member stands twice: all"},
		{"POST", "", `{"ids":{"email":"jane@example.com","email":"x@example.com"},"all":true}`, 422,
			`{"pointer":"/ids","detail":"a member stands twice: email"}`},
		{"POST", "", `{"ids":{"jane@example.com":"x"},"all":true}`, 422,
			`{"pointer":"/ids","detail":"a member is not known; known here: advertising_id`},
		{"POST", "", `{"ids":{"client_id:jane@example.com":"x"},"all":true}`, 422,
			`{"pointer":"/ids","detail":"a member is not known; known here`},
		{"POST", "", `{"ids":{"email":"jane"},"all":true}`, 422, `{"pointer":"/ids/email","detail":"it is no address`},
		{"POST", "", `{"ids":{"email":["jane@example.com",5]},"all":true}`, 422, `{"pointer":"/ids/email/1"`},
		{"POST", "", `{"ids":{"email":""},"all":true}`, 422, `{"pointer":"/ids/email","detail":"the string is empty`},
		{"POST", "", `{"ids":{"email":"jane@example.com\n"},"all":true}`, 422, "control characters"},
		{"POST", "", `{"ids":{"email":"jane@example.com"},"purposes":["ads","adds"]}`, 422,
			`{"pointer":"/purposes/1","detail":"it is not known; known are: ads, audience"}`},
		{"POST", "", `{"ids":{"email":"jane@example.com"},"vendors":["meta"]}`, 422,
			`{"pointer":"/vendors/0","detail":"it is not known; known are: ga4"}`},
		{"POST", "", `{"ids":{"email":"jane@example.com"},"everything":true}`, 422,
			"a member is not known: everything; known here: ids, purposes"},
		{"POST", "", `{"ids":{"email":"jane@example.com"},"all":true,"time":"2026-12-01T12:06:00Z"}`, 422, "in the future"},
		{"POST", "", `{"ids":{"email":"jane@example.com"},"all":true,"time":"yesterday"}`, 422, `{"pointer":"/time"`},
		{"POST", "", `{"ids":{"email":"jane@example.com"},"all":true,"source":"My CRM"}`, 422, `{"pointer":"/source"`},
		{"POST", "", `{"ids":{"email":"jane@example.com"},"all":true,"campaign":"to jane@example.com"}`, 422,
			`{"pointer":"/campaign"`},
		{"POST", "", `{"ids":{"email":"jane@example.com"},"all":true,"site":"nowhere"}`, 422,
			`{"pointer":"/site","detail":"there is no such site"}`},
		{"POST", "", `{"ids":{"email":"jane@example.com"},"all":true,"because":"x"}`, 422, "a member is not known: because"},
		{"POST", "", `{"ids":{"email":"jane@example.com"},"all":true,"import":{"file":"x","line":1}}`, 422,
			"a member is not known: import"},
		{"POST", "", `{"ids":{"email":["x@example.com","@"]},"all":true}`, 422,
			`{"pointer":"/ids/email/1","detail":"it is no address`},
		{"POST", "", `{"ids":{"phone":"0171 3920077"},"all":true}`, 422,
			`{"pointer":"/ids/phone","detail":"it has no country`},
		{"POST", "", `{"ids":{"phone":"0171 3920077"},"all":true,"country":"XX"}`, 422,
			`{"pointer":"/country","detail":"it is no country`},
		{"POST", "", `{"ids":{"phone":"0171 3920077"},"all":true,"country":"Germany"}`, 422, `{"pointer":"/country"`},
		{"POST", "", `{"ids":{"phone":"+49 1"},"all":true}`, 422, `{"pointer":"/ids/phone","detail":"it is no phone number`},
		{"POST", "", `{"ids":{"phone":"4.9E+11"},"all":true,"country":"DE"}`, 422,
			`{"pointer":"/ids/phone","detail":"it is a number as a spreadsheet`},
		{"POST", "", `{"objections":[]}`, 422, `{"pointer":"/objections","detail":"the array is empty"}`},
		{"POST", "", `{"objections":[{"ids":{"email":"jane@example.com"},"all":true}],"all":true}`, 422, "keep one"},
		{"POST", "", `{"objections":[{"ids":{"email":"jane@example.com"},"all":true},{"ids":{"email":"jane"},"all":true}]}`,
			422, `{"pointer":"/objections/1/ids/email"`},
		{"POST", "", `{"objections":[{"ids":{"email":"jane@example.com"},"all":true},{"ids":{"email":"x@example.com"}}]}`,
			422, `{"pointer":"/objections/1","detail":"a scope`},
		{"POST", "", `{"objections":[` + strings.Repeat(`{"ids":{"email":"jane@example.com"},"all":true},`, 1000) + `{}]}`,
			422, "more than 1000"},
		{"DELETE", "", `{"ids":{"email":"jane@example.com"},"all":true}`, 422, "because is missing"},
		{"DELETE", "", `{"ids":{"email":"jane@example.com"},"all":true,"because":"x","complaint":true}`, 422,
			"a member is not known: complaint"},
		{"POST", "/check", `{"ids":{"email":"jane"}}`, 422, `{"pointer":"/ids/email"`},
		{"POST", "/check", `{"subjects":[{"ids":{"email":"jane"}}]}`, 422, `{"pointer":"/subjects/0/ids/email"`},
		{"POST", "/check", `{"subjects":[{"ids":{"email":"jane@example.com"},"subjects":[]}]}`, 422,
			"a member is not known: subjects"},
		{"POST", "/check", `{}`, 422, "who is asked about"},
		{"PUT", "", `{}`, 405, "DELETE, GET, HEAD, POST"},
		{"GET", "/backup", ``, 404, "nothing at this address"},
		{"GET", "/feed-key", ``, 404, "nothing at this address"},
		{"POST", "/links", `{}`, 404, "nothing at this address"},
		{"GET", "?email=jane@example.com", ``, 400, "identifiers do not belong into addresses"},
		{"GET", "?since=-1", ``, 400, "since is one whole number"},
		{"GET", "?limit=10001", ``, 400, "limit is from 1 to 10000"},
		{"GET", "?format=xml", ``, 400, "format is json or csv"},
		{"GET", "?since=7", ``, 409, "begin again with since=0"},
		{"GET", "/stats?days=x", ``, 400, "days is a whole number"},
	} {
		w := a.call(a.face, test.method, "/api/v1/objections"+test.path, test.body)
		name := test.method + " " + test.path + " " + test.body[:min(len(test.body), 100)]
		var p problem.Document
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil ||
			w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: no problem: %v %s", name, err, w.Body)
			continue
		}
		if w.Code != test.status || p.Status != w.Code || p.Title != http.StatusText(w.Code) ||
			!strings.HasPrefix(p.Type, problem.Prefix) {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
		if !strings.Contains(w.Body.String(), test.want) || strings.Contains(w.Body.String(), "jane") {
			t.Errorf("%s: %s", name, w.Body)
		}
	}
	if len(a.log) > 0 || len(a.standing) > 0 {
		t.Errorf("something was done: %v", a.log)
	}
}

func TestBodyIsBounded(t *testing.T) {
	a := newAPI(t)
	const good = `{"ids":{"email":"jane@example.com"},"all":true}`
	if w := a.call(a.face, "POST", "/api/v1/objections", good, "Content-Type: text/plain"); w.Code != 415 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := a.call(a.face, "POST", "/api/v1/objections", good,
		"Content-Type: application/json; charset=utf-8"); w.Code != 200 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := a.call(a.face, "POST", "/api/v1/objections", good+strings.Repeat(" ", mostBody)); w.Code != 413 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestIdempotencyKey(t *testing.T) {
	a := newAPI(t)
	other, err := a.tokens.Create(access.By{}, "other", []access.Role{access.Add}, nil, noon)
	if err != nil {
		t.Fatal(err)
	}
	const body, another = `{"ids":{"email":"jane@example.com"},"all":true}`,
		`{"ids":{"email":"jane@example.com"},"purposes":["ads"]}`
	first := a.call(a.face, "POST", "/api/v1/objections", body, "Idempotency-Key: \"k1\"").Body.String()
	if again := a.call(a.face, "POST", "/api/v1/objections", body, "Idempotency-Key: k1").Body.String(); again != first ||
		!strings.Contains(again, `"new":true`) {
		t.Errorf("%s, then %s", first, again)
	}
	if w := a.call(a.face, "POST", "/api/v1/objections", another, "Idempotency-Key: k1"); w.Code != 422 ||
		!strings.Contains(w.Body.String(), "key-reused") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := a.call(a.face, "POST", "/api/v1/objections", another, "Idempotency-Key: k1", "Authorization: Bearer "+
		other); w.Code != 200 {
		t.Errorf("another token's key is the same: %d %s", w.Code, w.Body)
	}
	if w := a.call(a.face, "POST", "/api/v1/objections", body, "Idempotency-Key: a b"); w.Code != 400 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestUnavailable(t *testing.T) {
	const body = `{"ids":{"email":"jane@example.com"},"all":true}`
	for _, test := range []struct {
		err    error
		status int
		after  string
	}{
		{fmt.Errorf("cannot: %w", objection.ErrPoisoned), 503, "60"},
		{objection.ErrClosed, 503, "60"},
		{fmt.Errorf("cannot: %w", objection.ErrFull), 503, "60"},
		{context.DeadlineExceeded, 503, "1"},
		{errors.New("jane"), 500, ""},
	} {
		a := newAPI(t)
		a.err = test.err
		w := a.call(a.face, "POST", "/api/v1/objections", body)
		if w.Code != test.status || w.Header().Get("Retry-After") != test.after || strings.Contains(w.Body.String(), "jane") {
			t.Errorf("%v: %d %q %s", test.err, w.Code, w.Header(), w.Body)
		}
		const file = `{"objections":[{"ids":{"email":"jane@example.com"},"all":true}],"import":{"file":"f00d","line":1}}`
		if w := a.call(a.operator, "POST", "/api/v1/objections", file); w.Code != test.status ||
			strings.Contains(w.Body.String(), "jane") {
			t.Errorf("%v, of a file: %d %s", test.err, w.Code, w.Body)
		}
	}
	a := newAPI(t)
	empty := New(Options{Tokens: a.tokens})
	for _, one := range calls {
		if one.may == "" || one.path == "/tokens" || one.path == "/openapi.json" {
			continue
		}
		want := 503
		if strings.HasPrefix(one.path, "/ledger/") && one.may != access.Proofs {
			want = 404 // see TestPartsThatAreNotHere
		}
		if w := a.call(empty, one.method, Base+one.path, body, "Authorization: Bearer "+a.bearer); w.Code != want {
			t.Errorf("%s %s without a store: %d %s", one.method, one.path, w.Code, w.Body)
		}
	}
}

// TestBusy: no more calls than there are places change something at once.
func TestBusy(t *testing.T) {
	a := newAPI(t)
	a.entered, a.leave = make(chan struct{}), make(chan struct{})
	const body = `{"ids":{"email":"jane@example.com"},"all":true}`
	codes := make(chan int)
	for range mostCalls {
		go func() { codes <- a.call(a.face, "POST", "/api/v1/objections", body).Code }()
	}
	for range mostCalls {
		<-a.entered
	}
	if w := a.call(a.face, "POST", "/api/v1/objections", body); w.Code != 429 || w.Header().Get("Retry-After") != "1" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	close(a.leave)
	for range mostCalls {
		if code := <-codes; code != 200 {
			t.Error(code)
		}
	}
}

func TestCheck(t *testing.T) {
	a := newAPI(t)
	a.call(a.face, "POST", "/api/v1/objections", `{"ids":{"email":"jane@example.com"},"purposes":["ads"]}`)
	if w := a.call(a.face, "POST", "/api/v1/objections/check",
		`{"ids":{"email":"JANE@example.com"}}`); w.Body.String() != `{"in_force":["ads"]}`+"\n" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	w := a.call(a.face, "POST", "/api/v1/objections/check",
		`{"subjects":[{"ids":{"email":"x@example.com"}},{"ids":{"email":"jane@example.com"}}]}`)
	if w.Body.String() != `{"subjects":[{"in_force":[]},{"in_force":["ads"]}]}`+"\n" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// TestWhoseNumbersAreMeant: what does not say its country is of that which the call names, or the site; what was taken
// without one can be taken back, and asked about.
func TestWhoseNumbersAreMeant(t *testing.T) {
	a := newAPI(t)
	for _, c := range []struct{ method, path, body, want string }{
		{"POST", "", `{"ids":{"phone":"0171 3920077"},"all":true,"country":"de"}`, "[{phone +491713920077}]"},
		{"POST", "", `{"ids":{"phone":["0171 3920077","+1 713 920 0771"]},"all":true,"site":"shop"}`,
			"[{phone +441713920077} {phone +1 713 920 0771}]"},
		{"POST", "", `{"ids":{"phone":"0171 3920077"},"all":true,"site":"shop","country":"AT"}`, "[{phone +431713920077}]"},
		{"POST", "", `{"ids":{"email":"A <a@example.com>, b@example.com"},"all":true}`,
			"[{email a@example.com} {email b@example.com}]"},
		{"DELETE", "", `{"ids":{"phone":"0171 3920077"},"all":true,"because":"x"}`, "[{phone 0171 3920077}]"},
		{"DELETE", "", `{"ids":{"phone":"0171 3920077"},"all":true,"because":"x","country":"DE"}`,
			"[{phone +491713920077} {phone 0171 3920077}]"},
		{"DELETE", "", `{"ids":{"email":"A <a@example.com>"},"all":true,"because":"x"}`,
			"[{email a@example.com} {email A <a@example.com>}]"},
	} {
		a.last = objection.Acts{}
		w := a.call(a.face, c.method, "/api/v1/objections"+c.path, c.body)
		if w.Code != 200 || len(a.last.Acts) != 1 || fmt.Sprint(a.last.Acts[0].IDs) != c.want {
			t.Errorf("%s: %d %s %v, want %s", c.body, w.Code, w.Body, a.last.Acts, c.want)
		}
	}
}

// TestImport: what cannot be taken is left out, and how far the file is in is kept with the rest.
func TestImport(t *testing.T) {
	a := newAPI(t)
	const body = `{"objections":[{"ids":{"email":"a@example.com"},"all":true},{"ids":{"email":"nobody"},"all":true},{"ids":{"email":"b@example.com"},"all":true}],
		"import":{"file":"f00d","line":3%s}}`
	w := a.call(a.operator, "POST", "/api/v1/objections", fmt.Sprintf(body, `,"dry_run":true`))
	const want = `{"taken":2,"new":%d,"rejected":[{"index":1,"detail":"ids/email: it is no address: name@example.com is one"}],"first":[{"name":"email","is":"a***@example.com"}]}` +
		"\n"
	if w.Body.String() != fmt.Sprintf(want, 0) || len(a.log) > 0 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w = a.call(a.operator, "POST", "/api/v1/objections", fmt.Sprintf(body, "")); w.Body.String() != fmt.Sprintf(
		want, 2) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w = a.call(a.operator, "GET", "/api/v1/objections/progress?file=f00d", ""); w.Body.String() != `{"line":3}`+"\n" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	const bad = `{"objections":[{"ids":{"email":"c@example.com"},"all":true,"time":"soon"},{"ids":{"email":"nobody"},"all":true},{"ids":{"email":"d@example.com"},"all":true},{"all":true}],
		"import":{"file":"f00d","line":7}}`
	if w = a.call(a.operator, "POST", "/api/v1/objections",
		bad); w.Body.String() != `{"taken":1,"new":1,"rejected":[{"index":0,"detail":"time: it is no time: 2026-12-01T12:00:00Z is"},`+
		`{"index":1,"detail":"ids/email: it is no address: name@example.com is one"},{"index":3,"detail":"ids is missing: whose objection is it?"}],`+
		`"first":[{"name":"email","is":"d***@example.com"}]}`+"\n" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w = a.call(a.operator, "POST", "/api/v1/objections",
		`{"objections":[],"import":{"file":"f00d","line":9}}`); w.Code != 200 || a.progress["f00d"] != 9 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
