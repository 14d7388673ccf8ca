package audit_test

import (
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/audit"
)

// TestOlderCopy: of a copy from before a checkpoint that somebody kept it is said that it ends too early, and
// nothing of records that were changed.
func TestOlderCopy(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ledger")
	var copy string
	outer := t // whose folders last
	synctest.Test(t, func(t *testing.T) {
		l := write(t, options(t, dir), 0, 100, 1)
		copy = copied(outer, dir)
		for range 50 {
			if err := l.Append([]ledger.Event{event(7)}, named{}); err != nil {
				t.Fatal(err)
			}
			<-time.After(time.Second)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	})
	r, err := audit.Verify(audit.Options{Dir: copy, Checkpoint: read(t, filepath.Join(dir, ledger.CheckpointFile))})
	if err != nil || len(r.Findings) != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	f := r.First()
	if f == nil || f.Kind != audit.CutShort || f.First > r.Records || !strings.Contains(f.What, "a copy from before") {
		t.Errorf("%+v of %d records", f, r.Records)
	}
	if strings.Contains(told(r)+strings.Join(r.Notes, "\n"), "alike") ||
		!strings.Contains(strings.Join(r.Notes, "\n"), "copy again") {
		t.Errorf("%s%q", told(r), r.Notes)
	}
}
