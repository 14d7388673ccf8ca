package audit_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/query"
)

// unindexed are the packed segments of a folder without an index.
func unindexed(t *testing.T, dir string) (all []string) {
	t.Helper()
	for _, packed := range names(t, dir, "*.jsonl.zst") {
		if _, err := os.Stat(strings.TrimSuffix(packed, ".jsonl.zst") + ".idx"); err != nil {
			all = append(all, filepath.Base(packed))
		}
	}
	return all
}

// TestIndexesAreMadeAgain: where lines of a segment were erased, an index is damaged, or gone since the server was
// there last, the ledger makes it again by itself, and it is right: who asks through the server does not wait for that.
func TestIndexesAreMadeAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "ledger")
		o := options(t, dir)
		l := filled(t, o, 120)
		if err := l.Eraser.SealAll(); err != nil {
			t.Fatal(err)
		}
		done, err := l.Eraser.Erase(context.Background(), ofPerson())
		if err != nil || done.Segments < 3 {
			t.Fatal(done, err)
		}
		<-time.After(10 * time.Second)
		if left := unindexed(t, dir); len(left) > 0 {
			t.Errorf("after lines were erased %v have no index", left)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		fine(t, dir)
		all := names(t, dir, "*.idx")
		if len(all) < 3 {
			t.Fatal(all)
		}
		was := map[string]string{}
		for _, path := range all {
			was[path] = string(read(t, path))
		}
		for i, path := range all {
			switch i % 3 {
			case 0:
				if err := os.Remove(path); err != nil {
					t.Fatal(err)
				}
			case 1:
				put(t, path, []byte("no index"))
			case 2: // another's
				put(t, path, []byte(was[all[0]]))
			}
		}
		if l, err = ledger.Open(o, ledger.Note{Kind: ledger.KindStart}); err != nil {
			t.Fatal(err)
		}
		<-time.After(10 * time.Second)
		for path, text := range was {
			if now, err := os.ReadFile(path); err != nil || string(now) != text {
				t.Errorf("%s is not made again: %v", filepath.Base(path), err)
			}
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		fine(t, dir)
	})
}

// TestIndexesBesideErasing: while events come, segments are sealed, packed and indexed, lines of people are erased, and
// somebody asks who makes indexes, too. At the end each index is one of what is left, and every answer was right.
func TestIndexesBesideErasing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "ledger")
		o := options(t, dir)
		l := filled(t, o, 60)
		over := make(chan struct{})
		var beside sync.WaitGroup
		beside.Go(func() {
			for i := 60; i < 400; i++ {
				if err := l.Append([]ledger.Event{about(i)}, named{}); err != nil {
					t.Error(err)
				}
				if i%10 == 9 {
					<-time.After(20 * time.Second)
				}
			}
			close(over)
		})
		until := func(do func() error) {
			for {
				select {
				case <-over:
					return
				case <-time.After(2300 * time.Millisecond):
					if err := do(); err != nil {
						t.Error(err)
						return
					}
				}
			}
		}
		beside.Go(func() {
			until(func() error { _, err := l.Eraser.Erase(context.Background(), ofPerson()); return err })
		})
		for _, scan := range []bool{false, true} {
			beside.Go(func() {
				until(func() error {
					q := (&query.Question{}).And("kind", ledger.KindEvent).And("hit", "7")
					tally, err := query.Open(dir, query.Options{Scan: scan}).Ask(t.Context(), q, func(*query.Found) bool {
						return true
					})
					if err == nil && tally.Found != 1 {
						err = fmt.Errorf("%d records are found of an event that is nobody's", tally.Found)
					}
					return err
				})
			})
		}
		beside.Wait()
		if err := l.Eraser.SealAll(); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Eraser.Erase(context.Background(), ofPerson()); err != nil {
			t.Fatal(err)
		}
		<-time.After(10 * time.Second)
		if left := unindexed(t, dir); len(left) > 0 || len(names(t, dir, "*.idx")) < 5 {
			t.Errorf("%v have no index of %d", left, len(names(t, dir, "*.idx")))
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		for n, line := range found(t, dir) {
			if isAbout(line) {
				t.Errorf("record %d is there still", n)
			}
		}
		fine(t, dir)
	})
}
