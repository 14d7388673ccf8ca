package tree

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestOfFolder: what is read of a folder alone is what is read of the tree that is being written, however much of the
// nodes is on disk.
func TestOfFolder(t *testing.T) {
	t.Parallel()
	const records = 70_000
	s := open(t, t.TempDir(), 0, nil)
	for to := 5_000; to <= records; to += 5_000 {
		s.append(to)
		if err := s.seal(); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(s.entries.Sync(), s.levels.Sync()); err != nil {
		t.Fatal(err)
	}
	want := map[string][]byte{
		"tile/0/000": nil, "tile/0/273.p/112": nil, "tile/1/000": nil, "tile/1/001.p/17": nil, "tile/2/000.p/1": nil,
		"tile/entries/273.p/112": nil,
	}
	for path := range want {
		var err error
		if want[path], err = s.tiles().Resource(path, records); err != nil {
			t.Fatal(err)
		}
	}
	for _, without := range []string{"nothing", "*.level1", "*.level2", "*.level?"} {
		gone, err := filepath.Glob(filepath.Join(s.dir, without))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range gone {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}
		tiles, err := OfFolder(s.dir)
		if err != nil {
			t.Fatal(err)
		}
		for path := range want {
			if got, err := tiles.Resource(path, records); err != nil || !bytes.Equal(got, want[path]) {
				t.Errorf("without %s: %s: %v", without, path, err)
			}
		}
		if err := Continues(s.edge.Tree(), s.edge.Tree(), tiles.Hashes(s.edge.Tree())); err != nil {
			t.Error(err)
		}
	}
	if tiles, err := OfFolder(t.TempDir()); err != nil {
		t.Error(err)
	} else if _, err := tiles.Resource("tile/1/000", records); !errors.Is(err, ErrMissing) {
		t.Errorf("an empty folder: %v", err)
	}
}
