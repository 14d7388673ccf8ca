package proxy

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFormat: a data folder that a newer version wrote is refused, by whoever takes it; one that says nothing, or what is
// known, is not.
func TestFormat(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text, wrong string
		newer       bool
	}{
		{"", "", false},
		{"ledger 1\n", "", false},
		{"ledger 2\n", "", false},
		{"ledger 3\n", "", false},
		{"ledger 4\n", "format:1: it has form 4 of the ledger, and 3 is the newest known here", true},
		{"ledger 2\nqueue 1\n", "", false},
		{"ledger 2\nqueue 2\n", "format:2: it has form 2 of the queue, and 1 is the newest known here", true},
		{"ledger 2\ncluster 1\n", `format:2: "cluster" is not known here`, true},
		{"ledger\n", `format:1: a part and the number of its form is right, such as "ledger 3"`, false},
		{"ledger 0\n", "format:1: a part and the number", false},
		{"\x00\x00", "format:1: a part and the number", false},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, formatFile), []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		lock, err := LockData(dir)
		if (err == nil) != (c.wrong == "") || errors.Is(err, ErrNewer) != c.newer || err != nil && !strings.Contains(err.Error(), c.wrong) {
			t.Errorf("%q: %v", c.text, err)
		}
		if err := lock.Release(); err != nil {
			t.Error(err)
		}
	}
	dir := t.TempDir()
	for range 2 {
		if err := writeFormat(dir, nil); err != nil {
			t.Fatal(err)
		}
		if err := checkFormat(dir); err != nil {
			t.Error(err)
		}
	}
}
