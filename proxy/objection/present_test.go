package objection

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestFileThatIsNotInItsPlace: what would be lost with the process is not acknowledged, whenever the file went.
func TestFileThatIsNotInItsPlace(t *testing.T) {
	for name, away := range map[string]func(path string) (back func() error){
		"removed": func(path string) func() error {
			aside := path + ".aside"
			must(t, os.Link(path, aside), os.Remove(path))
			return func() error { return os.Rename(aside, path) }
		},
		"replaced": func(path string) func() error {
			aside := path + ".aside"
			must(t, os.Rename(path, aside), os.WriteFile(path, []byte("another"), 0o600))
			return func() error { return os.Rename(aside, path) }
		},
		"replaced by a copy": func(path string) func() error {
			text, err := os.ReadFile(path)
			aside := path + ".aside"
			must(t, err, os.Rename(path, aside), os.WriteFile(path, text, 0o600))
			return func() error { return os.Rename(aside, path) }
		},
		"with its folder": func(path string) func() error {
			aside := filepath.Dir(path) + ".aside"
			must(t, os.Rename(filepath.Dir(path), aside))
			return func() error { return os.Rename(aside, filepath.Dir(path)) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "objections")
			path := filepath.Join(dir, FileName)
			var during func() // a commit
			recorded := 0
			s := opened(t, Options{Dir: dir, Record: func([]Recorded, Head) error { recorded++; return nil }, InForce: func() {
				if during != nil {
					during()
				}
			}})
			taken(t, s, objects(1, "analytics"))
			back := away(path)
			if _, err := s.Apply(t.Context(), Batch{Changes: []Change{objects(2, "analytics")}}); !errors.Is(err, ErrGone) ||
				recorded != 1 {
				t.Fatalf("acknowledged: %v, %d recorded", err, recorded)
			}
			if err := s.Present(); !errors.Is(err, ErrGone) || !errors.Is(s.Err(), ErrGone) {
				t.Errorf("%v, %v", err, s.Err())
			}
			if got, err := s.Standing([]Subject{subject(1)}); err != nil || len(got) != 1 {
				t.Errorf("what was acknowledged before is not in force: %v, %v", got, err)
			}
			must(t, back())
			if err := s.Present(); err != nil || s.Err() != nil {
				t.Fatalf("it is back: %v, %v", err, s.Err())
			}
			taken(t, s, objects(3, "analytics"))
			during = func() { back = away(path) }
			if _, err := s.Apply(t.Context(), Batch{Changes: []Change{objects(4, "analytics")}}); !errors.Is(err, ErrGone) {
				t.Errorf("acknowledged though the file went while it was written: %v", err)
			}
			during = nil
			must(t, back())
			taken(t, s, objects(5, "analytics")) // without a look in between
		})
	}
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}
