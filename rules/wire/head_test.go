package wire

import (
	"strings"
	"testing"
)

// TestHostsHaveOneForm: lower case, without a port or the dot of the root; what has no one reading is refused.
func TestHostsHaveOneForm(t *testing.T) {
	for value, want := range map[string]string{
		"shop.example": "shop.example", "Shop.EXAMPLE": "shop.example", "shop.example:8080": "shop.example",
		"shop.example.":    "shop.example",
		"shop.example.:80": "shop.example", "shop.example:": "shop.example", "a_b-c.example": "a_b-c.example",
		"127.0.0.1:80": "127.0.0.1",
		"[::1]":        "[::1]", "[::1]:8080": "[::1]", "[2001:DB8::7]": "[2001:db8::7]",
		"[2001:db8::7]:443":      "[2001:db8::7]",
		"[2001:db8::]":           "[2001:db8::]",
		strings.Repeat("a", 255): strings.Repeat("a", 255),
		"":                       "", ".": "", ":80": "", "::1": "", "::1:80": "", "shop.example:8x": "",
		"shop.example:80]": "", "shop.example]": "", "sh[op]": "",
		"[::1]:80x": "", "shop:80:80": "", "shop example": "", "shop/example": "", "shop@example": "", "sh%6fp": "",
		"shöp.example":           "",
		strings.Repeat("a", 256): "",
	} {
		got, ok := AppendHost(nil, []byte(value))
		switch {
		case ok != (want != ""):
			t.Errorf("%q: taken: %v", value, ok)
		case ok && string(got) != want:
			t.Errorf("%q becomes %q, want %q", value, got, want)
		}
	}
	if got, _ := AppendHost([]byte("x"), []byte("A")); string(got) != "xa" {
		t.Errorf("put behind what was there: %q", got)
	}
}

// TestPathsMeanOneThing: no escape, dot or byte in a path that another server may read otherwise, wherever it stands.
func TestPathsMeanOneThing(t *testing.T) {
	for _, at := range []string{"/%s", "/%s/b", "/a/%s", "/a/%s/b"} {
		for _, bad := range []string{
			"%2f", "%2F", "x%2e", "%2E%2E", "%5c", "%5C", "%00", "%0a", "%0d", "%0D", ".", "..", "\\", " ", "\t", "\x00", "\x7f",
			"ä",
		} {
			if path := strings.Replace(at, "%s", bad, 1); plainPath([]byte(path)) {
				t.Errorf("%q is taken", path)
			}
		}
		for _, good := range []string{"a", ".a", "a.", "...", "..a", "a.b", "%20", "%41", "%2", "%", "%zz", "~", "!"} {
			if path := strings.Replace(at, "%s", good, 1); !plainPath([]byte(path)) {
				t.Errorf("%q is refused", path)
			}
		}
	}
	for path, want := range map[string]bool{"/": true, "/a%2": true, "/a%": true, "/%2f": false, "/a%2f": false,
		"/a/": true, "/a/.": false, "/a/..": false} {
		if plainPath([]byte(path)) != want {
			t.Errorf("%q is taken: %v", path, !want)
		}
	}
}
