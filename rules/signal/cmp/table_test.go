package cmp_test

import (
	"regexp"
	"slices"
	"testing"

	"github.com/tagwarden/tagwarden/rules/signal/cmp"
)

// TestTable walks the table of platforms: each has a name of its own, cookies, pieces that golden readings are made of
// and, where what the visitor chose can be read of its cookies, a second reading. Those that others know by name are
// who they are taken for.
func TestTable(t *testing.T) {
	t.Parallel()
	inForm := regexp.MustCompile(`^[a-z][a-z_]*[a-z]$`)
	seen := map[string]bool{}
	for c := range cmp.All {
		name := c.String()
		if !inForm.MatchString(name) || seen[name] {
			t.Errorf("platform %d is called %q, which is no name or another's", c, name)
		}
		seen[name] = true
		if len(c.Names(cmp.Settings{})) == 0 {
			t.Errorf("%s has no cookies", name)
		}
		if !slices.ContainsFunc(made, func(p pieces) bool { return p.cmp == name }) {
			t.Errorf("%s has no pieces that readings are made of: golden_test.go", name)
		}
		if slowReaders[name] == nil && !c.Unreadable() && !c.OnlyIAB() {
			t.Errorf("%s has no second reading: slowjson_test.go, slowtext_test.go", name)
		}
	}
	for c, name := range map[cmp.Platform]string{cmp.OneTrust: "onetrust", cmp.Cookiebot: "cookiebot",
		cmp.GoogleFC: "google_fc"} {
		if c.String() != name {
			t.Errorf("platform %d is %s, not %s", c, c, name)
		}
	}
}
