package proxy

import (
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// TestHostsHaveOneForm: lower case, without a port or the dot of the root; what has no one reading is refused.
func TestHostsHaveOneForm(t *testing.T) {
	for value, want := range map[string]string{
		"shop.example": "shop.example", "Shop.EXAMPLE": "shop.example", "shop.example:8080": "shop.example", "shop.example.": "shop.example",
		"shop.example.:80": "shop.example", "shop.example:": "shop.example", "a_b-c.example": "a_b-c.example", "127.0.0.1:80": "127.0.0.1",
		"[::1]": "[::1]", "[::1]:8080": "[::1]", "[2001:DB8::7]": "[2001:db8::7]", "[2001:db8::7]:443": "[2001:db8::7]", "[2001:db8::]": "[2001:db8::]",
		strings.Repeat("a", 255): strings.Repeat("a", 255),
		"":                       "", ".": "", ":80": "", "::1": "", "::1:80": "", "shop.example:8x": "", "shop.example:80]": "", "shop.example]": "", "sh[op]": "",
		"[::1]:80x": "", "shop:80:80": "", "shop example": "", "shop/example": "", "shop@example": "", "sh%6fp": "", "shöp.example": "",
		strings.Repeat("a", 256): "",
	} {
		got, ok := appendHost(nil, []byte(value))
		switch {
		case ok != (want != ""):
			t.Errorf("%q: taken: %v", value, ok)
		case ok && string(got) != want:
			t.Errorf("%q becomes %q, want %q", value, got, want)
		}
	}
	if got, _ := appendHost([]byte("x"), []byte("A")); string(got) != "xa" {
		t.Errorf("put behind what was there: %q", got)
	}
}

// TestPathsMeanOneThing: no escape, dot or byte in a path that another server may read otherwise, wherever it stands.
func TestPathsMeanOneThing(t *testing.T) {
	for _, at := range []string{"/%s", "/%s/b", "/a/%s", "/a/%s/b"} {
		for _, bad := range []string{
			"%2f", "%2F", "x%2e", "%2E%2E", "%5c", "%5C", "%00", "%0a", "%0d", "%0D", ".", "..", "\\", " ", "\t", "\x00", "\x7f", "ä",
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
	for path, want := range map[string]bool{"/": true, "/a%2": true, "/a%": true, "/%2f": false, "/a%2f": false, "/a/": true, "/a/.": false, "/a/..": false} {
		if plainPath([]byte(path)) != want {
			t.Errorf("%q is taken: %v", path, !want)
		}
	}
}

// TestFactsAreToldWhole: what a string says is in the record from its first letter to its last, whatever was put before it.
func TestFactsAreToldWhole(t *testing.T) {
	p := new(passage)
	want := []string{"purposes 1 to 4", "", "US: 1YNN"}
	for _, words := range want {
		p.appendFact(signal.TransparencyConsent, signal.Valid, func(to []byte) []byte { return append(to, words...) })
	}
	p.appendFact(signal.USPrivacy, signal.Absent, func([]byte) []byte { t.Error("asked what is not there"); return nil })
	if len(p.facts) != len(want) {
		t.Fatalf("%d facts", len(p.facts))
	}
	for i, f := range p.facts {
		if f.Says != want[i] || f.Source != signal.TransparencyConsent.String() || f.State != signal.Valid.String() {
			t.Errorf("%+v, want %q", f, want[i])
		}
	}
}

// TestWhatIsToldTogether: acts share a record where they say the same and follow each other, and in no other case.
func TestWhatIsToldTogether(t *testing.T) {
	first := func() ledger.Objected {
		return ledger.Objected{
			Kind: ledger.KindObjection, First: 1, Last: 4, Scopes: []string{"a", "b"}, Source: "api", Site: "shop", By: "crm", Because: "asked", Subjects: make([][16]byte, 3),
		}
	}
	for what, change := range map[string]func(o *ledger.Objected){
		"":             func(*ledger.Objected) {},
		"as many":      func(o *ledger.Objected) { o.Subjects = make([][16]byte, mostSubjects-3) },
		"too many":     func(o *ledger.Objected) { o.Subjects = make([][16]byte, mostSubjects-2) },
		"a gap":        func(o *ledger.Objected) { o.First++ },
		"the same":     func(o *ledger.Objected) { o.First-- },
		"kind":         func(o *ledger.Objected) { o.Kind = ledger.KindWithdrawal },
		"scopes":       func(o *ledger.Objected) { o.Scopes = o.Scopes[:1] },
		"other scopes": func(o *ledger.Objected) { o.Scopes = []string{"a", "c"} },
		"restriction":  func(o *ledger.Objected) { o.Restriction = true },
		"source":       func(o *ledger.Objected) { o.Source = "link" },
		"site":         func(o *ledger.Objected) { o.Site = "" },
		"by":           func(o *ledger.Objected) { o.By = "other" },
		"because":      func(o *ledger.Objected) { o.Because = "" },
		"recovered":    func(o *ledger.Objected) { o.Recovered = true },
	} {
		a, b := first(), first()
		b.First, b.Last = 5, 5
		change(&b)
		if got := joinable(&a, &b); got != (what == "" || what == "as many") {
			t.Errorf("%q: joined: %v", what, got)
		}
	}
}
