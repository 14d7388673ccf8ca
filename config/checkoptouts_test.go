package config

import (
	"strings"
	"testing"
)

// TestUndatedConsentIsNoted: where a yes without a date meets an opt-out that is kept, check says so; not where the
// banner writes the date, nothing is sold, the signal is not read, or no visitor is in the US.
func TestUndatedConsentIsNoted(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, region, signals, purpose string
		noted                          bool
	}{
		{"sold, undated", "{ header: CF-IPCountry }", "gpc: {}, own: [OWN]", "us: [sale]", true},
		{"dated", "{ header: CF-IPCountry }", "gpc: {}, own: [OWN, date: { json: at }]", "us: [sale]", false},
		{"not sold", "{ header: CF-IPCountry }", "gpc: {}, own: [OWN]", "gpc: ignore", false},
		{"signal not read", "{ header: CF-IPCountry }", "own: [OWN]", "us: [sale]", false},
		{"nobody there", "{ default: DE }", "gpc: {}, own: [OWN]", "us: [sale]", false},
		{"there alone", "{ default: US }", "gpc: {}, own: [OWN]", "us: [sale]", true},
	} {
		own := "{ cookie: choice, json: ads, category: ads, granted: [\"yes\"]"
		signals := strings.ReplaceAll(strings.ReplaceAll(c.signals, "OWN]", own+" }]"), "OWN, date: { json: at }]",
			own+", date: { json: at } }]")
		l, err := compiled(map[string][]byte{
			"tagwarden.yaml": []byte("version: 1\nsites:\n  shop: { hosts: [shop.example], region: " + c.region +
				", signals: { " + signals + " } }\n" +
				"vendors:\n  matomo: { catalog: matomo, upstream: \"http://10.0.0.7:8000\", private: true }\n"),
			"policy/purposes.yaml": []byte(
				"purposes:\n  offers: { title: Show people our products that they looked at, categories: [ads], " +
					c.purpose + " }\n"),
			"policy/activities.yaml": []byte(
				"activities:\n  - { id: a, vendor: matomo, purposes: [offers], basis: consent, retention: 1 year, " +
					"profile: small, events: [\"*\"] }\n"),
			"policy/profiles.yaml": []byte("profiles:\n  small: { classes: { event_name: keep } }\n"),
		})
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if noted := strings.Contains(l.Notes.Error(), "a yes to ads has no date"); noted != c.noted {
			t.Errorf("%s: %v", c.name, l.Notes)
		}
	}
}
