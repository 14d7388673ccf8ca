package api

import (
	"errors"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/proxy/objection"
)

// TestLogSubjects: the operator is told how the log names persons, in the order asked for; nobody else
// is, and no answer holds an identifier.
func TestLogSubjects(t *testing.T) {
	a := newAPI(t)
	options := a.options
	options.Operator = true
	options.Hashes = func(ids []objection.ID) ([]objection.Subject, error) {
		if ids[0].Value == "none" {
			return nil, &objection.Fault{What: "ids.email", Err: errors.New("there is none in it")}
		}
		n := byte(len(ids[0].Value))
		return []objection.Subject{{Ledger: [16]byte{n, 2}}, {Ledger: [16]byte{n, 1}}, {Ledger: [16]byte{n, 2}}}, nil
	}
	operator := New(options)
	one, two := strings.Repeat("0", 28), strings.Repeat("0", 28)
	for _, c := range []struct {
		body string
		code int
		want string
	}{
		{`{"ids":{"email":"jane@example.com"}}`, 200, `{"hashes":["1001` + one + `","1002` + two + `"]}`},
		{`{"subjects":[{"ids":{"user_id":"4711"}},{"ids":{"user_id":"47110"}}]}`, 200,
			`{"subjects":[{"hashes":["0401` + one + `","0402` + two + `"]},{"hashes":["0501` + one + `","0502` + two + `"]}]}`},
		{`{"ids":{"email":"none"}}`, 422, "there is none in it"},
		{`{}`, 422, "who is asked about?"},
		{`{`, 400, ""},
	} {
		if w := a.call(operator, "POST", "/api/v1/ledger/subjects/hashes", c.body); w.Code != c.code ||
			!strings.Contains(w.Body.String(), c.want) {
			t.Errorf("%s: %d %s", c.body, w.Code, w.Body)
		} else if strings.Contains(w.Body.String(), "jane") {
			t.Errorf("%s: it holds an identifier: %s", c.body, w.Body)
		}
	}
	if w := a.call(a.face, "POST", "/api/v1/ledger/subjects/hashes",
		`{"ids":{"email":"jane@example.com"}}`); w.Code != 404 {
		t.Errorf("with a token: %d %s", w.Code, w.Body)
	}
	if w := a.call(a.operator, "POST", "/api/v1/ledger/subjects/hashes",
		`{"ids":{"email":"jane@example.com"}}`); w.Code != 503 {
		t.Errorf("without keys: %d %s", w.Code, w.Body)
	}
}
