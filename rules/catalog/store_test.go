package catalog_test

import (
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/catalog"
)

// TestStoresAreSaid: each vendor says what its script keeps in browsers, by whom that is documented, and every cookie
// that is read for ids is among it, the vendor's own or one of its family.
func TestStoresAreSaid(t *testing.T) {
	t.Parallel()
	for _, f := range catalog.Builtins() {
		if f.Stores == nil {
			t.Errorf("%s: stores is missing: [] says that nothing is kept", f.ID)
		}
		for _, s := range f.Stores {
			if !strings.HasPrefix(s.Doc, "https://") {
				t.Errorf("%s: %s: doc is missing", f.ID, s.Name)
			}
		}
		for i := range f.Cookies {
			if name := f.Cookies[i].Name; !kept(f, name) && older[f.ID+" "+name] == "" {
				t.Errorf("%s: cookie %s is read for ids, and stores has none of that name", f.ID, name)
			}
		}
	}
	for key, why := range older {
		id, name, _ := strings.Cut(key, " ")
		if f, ok := catalog.Builtin(id); !ok || why == "" || kept(f, name) {
			t.Errorf("%s needs no reason", key)
		}
	}
}

// older are cookies that today's scripts keep no longer: ids in those that are left are still read.
var older = map[string]string{
	"ga4 _gid": "analytics.js", "amplitude amplitude_id*": "before SDK 5", "amplitude amp_*": "SDK before Browser SDK 1",
}

// kept tells whether a cookie that is read is one that the script keeps.
func kept(f *catalog.File, name string) bool {
	for _, s := range f.Stores {
		stored, _, _ := strings.Cut(s.Name, "<")
		if read := strings.TrimSuffix(name, "*"); s.Kind == "cookie" &&
			(s.Name == name || stored != s.Name && read != name && strings.HasPrefix(stored, read)) {
			return true
		}
	}
	return false
}
