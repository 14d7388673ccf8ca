package config

import (
	"errors"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/tagwarden/tagwarden/config/internal/files"
	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules/basis"
)

var update = flag.Bool("update", false, "write what is found into the files that say what is wanted")

// archive reads a txtar file as files by name.
func archive(t testing.TB, name string) (*txtar.Archive, map[string][]byte) {
	t.Helper()
	return files.Archive(t, name)
}

func base(t testing.TB) map[string][]byte {
	_, files := archive(t, "testdata/base.txtar")
	return files
}

func compiled(files map[string][]byte) (*Loaded, error) {
	return Compile(SourceOf(files), basis.Past{})
}

func TestBaseIsFaultless(t *testing.T) {
	t.Parallel()
	loaded, err := compiled(base(t))
	if err != nil {
		t.Fatal(err)
	}
	if len(loaded.Warnings) > 0 {
		t.Errorf("warnings:\n%v", loaded.Warnings)
	}
}

// TestFaults compiles each case and compares all that is said of it, word for word. `go test -update` writes it anew.
func TestFaults(t *testing.T) {
	t.Parallel()
	cases, err := filepath.Glob("testdata/faults/*.txtar")
	if err != nil || len(cases) == 0 {
		t.Fatal("no cases", err)
	}
	for _, name := range cases {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			a, own := archive(t, name)
			files := base(t)
			maps.Copy(files, own)
			maps.DeleteFunc(files, func(_ string, text []byte) bool { return string(text) == "(removed)\n" })
			_, err := compiled(files)
			if err == nil {
				t.Fatal("nothing is found wrong")
			}
			got := err.Error() + "\n"
			if *update {
				a.Files[len(a.Files)-1].Data = []byte(got)
				if err := os.WriteFile(name, txtar.Format(a), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			if want := string(own["want"]); got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
			if _, ok := errors.AsType[strict.Faults](err); !ok {
				t.Fatalf("a %T", err)
			}
		})
	}
}
