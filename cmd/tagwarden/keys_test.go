package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/config"
)

// TestKeyWarnings: what check says of keys and clock.
func TestKeyWarnings(t *testing.T) {
	made := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	dir, other := filepath.Join(t.TempDir(), "shop"), filepath.Join(t.TempDir(), "other")
	for _, d := range []string{dir, other} {
		var out strings.Builder
		if code := run(t.Context(), &terminal{out: &out, err: &out, now: func() time.Time { return made }}, []string{"init", d}); code != fine {
			t.Fatal(out.String())
		}
	}
	loaded, err := config.Load(filepath.Join(dir, "tagwarden.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	foreign := loaded.Server
	foreign.Keys.Root = filepath.Join(other, "root.key")
	gone := loaded.Server
	gone.Keys.Root = filepath.Join(dir, "elsewhere")
	command := loaded.Server
	command.Keys.Root, command.Keys.RootCommand = "", []string{"vault"}
	lies := "the root secret still lies at"
	for _, c := range []struct {
		name   string
		server *config.Server
		now    time.Time
		want   []string
	}{
		{"still there", &loaded.Server, made, []string{lies}},
		{"moved away", &gone, made, nil},
		{"a command", &command, made, nil},
		{"another root", &foreign, made, []string{lies, "is not the one that the key state"}},
		{"clock behind", &gone, made.AddDate(0, -1, 0), []string{"pseudonyms do not change before 2026-11-25"}},
		{"clock far ahead", &gone, made.AddDate(2, 0, 0), []string{"the key state is of 2026-11-24: the server will forward nothing"}},
	} {
		got := keyWarnings(c.server, c.now)
		if len(got) != len(c.want) {
			t.Errorf("%s: %q", c.name, got)
			continue
		}
		for i, want := range c.want {
			if !strings.Contains(got[i], want) {
				t.Errorf("%s: %q, want %q", c.name, got[i], want)
			}
		}
	}
}
