package proxy

import (
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/proxy/api"
	"github.com/tagwarden/tagwarden/rules/catalog"
)

// maskOf shows events of a vendor of the catalog.
func maskOf(t testing.TB, vendor string) *knownNames {
	t.Helper()
	file, _ := catalog.Builtin(vendor)
	of, err := catalog.Compile(file, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return newKnownNames(of)
}

func shown(fields []api.QueueField) (all []string) {
	for _, f := range fields {
		all = append(all, f.Name+": "+f.Is)
	}
	return all
}

// TestMasked: of what an event carries, the names that the catalog has are shown, and of each value its kind and
// length.
func TestMasked(t *testing.T) {
	ga4, segment := maskOf(t, "ga4"), maskOf(t, "segment")
	for _, c := range []struct{ name, given, want string }{
		{"a form", "v=2&cid=123.456&ep.jane=Jane&jane=x&en=&dl", "v: number, 1 byte; cid: number, 7 bytes; " +
			"ep.*: text, 4 bytes; *: text, 1 byte; en: empty; dl: empty"},
		{"lines of forms", "en=a\r\nen=bc&jane@example.com=1", "en: text, 1 byte; en: text, 2 bytes; *: number, 1 byte"},
		{"text", "Jane Doe", ": text, 8 bytes"},
		{"no text", "\xff\xfe", ": no text, 2 bytes"},
		{"compressed", "\x1f\x8bxx", ": compressed, 4 bytes"},
		{"nothing", "", ""},
	} {
		if got := strings.Join(shown(ga4.body([]byte(c.given))), "; "); got != c.want {
			t.Errorf("%s: %s", c.name, got)
		}
	}
	for _, c := range []struct{ name, given, want string }{
		{"JSON", `{"type":"track","jane@example.com":{"userId":"jane","x":[1,true,null,{}]},"properties":{"email":""}}`,
			"/type: text, 5 bytes; /*/userId: text, 4 bytes; /*/*/0: number, 1 byte; /*/*/1: true or false; /*/*/2: null; " +
				"/*/*/3: empty; /properties/email: empty"},
		{"lines of JSON", `{"type":"track"}` + "\n" + `{"event":"Jane"}`, "/0/type: text, 5 bytes; /1/event: text, 4 bytes"},
		{"no JSON", `{"type":`, ": text, 8 bytes"},
	} {
		if got := strings.Join(shown(segment.body([]byte(c.given))), "; "); got != c.want {
			t.Errorf("%s: %s", c.name, got)
		}
	}
	for _, c := range []struct{ endpoint, path, want string }{
		{"collect", "/g/collect", "/g/collect"}, {"collect", "/jane/collect", "/{4}/{7}"}, {"gone", "/a", "/{1}"},
	} {
		if got := ga4.path(c.endpoint, []byte(c.path)); got != c.want {
			t.Errorf("%s: %s", c.path, got)
		}
	}
	if got := segment.path("settings", []byte("/v1/projects/KEY/settings")); strings.Contains(got, "KEY") {
		t.Error(got)
	}
	gone := shown(newKnownNames(nil).body([]byte(`{"type":"track"}`)))
	if got := gone; !slices.Equal(got, []string{"/*: text, 5 bytes"}) {
		t.Errorf("of a vendor that is gone: %s", got)
	}
}

// FuzzMasked: whatever an event carries, nothing is shown but names of the catalog, numbers, and words of our own.
func FuzzMasked(f *testing.F) {
	for _, seed := range []string{
		"v=2&cid=123.456&ep.jane=Jane", "en=a\r\nen=b", `{"type":"track","jane":{"email":"jane@example.com"}}`,
		`[{"a":[[[1]]]}]`, "{\"a\":1}\n{\"b\":2}", "\x1f\x8b", "%6a%61=1&&=&", `{"":""}`,
		strings.Repeat("[", 100) + strings.Repeat("]", 100),
	} {
		f.Add([]byte(seed))
	}
	mask := maskOf(f, "segment")
	f.Fuzz(func(t *testing.T, body []byte) {
		all := append(mask.form(nil, body), mask.body(body)...)
		if len(all) > 2*mostShown+1 {
			t.Errorf("%d fields", len(all))
		}
		for _, field := range all {
			for step := range strings.SplitSeq(strings.TrimPrefix(field.Name, "/"), "/") {
				begun := slices.ContainsFunc(mask.begins, func(b string) bool { return step == b+"*" })
				number := strings.Trim(step, "0123456789") == ""
				if step != "*" && !begun && !number && !mask.whole[step] {
					t.Errorf("%q", field.Name)
				}
			}
			if what, _, _ := strings.Cut(field.Is, ","); !slices.Contains([]string{
				"text", "number", "true or false", "null", "empty", "JSON", "no text", "compressed",
			}, what) {
				t.Errorf("%q", field.Is)
			}
		}
		if path := mask.path("track", body); len(strings.Trim(path, "/{}0123456789")) > 0 && path != "/v1/t" {
			t.Errorf("%q: %q", body, path)
		}
	})
}
