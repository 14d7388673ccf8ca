package ledger_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/audit"
)

// TestCopyEndsWhereItIsCut: a copy holds every record before the moment at which it was cut, an outcome too that
// nobody waited for, and none behind it; whatever is sealed, packed or would be deleted until it is written. It
// verifies, and a start goes on from it.
func TestCopyEndsWhereItIsCut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := signing(t, dataFolder(t), nil)
		l, err := ledger.Open(o, ledger.Note{Kind: ledger.KindStart})
		if err != nil {
			t.Fatal(err)
		}
		next := uint64(0)
		write := func(n int) {
			t.Helper()
			for range n {
				next++
				if err := hit(l, next); err != nil {
					t.Fatal(err)
				}
			}
		}
		for _, c := range []struct {
			name           string
			before, within time.Duration // how long it is written before it is held, and between that and the cut
		}{
			{"at once", 0, 0},
			{"of sealed segments, too", 3 * sealed, 0},
			{"another segment is begun until it is cut", tick, sealed + 2*tick},
			{"again", tick, 0},
		} {
			write(3)
			<-time.After(c.before)
			write(2)
			held, err := l.Hold()
			if err != nil {
				t.Fatal(err)
			}
			<-time.After(c.within)
			write(2)
			if err := l.Outcome(ledger.Outcome{Hit: next, Events: []int{0}, Outcome: ledger.Delivered}); err != nil {
				t.Fatal(err)
			}
			if err := held.Cut(); err != nil {
				t.Fatal(err)
			}
			cut, last := l.Next(), next
			write(2)
			<-time.After(3 * sealed) // all of it is sealed and packed meanwhile
			if n, err := l.Retain(time.Now()); n != 0 || err != nil {
				t.Errorf("%s: %d segments are deleted while it is copied, %v", c.name, n, err)
			}
			to := signing(t, dataFolder(t), nil)
			signed, err := held.Copy(func(name string, from io.Reader) error { return put(to.Dir, name, from) })
			if err != nil || signed == nil {
				t.Fatal(err)
			}
			held.Release()
			if err := os.WriteFile(to.Known, signed, 0o600); err != nil {
				t.Fatal(err)
			}
			if report, err := audit.Verify(audit.Options{Dir: to.Dir}); err != nil || len(report.Findings) > 0 {
				t.Errorf("%s: %v, %+v", c.name, err, report)
			}
			got := reread(t, to)
			if uint64(len(got.lines)) != cut || got.hits[last] != 1 || got.hits[last+1] != 0 {
				t.Errorf("%s: %d records of %d, hits up to %v", c.name, len(got.lines), cut, got.hits)
			}
			copied, err := ledger.Open(to, ledger.Note{Kind: ledger.KindStart})
			if err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			if err := errors.Join(hit(copied, last+100), copied.Close()); err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			if after := reread(t, to); !slices.Equal(after.lines[:cut], got.lines) {
				t.Errorf("%s: it goes on from something else", c.name)
			}
		}
		if n, err := l.Retain(time.Now()); n == 0 || err != nil {
			t.Errorf("it is copied no more: %d segments are deleted, %v", n, err)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
}

// put writes a file of a copy.
func put(dir, name string, from io.Reader) error {
	text, err := io.ReadAll(from)
	if err == nil {
		err = os.MkdirAll(dir, 0o700)
	}
	if err != nil {
		return err
	}
	if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
		return fmt.Errorf("%s is handed out twice", name)
	}
	return os.WriteFile(filepath.Join(dir, name), text, 0o600)
}
