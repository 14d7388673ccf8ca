package minimise

import (
	"regexp"
	"testing"

	"github.com/tagwarden/tagwarden/rules/hit"
)

// applied is a case of each minimiser.
var applied = [NumKinds]struct {
	spec     Spec
	class    hit.Class
	in, want string
}{
	Drop:         {Spec{}, hit.Custom, "gold", dropped},
	Keep:         {Spec{}, hit.Custom, "jane.doe@example.com, gold", "[email], gold"},
	Pseudonymise: {Spec{}, hit.UserID, "cust-48213", "q5_mh-zAf7fqbn3EzxCoqA"},
	Derive:       {Spec{Derive: "daily_visitor"}, hit.ClientID, "1234567890.1700000000", "2137881528.1662488236"},
	Hash: {Spec{Hash: "sha256"}, hit.Email, "jane.doe@example.com",
		"86e0b9e56c17cc4d12387e1949b85053fbe73bc3ce5a1188713a9d300cc6133d"},
	Truncate: {Spec{Truncate: TruncateSpec{To: "day"}}, hit.Timestamp,
		"2026-11-24T01:48:41Z", "2026-11-24T00:00:00Z"},
	Generalise: {Spec{Generalise: "primary"}, hit.Language, "de-AT", "de"},
	URL:        {Spec{}, hit.URL, "https://shop.example/account/12345?token=abc", "https://shop.example/account/:id"},
	Scrub:      {Spec{}, hit.FreeText, "call +49 30 901820", "call [phone]"},
	Only:       {Spec{Only: []string{"card"}}, hit.Custom, "invoice", dropped},
	Rare:       {Spec{}, hit.Screen, "1512x982", "other"},
	Replace:    {Spec{Replace: "none"}, hit.Custom, "gold", "none"},
}

// TestTable: of each minimiser all is said that others read of it, once, and it does what its case says.
func TestTable(t *testing.T) {
	name := regexp.MustCompile(`^[a-z]+$`)
	seen, env := map[string]Kind{}, testEnv()
	for k, m := range table {
		k := Kind(k)
		if m == nil {
			t.Errorf("minimiser %d has no row", k)
			continue
		}
		if other, twice := seen[m.name]; twice || !name.MatchString(m.name) {
			t.Errorf("%d is called %q, and so is %d", k, m.name, other)
		}
		seen[m.name] = k
		if m.done == "" || m.classes&^(1<<hit.Unknown) == 0 || (m.apply == nil) != (k == Drop) {
			t.Errorf("%v: what was done (%q), for what (%v), or how is missing", k, m.done, m.classes)
		}
		if (m.measure == NoMeasure) != (k == Drop) || m.measure >= NumMeasures {
			t.Errorf("%v is measure %d to a record of processing", k, m.measure)
		}
		for _, p := range m.params {
			if p.About == "" || p.at == nil || p.Type == Enum && len(p.Values) == 0 || p.Type == Int && p.Max <= p.Min {
				t.Errorf("%v %s: what it means, where it is kept or what it may be is missing", k, p.Name)
			}
		}
		if len(m.words) == 0 {
			t.Errorf("%v has no words", k)
		}
		for key, said := range m.words {
			for _, language := range []string{"en", "de", "fr"} {
				if said[language] == "" {
					t.Errorf("%v %q says nothing in %s", k, key, language)
				}
			}
		}
		c := applied[k]
		c.spec.Kind = k
		a := must(t, c.spec, c.class)
		if got := text(t, a, c.in, env); got != c.want {
			t.Errorf("%v: %q becomes %q, want %q", k, c.in, got, c.want)
		}
		if !m.classes.has(c.class) || a.Effect("en") == "" || a.Effect("la") != "" {
			t.Errorf("%v is not for %v, or its effect is %q", k, c.class, a.Effect("en"))
		}
	}
}

// TestEachHasItsPlace: loosestFirst holds each minimiser, keep first and drop last.
func TestEachHasItsPlace(t *testing.T) {
	for k := range NumKinds {
		if loosestFirst[k.Rank()] != k {
			t.Errorf("%v has no place among those that let through more and less", k)
		}
	}
	if Keep.Rank() != 0 || Drop.Rank() != int(NumKinds)-1 {
		t.Error("keep is the loosest, and drop the strictest")
	}
}
