package proxy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestShutFolder: nobody but its owner can enter a data folder that is used.
func TestShutFolder(t *testing.T) {
	for _, mode := range []os.FileMode{0o755, 0o750, 0o701, 0o777, 0o710} {
		dir := filepath.Join(t.TempDir(), "data")
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := shutFolder(dir, os.Geteuid()+1); err == nil || !strings.Contains(err.Error(),
			"is not of the user that this runs as") || !strings.Contains(err.Error(), dir) {
			t.Errorf("%04o, of somebody else: %v", mode, err)
		}
		if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != mode {
			t.Errorf("it was changed to %v, %v", info.Mode(), err)
		}
		said, err := shutFolder(dir, os.Geteuid())
		if info, gone := os.Stat(dir); err != nil || gone != nil || info.Mode().Perm() != 0o700 ||
			!strings.Contains(said, dir) {
			t.Errorf("%04o: %q, %v, it is %v", mode, said, err, info.Mode())
		}
		if said, err := shutFolder(dir, os.Geteuid()+1); err != nil || said != "" {
			t.Errorf("one that is shut: %q, %v", said, err)
		}
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := shutFolder(file, os.Geteuid()); err == nil {
		t.Error("a file is a folder")
	}
}
