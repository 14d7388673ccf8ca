package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/config"
)

// TestFixes: what is written otherwise since a version is rewritten in its place, with quotes, comments, order and line
// ends as they were; what is right, what people decide and what is no YAML stays; and a second look finds nothing.
func TestFixes(t *testing.T) {
	t.Parallel()
	made, err := config.Init(filepath.Join(t.TempDir(), "shop"), nil, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	server, err := os.ReadFile(made.Server)
	if err != nil {
		t.Fatal(err)
	}
	const origins = `origins: ["https://shop.example"]`
	for _, c := range []struct{ name, origins, vendor, wantOrigins, wantVendor string }{
		{"right", origins, "id: own\nrole: processor # by contract\n", origins, "id: own\nrole: processor # by contract\n"},
		{
			"all", `origins: ["https://shop.example:443", 'http://ö.example:80', https://a.example:443]  # ours`,
			"id: own # ours\r\nprocessor: true  # by contract\r\nmerge: false # never mind\r\ntitle: Own\r\n",
			`origins: ["https://shop.example", 'http://ö.example', https://a.example]  # ours`,
			"id: own # ours\r\nrole: processor  # by contract\r\ntitle: Own\r\n",
		},
		{"other ports", `origins: ["https://shop.example:8443", "http://shop.example:443"]`, "id: own\nprocessor: false\n",
			`origins: ["https://shop.example:8443", "http://shop.example:443"]`, "id: own\nprocessor: false\n"},
		{"both", origins, "processor: true\nrole: joint\n", origins, "processor: true\nrole: joint\n"},
		{"at an endpoint", origins, "endpoints:\n  a:\n    merge: true\n    processor: true\n", origins,
			"endpoints:\n  a:\n    merge: true\n    processor: true\n"},
		{"no YAML", origins, "processor: true\n\t{", origins, "processor: true\n\t{"},
	} {
		vendor := filepath.Join(filepath.Dir(made.Server), "policy", "vendors", "own.yaml")
		put := func(path, text string) {
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		put(vendor, c.vendor)
		put(made.Server, strings.Replace(string(server), origins, c.origins, 1))
		for n := range 2 {
			source, err := config.Read(made.Server)
			if err != nil {
				t.Fatal(err)
			}
			fixes, unread := source.Fixes()
			if broken := c.name == "no YAML"; broken != (len(unread) == 1 && unread[0] == vendor) || !broken && len(unread) > 0 {
				t.Errorf("%s: %q cannot be read", c.name, unread)
			}
			if n == 1 && len(fixes) > 0 {
				t.Errorf("%s: found again: %+v", c.name, fixes)
			}
			for i := range fixes {
				seen := map[int]bool{}
				for _, fix := range fixes[i].Fixes {
					if seen[fix.Line] || fix.Line < 1 || fix.Before == fix.After || fix.Since == "" || fix.Says == "" {
						t.Errorf("%s: %+v", c.name, fix)
					}
					seen[fix.Line] = true
				}
				if now, err := os.ReadFile(fixes[i].Path); err != nil || !source.Same(&fixes[i], now) {
					t.Errorf("%s: %v", c.name, err)
				}
				put(fixes[i].Path, string(fixes[i].Text))
			}
		}
		if got, err := os.ReadFile(vendor); err != nil || string(got) != c.wantVendor {
			t.Errorf("%s: %q, %v", c.name, got, err)
		}
		if got, err := os.ReadFile(made.Server); err != nil || string(got) != strings.Replace(string(server),
			origins, c.wantOrigins, 1) {
			t.Errorf("%s: %s, %v", c.name, got, err)
		}
	}
}
