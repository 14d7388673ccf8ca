package visitor_test

import (
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/proxy/visitor"
)

// TestAVisitKeepsProofs: a browser whose SDK keeps its id where no request shows it can take back what it objected to,
// also once its visitor looked at the preference centre.
func TestAVisitKeepsProofs(t *testing.T) {
	t.Parallel()
	const id = `"ids":{"client_id:posthog":"0190a0b0-0000-7000-8000-000000000001"}`
	b := serve(t).browser()
	b.json(`{"all":true,` + id + `}`)
	before := b.cookies[visitor.UndoCookie]
	b.get("/privacy/")
	if got := b.cookies[visitor.UndoCookie]; before == "" || got != before {
		t.Errorf("the proof was %q, and is %q", before, got)
	}
	if a := b.json(`{"take_back":{"all":true},` + id + `}`); strings.Contains(string(a.Body()), "elsewhere") {
		t.Errorf("it cannot be taken back: %s", a.Body())
	}
}
