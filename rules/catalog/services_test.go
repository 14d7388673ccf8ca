package catalog_test

import (
	"slices"
	"testing"

	"github.com/tagwarden/tagwarden/rules/catalog"
)

// TestServiceNames: a vendor's service is called by its ids, its name and what its
// file lists, letters and digits alone.
func TestServiceNames(t *testing.T) {
	t.Parallel()
	ga4, _ := catalog.Builtin("ga4")
	names := ga4.ServiceNames("Shop-Stats")
	for _, want := range []string{"shopstats", "ga4", "googleanalytics", "ga"} {
		if !slices.Contains(names, want) {
			t.Errorf("%v lacks %s", names, want)
		}
	}
	if slices.Contains(names, "") || len(slices.Compact(slices.Sorted(slices.Values(names)))) != len(names) {
		t.Errorf("%v: each once", names)
	}
	for _, id := range catalog.BuiltinIDs() {
		file, _ := catalog.Builtin(id)
		for _, name := range file.ServiceNames(id) {
			for _, c := range name {
				if (c < 'a' || c > 'z') && (c < '0' || c > '9') {
					t.Errorf("%s: %q is no letters and digits", id, name)
				}
			}
		}
	}
}
