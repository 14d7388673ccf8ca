package catalog_test

import (
	"reflect"
	"testing"

	"github.com/tagwarden/tagwarden/rules/catalog"
)

// TestAFamilySpeaksOneLanguage: what two entries of a family call alike is alike: an id that is looked up under one
// name must not be none under the other.
func TestAFamilySpeaksOneLanguage(t *testing.T) {
	families := 0
	for _, id := range catalog.BuiltinIDs() {
		f, _ := catalog.Builtin(id)
		if f.Family == "" {
			continue
		}
		families++
		head, ok := catalog.Builtin(f.Family)
		if !ok || head.Family != "" {
			t.Errorf("%s: %q is no entry of its own family", id, f.Family)
			continue
		}
		alike := 0
		for name, field := range f.Fields {
			field.About = ""
			other, known := head.Fields[name]
			if other.About = ""; !known {
				continue
			}
			alike++
			if !reflect.DeepEqual(field, other) {
				t.Errorf("%s of %s is %+v, and %+v of %s", name, id, field, other, f.Family)
			}
		}
		if languages := map[string]int{"segment": 50}; alike < languages[f.Family] {
			// of others, two protocols share ids alone
			t.Errorf("%s has only %d fields of %s", id, alike, f.Family)
		}
	}
	if families < 4 {
		t.Errorf("%d entries belong to a family", families)
	}
}

// FuzzCookie: whatever a browser keeps in a cookie, no more than what stands in it is taken for an identifier.
func FuzzCookie(f *testing.F) {
	for _, seed := range []string{"", "GA1.1.5.6", "%22u-17%22", "RS_ENC_v3_InUtMTci",
		"RudderEncrypt%3AU2FsdGVkX18AESIzRFVmd7FaAiUaDrVtbN28HGwO0nk%3D", "RudderEncrypt:U2FsdGVkX18=",
		"RudderEncrypt:U2FsdGVkX18AESIzRFVmdw=="} {
		f.Add(seed)
	}
	cookies := catalog.BuiltinCookies()
	f.Fuzz(func(t *testing.T, value string) {
		for i := range cookies {
			given := []byte(value)
			got := cookies[i].AppendID([]byte("before"), given)
			if len(got) < len("before") || string(got[:6]) != "before" || len(got) > len("before")+len(value) ||
				string(given) != value {
				t.Fatalf("%s: %q gives %q", cookies[i].Name, value, got)
			}
		}
	})
}
