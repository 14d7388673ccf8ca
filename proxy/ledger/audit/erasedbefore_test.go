package audit_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/query"
)

// hitOf has all records of one hit's events go.
func hitOf(hit uint64) ledger.Erasing {
	return ledger.Erasing{
		Why: []ledger.Erasure{{Request: "5f21", Because: "she asked"}}, Together: true,
		Picks: func(record []byte) int {
			if gjson.GetBytes(record, "hit").Uint() == hit {
				return 0
			}
			return -1
		},
	}
}

// hits are the hits of which a record of an event is found, by reading and by the index alike.
func hits(t *testing.T, dir string) map[uint64]int {
	t.Helper()
	var all [2]map[uint64]int
	for i, scan := range []bool{true, false} {
		all[i] = map[uint64]int{}
		o := query.Options{Scan: scan, Write: true, Report: func(err error) { t.Error(err) }}
		q := (&query.Question{}).And("kind", ledger.KindEvent)
		if _, err := query.Open(dir, o).Ask(t.Context(), q, func(f *query.Found) bool {
			all[i][gjson.GetBytes(f.Record, "hit").Uint()]++
			return true
		}); err != nil {
			t.Fatal(err)
		}
	}
	if len(all[0]) != len(all[1]) {
		t.Errorf("by reading %d hits, by the index %d", len(all[0]), len(all[1]))
	}
	return all[0]
}

// TestLinesOfAVersionBeforeAreErased: a ledger from before lines had checksums, which was taken over as it stands, is
// erased from and retained as any other: one hit's records go, all others stay to the byte, whoever checks finds no
// fault, and a search finds by the index what reading finds. Retention takes whole segments after that.
func TestLinesOfAVersionBeforeAreErased(t *testing.T) {
	t.Parallel()
	for _, packed := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "ledger")
			if err := os.CopyFS(dir, os.DirFS(filepath.Join("..", "testdata", "before-segments"))); err != nil {
				t.Fatal(err)
			}
			if err := os.Remove(filepath.Join(dir, "README.md")); err != nil { // it says what lies there
				t.Fatal(err)
			}
			if err := ledger.Migrate(dir, nil, func(int, int) {}); err != nil {
				t.Fatal(err)
			}
			l, err := ledger.Open(options(t, dir), ledger.Note{Kind: ledger.KindStart})
			if err != nil {
				t.Fatal(err)
			}
			if packed {
				<-time.After(10 * time.Second)
				synctest.Wait()
			}
			before, there := found(t, dir), hits(t, dir)
			of := uint64(0)
			for hit := range there {
				of = max(of, hit)
			}
			if len(there) < 3 || of == 0 {
				t.Fatal(there)
			}
			if err := l.Eraser.SealAll(); err != nil {
				t.Fatal(err)
			}
			done, err := l.Eraser.Erase(context.Background(), hitOf(of))
			if err != nil || done.Records[0] != uint64(there[of]) || done.Left != 0 {
				t.Fatal(done, err)
			}
			after := found(t, dir)
			for n, line := range before {
				goes := gjson.Get(line, "hit").Uint() == of && gjson.Get(line, "kind").Str == ledger.KindEvent
				if goes && after[n] != "" || !goes && after[n] != line {
					t.Errorf("record %d, which goes: %v, is %.80q and was %.80q", n, goes, after[n], line)
				}
			}
			if left := hits(t, dir); left[of] != 0 || len(left) != len(there)-1 {
				t.Error(left)
			}
			if r := fine(t, dir); r.ErasedLines != uint64(there[of]) {
				t.Errorf("%d lines were erased", r.ErasedLines)
			}
			if n, err := l.Retain(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)); err != nil || n < 3 {
				t.Errorf("%d segments went: %v", n, err)
			}
			fine(t, dir)
			if idx := names(t, dir, "*.idx"); len(idx) > 0 {
				t.Errorf("%v are there, and hold subjects", idx)
			}
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			fine(t, dir)
		})
	}
}

// TestErasedWhileItIsCopied: what is asked for while the ledger is copied is recorded, and goes once the copy is made;
// the copy holds what was there, and can be checked. What begins with it brings it to its end.
func TestErasedWhileItIsCopied(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "ledger")
		l := filled(t, options(t, dir), 60)
		if err := l.Eraser.SealAll(); err != nil {
			t.Fatal(err)
		}
		<-time.After(5 * time.Second)
		synctest.Wait()
		held, err := l.Hold()
		if err != nil {
			t.Fatal(err)
		}
		if err := held.Cut(); err != nil {
			t.Fatal(err)
		}
		done, err := l.Eraser.Erase(context.Background(), ofPerson())
		if err != nil || done.Left != done.Segments || done.Left == 0 {
			t.Fatal(done, err)
		}
		if asked(t, dir) == 0 {
			t.Error("they went while the ledger was copied")
		}
		to := filepath.Join(t.TempDir(), "ledger")
		if err := os.Mkdir(to, 0o700); err != nil {
			t.Fatal(err)
		}
		if _, err := held.Copy(func(name string, from io.Reader) error {
			text, err := io.ReadAll(from)
			if err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(to, name), text, 0o600)
		}); err != nil {
			t.Fatal(err)
		}
		held.Release()
		fine(t, to)
		if asked(t, to) == 0 {
			t.Error("the copy holds none of them")
		}
		if err := l.Eraser.Finish(); err != nil {
			t.Fatal(err)
		}
		if n := asked(t, dir); n != 0 || len(l.Eraser.Unfinished()) > 0 {
			t.Errorf("%d records are there still", n)
		}
		fine(t, dir)
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

// TestIndexesAreMadeAtOnce: several make the index of a segment at once, while its lines go; whichever is last, what
// lies there in the end is of the lines that are left, or nothing is, and names nobody whose lines went.
func TestIndexesAreMadeAtOnce(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "ledger")
	o := options(t, dir)
	l, err := ledger.Open(o, ledger.Note{Kind: ledger.KindStart})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 300 {
		if err := l.Append([]ledger.Event{about(i)}, named{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Eraser.SealAll(); err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var wait sync.WaitGroup
	for range 3 {
		wait.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				all, err := ledger.Segments(dir)
				if err != nil || len(all) == 0 {
					continue
				}
				_ = ledger.MakeIndex(all[0], nil, nil) // it may find the segment being written anew
				_ = os.Remove(ledger.IndexPath(dir, 0))
				_ = ledger.MakeIndex(all[0], nil, nil)
			}
		})
	}
	if _, err := l.Eraser.Erase(context.Background(), ofPerson()); err != nil {
		t.Fatal(err)
	}
	close(stop)
	wait.Wait()
	if path := ledger.IndexPath(dir, 0); len(names(t, dir, filepath.Base(path))) > 0 {
		fine(t, dir)
	}
	if n := asked(t, dir); n != 0 {
		t.Errorf("%d records are found", n)
	}
	all, err := ledger.Segments(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := ledger.MakeIndex(all[0], nil, nil); err != nil {
		t.Fatal(err)
	}
	fine(t, dir)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if text := read(t, names(t, dir, "*.zst")[0]); bytes.Contains(unpack(t, text),
		[]byte(hex.EncodeToString(person[:]))) ||
		!strings.Contains(string(unpack(t, text)), `{"erased":"`) {
		t.Error("lines are there still")
	}
}
