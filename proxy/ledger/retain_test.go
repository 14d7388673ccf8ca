package ledger_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tagwarden/tagwarden/config/durable/crash"
	"github.com/tagwarden/tagwarden/proxy/ledger"
)

// TestRetain: segments all of whose records are older than a time go, oldest first, and it is recorded
// before; the one that is written stays, whatever the time, and so do hashes and summaries. A step
// that fails loses nothing that is younger.
func TestRetain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		filled := func(t *testing.T) (*ledger.Ledger, ledger.Options, *crash.Disk) {
			t.Helper()
			o, d := onCrash(t)
			l, err := ledger.Open(o, ledger.Note{Kind: ledger.KindStart})
			if err != nil {
				t.Fatal(err)
			}
			<-time.After(sealed / 2)
			for hit := range uint64(4) {
				if err := l.Append([]ledger.Event{shaped(hit, "")}, named{}); err != nil {
					t.Fatal(err)
				}
				<-time.After(sealed)
			}
			<-time.After(2 * tick)
			return l, o, d
		}
		left := func(t *testing.T, dir string) (events, notes int) {
			t.Helper()
			err := ledger.Search(dir, ledger.Query{}, func(record []byte) bool {
				events += strings.Count(string(record), `"kind":"event"`)
				notes += strings.Count(string(record), `"kind":"retention"`)
				return true
			})
			if err != nil {
				t.Error(err)
			}
			return events, notes
		}
		l, o, _ := filled(t)
		all := segmentFiles(t, o.Dir)
		if len(all) != 5 {
			t.Fatal(all)
		}
		for _, c := range []struct {
			before                time.Time
			deleted, events, note int
		}{
			{begun.Add(-time.Hour), 0, 4, 0}, {begun, 0, 4, 0}, {begun.Add(sealed / 2), 0, 4, 0},
			{begun.Add(sealed + 2*tick), 1, 3, 1}, {begun.Add(sealed + 2*tick), 0, 3, 1},
			{begun.Add(24 * time.Hour), len(all) - 2, 0, 2},
		} {
			n, err := l.Retain(c.before)
			if err != nil || n != c.deleted {
				t.Errorf("before %v: %d, %v, want %d", c.before.Sub(begun), n, err, c.deleted)
			}
			if events, notes := left(t, o.Dir); events != c.events || notes != c.note {
				t.Errorf("before %v: %d events and %d notes, want %d and %d",
					c.before.Sub(begun), events, notes, c.events, c.note)
			}
		}
		<-time.After(3 * tick) // and the ledger knows that it was itself that deleted them
		if err := errors.Join(l.Append([]ledger.Event{shaped(9, "")}, named{}), l.Close()); err != nil {
			t.Error(err)
		}
		for _, path := range all[:len(all)-1] {
			for _, suffix := range []string{ledger.SummarySuffix, ".hash"} {
				stat(t, filepath.Join(o.Dir, filepath.Base(path)[:16]+suffix))
			}
		}
		s, err := ledger.Recover(o.Dir)
		if err != nil || s.Hits != 9 {
			t.Error(s, err)
		}
		for step := 1; ; step++ {
			l, o, d := filled(t)
			d.Fail(step)
			n, err := l.Retain(begun.Add(1000 * time.Hour))
			failed := errors.Is(err, crash.ErrFailed)
			if events, notes := left(t, o.Dir); notes == 0 && events < 4 || !failed && n == 0 {
				t.Errorf("step %d fails: %d deleted, %d events, %d notes, %v", step, n, events, notes, err)
			}
			_ = l.Close()
			if !failed {
				break
			}
		}
	})
}

// TestAStrangeNameEndsRetention: what is no segment is left alone.
func TestAStrangeNameEndsRetention(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"1.jsonl", "2.jsonl"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	l := open(t, dir, nil, nil)
	if n, err := l.Retain(time.Now().Add(time.Hour)); n != 0 || err != nil {
		t.Error(n, err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}
