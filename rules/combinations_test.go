package rules_test

import (
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// TestLongCombinations: a long value is not copied for every other that is judged together with
// it. What is too long together is rare.
func TestLongCombinations(t *testing.T) {
	t.Parallel()
	d := draft()
	d.Profiles[0].Classes = everything()
	d.Profiles[0].Classes["page_title"] = minimise.Spec{Kind: minimise.Rare, Rare: minimise.RareSpec{K: 2,
		With: []string{"language"}}}
	g := &judging{policy: compile(t, d)}
	g.in = rules.Inputs{Now: now, Keys: keysOf(g.policy), Rare: allCommon{}}
	for language, want := range map[string]int{"de": 40, strings.Repeat("d", 2000): 0} {
		r := request(t, "GET /g/collect?v=2&tid=G-1&cid=1.2&en=page_view&ul="+language+strings.Repeat("&dt=Shoes", 40)+
			" HTTP/1.1\n\n", "ga4", yes)
		if reason := g.judge(&r); reason != rules.Unjudged || !g.j.Out.Forward {
			t.Fatalf("%v", reason)
		}
		if got := len(g.j.Counts()); got != want {
			t.Errorf("%d values are counted, want %d", got, want)
		}
		if got := strings.Count(string(g.j.Out.Query), "dt=other"); got != 40-want {
			t.Errorf("%d are rare, want %d", got, 40-want)
		}
	}
}

// allCommon says of every value that it is common.
type allCommon struct{}

func (allCommon) Common(hit.Class, []byte, int, int) bool { return true }
