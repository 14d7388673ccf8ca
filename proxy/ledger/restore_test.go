package ledger_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tagwarden/tagwarden/proxy/ledger"
)

// TestRestoreOfAGoodLedger: a start that has nothing to accept forgets that it was told to, and a later one accepts no
// older copy.
func TestRestoreOfAGoodLedger(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := signing(t, dataFolder(t), nil)
		o.Seal = 4 * time.Second
		if err := errors.Join(starts(t, o, 1, 2), ledger.Restore(o.Dir, "to be sure", nil), starts(t, o, 3)); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(o.Dir, "restore.json")); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("it stays: %v", err)
		}
	})
}
