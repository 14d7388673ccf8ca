package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/config"
)

// TestOverlooked: what is left undone is warned of, and of what init writes there is nothing to warn of.
func TestOverlooked(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	for _, example := range append(config.Examples(), "") {
		made, err := config.InitExample(example, t.TempDir(), nil, now)
		if err != nil {
			t.Fatal(err)
		}
		loaded, err := config.Load(made.Server)
		if err != nil {
			t.Fatal(err)
		}
		if found := config.Overlooked(loaded); len(found) > 0 {
			t.Errorf("%q: %v", example, found)
		}
	}
	const server, purposes, activities = "tagwarden.yaml", "policy/purposes.yaml", "policy/activities.yaml"
	for name, c := range map[string]struct{ file, old, new, want string }{
		"a vendor without an activity": {server, "vendors:\n",
			"vendors:\n  posthog: { catalog: posthog, entity: \"X, Y, US\", upstream: \"https://eu.posthog.com\", role: processor }\n",
			"no activity is for vendor posthog"},
		"no event is called so": {activities, `events: [page_view`, `events: [page_vew, page_view`,
			`no event of matomo is called "page_vew": did you mean "page_view"?`},
		"a category that nobody can give": {purposes, "categories: [analytics]", "categories: [comfort]",
			`can say yes to category "comfort"`},
		"a language that is missing": {purposes, "\n      fr: ", "\n      it: ", `has no title in "it"`},
		"no base":                    {server, "    base: /t", "    # base: /t", "the site's own web server"},
		"a host that is not listed": {server, `origins: ["https://shop.example"]`,
			`origins: ["https://www.shop.example"]`, "sends to www.shop.example, which is not among hosts"},
		"no tests": {"policy/tests/first.yaml", "", "", "the policy has no tests"},
	} {
		dir := t.TempDir()
		made, err := config.Init(dir, nil, now)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(dir, filepath.FromSlash(c.file))
		if c.old == "" {
			if err := os.RemoveAll(filepath.Dir(file)); err != nil {
				t.Fatal(err)
			}
		} else {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(text), c.old) {
				t.Errorf("%s: %q is not in %s", name, c.old, c.file)
				continue
			}
			if err := os.WriteFile(file, []byte(strings.Replace(string(text), c.old, c.new, 1)), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		loaded, err := config.Load(made.Server)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if found := config.Overlooked(loaded); !strings.Contains(found.Error(), c.want) {
			t.Errorf("%s: %v", name, found)
		}
	}
}
