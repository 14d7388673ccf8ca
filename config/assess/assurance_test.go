package assess

import (
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/config"
)

// TestServersOfOthers: where the files name somebody else as the recipient, or a country, no safeguard that says the
// contrary is taken at its word, or called shown.
func TestServersOfOthers(t *testing.T) {
	t.Parallel()
	const owned, inFrance = `entity: "Shop SARL, Paris, FR"`, "country: FR "
	for _, c := range []struct {
		what, old, with, name string
		worth                 config.Assured
		why                   string
	}{
		{"one's own", owned, owned, "own_servers", config.AssuredAtWord, ""},
		{"on one's own network", "country: FR ", "private: true #", "own_servers", config.AssuredAtWord, ""},
		{"a host's", owned, `entity: "Hoster SA, Lyon, FR"`, "own_servers", config.AssuredBroken, "matomo is of Hoster SA"},
		{"in the EEA", owned, owned, "recipients_in_eea", config.AssuredHeld, ""},
		{"a private network abroad", inFrance, "private: true\n    country: US ", "recipients_in_eea", config.AssuredBroken,
			"matomo is in US"},
		{"a private network somewhere", inFrance, "private: true #", "recipients_in_eea", config.AssuredAtWord, ""},
	} {
		f := newFolder(t)
		f.edit(t, "tagwarden.yaml", c.old, c.with)
		f.edit(t, "policy/assessments/LIA-2026-001.yaml", "own_servers, no_joining", "own_servers, recipients_in_eea")
		for _, one := range f.load(t).Assurances(lia) {
			if one.Name == c.name && (one.Worth != c.worth || !strings.Contains(one.Why, c.why)) {
				t.Errorf("%s: %v %q, want %v %q", c.what, one.Worth, one.Why, c.worth, c.why)
			}
		}
	}
}
