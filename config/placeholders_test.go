package config

import (
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/config/internal/files"
)

// TestPlaceholder: what nobody can be called, or have, is told from what somebody may.
func TestPlaceholder(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"Shop GmbH": true, "shop.example": true, "https://matomo.shop.example:8443": true, "privacy@Shop.Example": true,
		"example.com": true, "www.example.org.": true, "https://example.net/t": true,
		"": false, "Example GmbH": false, "localhost": false, "127.0.0.1": false, "example.de": false, "myexample.com": false,
		"shop.example.fr": false, "privacy@boutique.fr": false, "https://matomo.boutique.fr": false,
		"+33 1 23 45 67 89":                      false,
		"The data protection officer, by letter": false,
	} {
		if isPlaceholder(text) != want {
			t.Errorf("%q: %t", text, !want)
		}
	}
}

// TestPlaceholders: what Init and every example write in place of what only the operator knows is warned of, at its
// place, and there is no warning any more once it is replaced.
func TestPlaceholders(t *testing.T) {
	t.Parallel()
	for _, name := range append(Examples(), "") {
		made, err := InitExample(name, t.TempDir(), nil, noon)
		if err != nil {
			t.Fatal(err)
		}
		loaded, err := Load(made.Server)
		if err != nil {
			t.Fatal(err)
		}
		c := &loaded.Server.Controller
		for _, text := range []string{c.Name, c.Address, c.Contact, c.DPO} {
			if !isPlaceholder(text) {
				t.Errorf("%s: %q is not known to be a placeholder", name, text)
			}
		}
		said := loaded.Placeholders()
		want := 2 + len(loaded.Assessments) // the controller and the site
		for id := range loaded.Server.Vendors {
			if loaded.Server.Vendors[id].Upstream != "" && !strings.Contains(loaded.Server.Vendors[id].Upstream, "google") {
				want++
			}
		}
		if len(said) != want || !strings.Contains(said[0].Error(), "tagwarden.yaml:") {
			t.Errorf("%s: want %d, got\n%v", name, want, said)
		}
		files.Own(t, made.Files)
		if loaded, err = Load(made.Server); err != nil {
			t.Fatal(err)
		}
		if said := loaded.Placeholders(); len(said) > 0 || loaded.Server.Controller.Invented() {
			t.Errorf("%s: replaced, and still said:\n%v", name, said)
		}
	}
}
