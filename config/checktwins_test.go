package config

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// TestTwins: where times are cut and ids of events kept, check says that a vendor does not know an event again which
// the server sends past tagwarden; not where it comes by here, nor where times or ids are treated otherwise.
func TestTwins(t *testing.T) {
	for _, c := range []struct {
		name, pixel, capi, classes string
		warned                     int
	}{
		{"pixel alone", "meta_pixel", "", "event_name: keep, timestamp: { truncate: hour }, event_id: keep", 1},
		{"server alone", "", "meta_capi", "event_name: keep, client_id: keep, timestamp: { truncate: hour }, event_id: keep",
			1},
		{"both", "meta_pixel", "meta_capi",
			"event_name: keep, client_id: keep, timestamp: { truncate: hour }, event_id: keep", 0},
		{"times kept", "meta_pixel", "", "event_name: keep, timestamp: keep, event_id: keep", 0},
		{"no times", "meta_pixel", "", "event_name: keep, event_id: keep", 0},
		{"ids dropped", "meta_pixel", "", "event_name: keep, timestamp: { truncate: hour }", 0},
	} {
		var vendors, activities strings.Builder
		for _, catalog := range []string{c.pixel, c.capi} {
			if catalog != "" {
				fmt.Fprintf(&vendors, "  %s: { catalog: %s }\n", catalog, catalog)
				fmt.Fprintf(&activities,
					"  - { id: a-%s, vendor: %s, purposes: [measure], basis: consent, retention: 14 months, transfer: { country: US, safeguard: DPF }, "+
						"profile: cut, events: [\"*\"] }\n", catalog, catalog)
			}
		}
		files := base(t)
		files["tagwarden.yaml"] = append(bytes.TrimSpace(files["tagwarden.yaml"]), "\n"+vendors.String()...)
		files["policy/activities.yaml"] = append(bytes.TrimSpace(files["policy/activities.yaml"]),
			"\n"+activities.String()...)
		files["policy/profiles.yaml"] = append(bytes.TrimSpace(files["policy/profiles.yaml"]), "\n  cut: { classes: { "+
			c.classes+" } }\n"...)
		l, err := compiled(files)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		n := 0
		for _, w := range l.Notes {
			if strings.Contains(w.Error(), "does not know the same event again") {
				n++
			}
		}
		if n != c.warned {
			t.Errorf("%s: %d notes, want %d: %v", c.name, n, c.warned, l.Notes)
		}
	}
}
