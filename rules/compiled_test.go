package rules_test

import (
	"encoding/json"
	"testing"

	"github.com/tagwarden/tagwarden/rules/catalog"
)

// TestCompiledOnce: a policy of vendors that are compiled already explains as one that compiles them, also where
// another policy, which closes nearly all of their fields, was made of the same before.
func TestCompiledOnce(t *testing.T) {
	t.Parallel()
	anew := goldenDraft()
	for i := range anew.Vendors {
		anew.Vendors[i].Catalog, _ = catalog.Builtin(anew.Vendors[i].ID)
	}
	closing := goldenDraft()
	for i := range closing.Profiles {
		closing.Profiles[i].Classes = nil
	}
	compile(t, closing)
	want, got := compile(t, anew), compile(t, goldenDraft())
	eachGolden(t, func(t *testing.T, vendor, text string) {
		for _, more := range [][]string{nil, {yes}} {
			before, err := json.Marshal(explain(t, want, request(t, text, vendor, more...)))
			if err != nil {
				t.Fatal(err)
			}
			after, err := json.Marshal(explain(t, got, request(t, text, vendor, more...)))
			if err != nil {
				t.Fatal(err)
			}
			if string(before) != string(after) {
				t.Errorf("%q: it is explained as\n%s, and of vendors compiled anew as\n%s", more, after, before)
			}
		}
	})
}
