package ledger_test

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/config/durable/crash"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	frames "github.com/tagwarden/tagwarden/proxy/segment"
)

// beginWriter begins to write a ledger's segments.
func beginWriter(t *testing.T, dir string, disk durable.Disk) *frames.Writer {
	t.Helper()
	w, err := frames.Open(frames.Options{
		Dir: dir, Name: func(first uint64) string { return jsonl(first) }, Disk: disk,
		Sync: time.Millisecond, Retry: time.Nanosecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// pack puts the packed form of a segment in its place.
func pack(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Error(err)
		return
	}
	beside := path + ".packing"
	write := os.WriteFile(beside, []byte(packed(t, string(text))), 0o600)
	if err := errors.Join(write, os.Rename(beside, path+".zst"), os.Remove(path)); err != nil {
		t.Error(err)
	}
}

// TestReadWhileItIsWritten: segments are begun, packed and deleted while several read. Nobody misses a record that was
// there when its turn came, or gets one twice.
func TestReadWhileItIsWritten(t *testing.T) {
	t.Parallel()
	const records, roll, readers = 3000, 100, 3
	dir := t.TempDir()
	w := beginWriter(t, dir, nil)
	var over atomic.Bool
	var reached [readers]atomic.Uint64
	var all sync.WaitGroup
	for i := range readers {
		all.Go(func() {
			r := ledger.Read(dir, 0)
			defer func() { _ = r.Close() }()
			for want := uint64(0); ; {
				ended := over.Load()
				for r.Next() {
					got, known := r.Number()
					if !known || got != want || said(r.Record()) != decimal(want) {
						t.Errorf("reader %d got %d, %s, and not %d", i, got, r.Record(), want)
						reached[i].Store(records)
						return
					}
					want++
					reached[i].Store(want)
				}
				if r.Err() != nil || ended {
					if r.Err() != nil || want != records {
						t.Errorf("reader %d got %d records, %v", i, want, r.Err())
					}
					reached[i].Store(records)
					return
				}
			}
		})
	}
	read := func() uint64 {
		least := uint64(records)
		for i := range reached {
			least = min(least, reached[i].Load())
		}
		return least
	}
	for n := uint64(0); n < records; {
		ticket, err := w.Add([]byte(lines(n, n+3)), 3)
		if err == nil {
			err = ticket.Written()
		}
		if err != nil {
			t.Fatal(err)
		}
		if n += 3; n%roll < 3 {
			tidy(t, w, dir, read())
		}
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	over.Store(true)
	all.Wait()
}

// tidy begins another segment, packs the one before, and deletes those that were read.
func tidy(t *testing.T, w *frames.Writer, dir string, read uint64) {
	t.Helper()
	ended, err := w.Roll()
	if err != nil {
		t.Fatal(err)
	}
	pack(t, ended.Path)
	all, err := ledger.Segments(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		if s.End != 0 && s.End < read {
			if err := os.Remove(s.Path); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestCutWhileItIsRead: records that the number of the next segment promises are not there, or not any more.
func TestCutWhileItIsRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, files{jsonl(0): lines(0, 3)})
	r := ledger.Read(dir, 0)
	defer func() { _ = r.Close() }()
	if got := readOn(t, r); got != "0 1 2" {
		t.Error(got)
	}
	write(t, dir, files{jsonl(5): lines(5, 7)})
	if got := readOn(t, r); got != "[3-5] 5 6" {
		t.Error(got)
	}
	if err := os.Remove(filepath.Join(dir, jsonl(5))); err != nil {
		t.Fatal(err)
	}
	write(t, dir, files{jsonl(9): lines(9, 10)})
	if got := readOn(t, r); got != "[3-9] 9" {
		t.Error(got)
	}
}

// TestTakenBackWhileItIsRead: records that were seen before the write that they were part of failed, and was taken
// back, are followed by those that have their numbers.
func TestTakenBackWhileItIsRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, files{jsonl(0): lines(0, 5) + "{"})
	r := ledger.Read(dir, 0)
	defer func() { _ = r.Close() }()
	if got := readOn(t, r); got != "0 1 2 3 4" {
		t.Error(got)
	}
	if err := os.Truncate(filepath.Join(dir, jsonl(0)), int64(len(lines(0, 3)))); err != nil {
		t.Fatal(err)
	}
	if got := readOn(t, r); got != "" {
		t.Error(got)
	}
	write(t, dir, files{jsonl(0): lines(0, 4)})
	if got := readOn(t, r); got != "3" {
		t.Error(got)
	}
}

// TestReadOverFaults: writes and syncs fail now and then. Who reads meanwhile gets every record once, and in order, as
// far as it was written; who reads afterwards, all those that were acknowledged and no others.
func TestReadOverFaults(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for round := range 40 {
		data := t.TempDir()
		disk, err := crash.New(data)
		if err != nil {
			t.Fatal(err)
		}
		dir := filepath.Join(data, "ledger")
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		w := beginWriter(t, dir, disk)
		r := ledger.Read(dir, 0)
		var want []string
		next, got := uint64(0), uint64(0)
		for range 60 {
			if random.IntN(4) == 0 {
				disk.Fail(1 + random.IntN(4))
			}
			ticket, err := w.Add([]byte(lines(next, next+2)), 2)
			if err == nil {
				err = []func() error{ticket.Written, ticket.Synced}[random.IntN(2)]()
			}
			if err == nil {
				want = append(want, decimal(next), decimal(next+1))
				next += 2
			}
			if random.IntN(10) == 0 {
				_, _ = w.Roll() // where that fails, the next record shows what became of it
			}
			for r.Next() {
				if n, _ := r.Number(); n != got || said(r.Record()) != decimal(n) {
					t.Fatalf("round %d: %d, %s, and not %d", round, n, r.Record(), got)
				}
				got++
			}
			if r.Err() != nil {
				t.Fatalf("round %d: %v", round, r.Err())
			}
		}
		disk.Fail(0)
		if err := errors.Join(w.Close(), r.Close()); err != nil {
			t.Error(err)
		}
		if got := readAll(t, dir, 0); got != strings.Join(want, " ") {
			t.Errorf("round %d: %s, want %s", round, got, strings.Join(want, " "))
		}
		if got := readLast(t, dir, 3); got != upTo(int(next), 3, "") {
			t.Errorf("round %d: the last are %s", round, got)
		}
	}
}
