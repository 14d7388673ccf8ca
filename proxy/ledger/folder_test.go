package ledger_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/tagwarden/tagwarden/proxy/ledger"
)

func stat(t *testing.T, path string) os.FileInfo {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// pathsOf are the segments' paths.
func pathsOf(all []ledger.Segment) (paths []string) {
	for _, s := range all {
		paths = append(paths, s.Path)
	}
	return paths
}

func TestFolderIsPrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data", "ledger")
	if err := open(t, dir, nil, nil).Close(); err != nil {
		t.Fatal(err)
	}
	if mode := stat(t, dir).Mode().Perm(); mode != 0o700 {
		t.Errorf("the folder has mode %o", mode)
	}
}
