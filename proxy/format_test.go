package proxy

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFormat: a data folder that a newer version wrote is refused, by whoever takes it; one that
// says nothing, or what is known, is not.
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
		{"by 0.9.1\nledger 3\n", "", false},
		{"by 0.9.1\nledger 4\n", "tagwarden 0.9.1 served it last: start that version or a later one", true},
		{"by 0.9.1\nledger 3\nkeys 3\n", "format:3: it has form 3 of the keys, and 2 is the newest known here", true},
		{"by\n", "format:1: a part and the number", false},
		{"ledger\n", `format:1: a part and the number of its form is right, such as "ledger 3"`, false},
		{"ledger 0\n", "format:1: a part and the number", false},
		{"\x00\x00", "format:1: a part and the number", false},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, formatFile), []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		lock, err := LockData(dir)
		if (err == nil) != (c.wrong == "") || errors.Is(err, ErrNewer) != c.newer || err != nil &&
			!strings.Contains(err.Error(), c.wrong) {
			t.Errorf("%q: %v", c.text, err)
		}
		if err := lock.Release(); err != nil {
			t.Error(err)
		}
	}
	dir := t.TempDir()
	if said, err := DataFormat(dir); said != "" || err != nil {
		t.Errorf("%q, %v", said, err)
	}
	for _, version := range []string{"0.9.1", "0.9.1", "0.9.0"} {
		if err := writeFormat(dir, version, nil); err != nil {
			t.Fatal(err)
		}
		said, err := DataFormat(dir)
		if want := "acts 1, backup 1, keys 2, ledger 3, objections 6, queue 1, tokens 2; tagwarden " + version +
			" served it last"; err != nil || said != want {
			t.Errorf("%q, %v", said, err)
		}
	}
}
