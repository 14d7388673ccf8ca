package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/tagwarden/tagwarden/config/internal/files"
)

// initialised are the files of a preset, as init writes them, with an approver's key of the tests'.
func initialised(t testing.TB, preset string) map[string][]byte {
	t.Helper()
	_, public := files.ApproverKeys(t)
	all := exampleTree(preset)
	for name, text := range all {
		all[name] = []byte(strings.NewReplacer("APPROVER", public, "REVIEW_BY", "2027-05-04").Replace(string(text)))
	}
	return all
}

// TestPresetsKeepTheirPromises: what init writes promises two or three things at least, and keeps them.
func TestPresetsKeepTheirPromises(t *testing.T) {
	t.Parallel()
	for _, preset := range append(Examples(), "") {
		loaded, err := compiled(initialised(t, preset))
		if err != nil {
			t.Errorf("%s: %v", preset, err)
			continue
		}
		if len(loaded.Promises) < 2 {
			t.Errorf("%s makes %d promises", preset, len(loaded.Promises))
		}
		for i := range loaded.Promises {
			for _, language := range []string{"en", "de", "fr"} {
				if loaded.Promises[i].Says[language] == "" {
					t.Errorf("%s: promise %s says nothing in %s", preset, loaded.Promises[i].ID, language)
				}
			}
		}
	}
}

// TestBrokenPresets: presets that are broken on purpose, each in a way of its own, do not load, and why is said word
// for word. `go test -update` writes it anew.
func TestBrokenPresets(t *testing.T) {
	t.Parallel()
	cases, err := filepath.Glob("testdata/brokenpresets/*.txtar")
	if err != nil || len(cases) < 4 {
		t.Fatal("there are too few", cases, err)
	}
	for _, name := range cases {
		a, own := archive(t, name)
		said := func(part string) string { return strings.TrimSuffix(string(own[part]), "\n") }
		all := initialised(t, said("preset"))
		text := string(all[said("file")])
		if !strings.Contains(text, said("old")) {
			t.Errorf("%s: %s holds no %q", name, said("file"), said("old"))
			continue
		}
		all[said("file")] = []byte(strings.Replace(text, said("old"), said("new"), 1))
		if _, err = compiled(all); err == nil {
			t.Errorf("%s: nothing is found wrong", name)
			continue
		}
		if *update {
			a.Files[len(a.Files)-1].Data = []byte(err.Error() + "\n")
			if err := os.WriteFile(name, txtar.Format(a), 0o600); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err.Error() != said("want") {
			t.Errorf("%s: got\n%v\nwant\n%s", name, err, said("want"))
		}
	}
}
