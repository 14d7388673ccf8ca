package api

import (
	"errors"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/proxy/access"
)

// TestTokensThatCannotBeRecorded: none is made then, and one that is taken back is, which the server's own log says.
func TestTokensThatCannotBeRecorded(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	var full error
	if err := a.tokens.Record(func([]access.Token, map[string]access.By) error { return full }); err != nil {
		t.Fatal(err)
	}
	full = errors.New("the disk is full")
	w := a.call(a.operator, "POST", "/api/v1/tokens", `{"name":"b","roles":["analyst"]}`)
	if w.Code != 503 || w.Header().Get("Retry-After") == "" || strings.Contains(w.Body.String(), "tw_") ||
		len(a.tokens.List()) != 1 {
		t.Errorf("made: %d %s, and there are %v", w.Code, w.Body, a.tokens.List())
	}
	if w = a.call(a.operator, "DELETE", "/api/v1/tokens", `{"name":"crm"}`); w.Code != 200 || len(a.tokens.List()) > 0 {
		t.Errorf("taken back: %d %s, and there are %v", w.Code, w.Body, a.tokens.List())
	}
	if said := strings.Join(a.reports, "\n"); strings.Count(said, "the disk is full") != 2 {
		t.Errorf("%q is reported", said)
	}
}
