package segment_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/proxy/segment"
)

func name(first uint64) string { return segment.FileName(first, ".log") }

// line is record n, framed.
func line(n int) []byte { return segment.AppendLine(nil, fmt.Appendf(nil, `{"n":%d}`, n)) }

// numbers are the records that a folder holds, by what they say, in the order of their numbers.
func numbers(t *testing.T, dir string) (all []int) {
	t.Helper()
	files, err := segment.List(dir, ".log")
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if int(file.First) != len(all) {
			t.Errorf("%s begins behind %d records", filepath.Base(file.Path), len(all))
		}
		f, err := os.Open(file.Path)
		if err != nil {
			t.Fatal(err)
		}
		s := segment.NewScanner(f, segment.Lines)
		for (file.End == 0 || len(all) < int(file.End)) && s.Next() {
			var n int
			if _, err := fmt.Sscanf(string(s.Record()), `{"n":%d,`, &n); err != nil {
				t.Error(err)
			}
			all = append(all, n)
		}
		if s.Gap().Len() > 0 && file.End != 0 {
			t.Errorf("%s: %v", filepath.Base(file.Path), s.Gap())
		}
		_ = f.Close()
	}
	return all
}

func upTo(n int) (all []int) {
	for i := range n {
		all = append(all, i)
	}
	return all
}

func open(t *testing.T, dir string, d durable.Disk, change func(*segment.Options)) *segment.Writer {
	t.Helper()
	o := segment.Options{Dir: dir, Name: name, Disk: d}
	if change != nil {
		change(&o)
	}
	w, err := segment.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func written(w *segment.Writer, n int) error {
	ticket, err := w.Add(line(n), 1)
	if err != nil {
		return err
	}
	return ticket.Written()
}

func synced(w *segment.Writer, n int) error {
	ticket, err := w.Add(line(n), 1)
	if err != nil {
		return err
	}
	return ticket.Synced()
}

// TestAppend: what many write at once is there, each whole and in the order of each, over several files, and whoever is
// told of it is told all of it, in order, with the numbers that the files have.
func TestAppend(t *testing.T) {
	t.Parallel()
	const each, writers = 200, 64
	dir := t.TempDir()
	var told strings.Builder
	next := uint64(0)
	w := open(t, dir, nil, func(o *segment.Options) {
		o.Sync = time.Millisecond
		o.Wrote = func(first uint64, frames []byte, n int) {
			if first != next || strings.Count(string(frames), "\n") != n {
				t.Errorf("%d records from %d on are told of behind %d", n, first, next)
			}
			next += uint64(n)
			told.Write(frames)
		}
	})
	var all sync.WaitGroup
	for by := range writers {
		all.Go(func() {
			for i := range each {
				n := by*each + i
				var err error
				switch i % 5 {
				case 0:
					err = synced(w, n)
				case 1:
					err = w.Keep(line(n), 1)
				default:
					err = written(w, n)
				}
				if err == nil && by == 0 && i%40 == 20 {
					_, err = w.Roll()
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	got := numbers(t, dir)
	last := make([]int, writers)
	for _, n := range got {
		if by := n / each; n%each%5 != 1 { // what nobody waits for comes when it may
			if last[by] > n {
				t.Fatalf("%d stands behind %d", n, last[by])
			}
			last[by] = n
		}
	}
	if slices.Sort(got); !slices.Equal(got, upTo(each*writers)) {
		t.Errorf("%d records, want %d", len(got), each*writers)
	}
	var files strings.Builder
	list, _ := segment.List(dir, ".log")
	for _, f := range list {
		text, _ := os.ReadFile(f.Path)
		files.Write(text)
	}
	if files.String() != told.String() || len(list) < 2 {
		t.Errorf("%d bytes in %d files, told of %d", files.Len(), len(list), told.Len())
	}
	if _, err := w.Add(line(0), 1); !errors.Is(err, segment.ErrClosed) {
		t.Errorf("after the end: %v", err)
	}
}

// TestWritesTogether: what is added while a write is under way is written by one, and synced by one.
func TestWritesTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &faulty{gate: make(chan struct{})}
		w := open(t, t.TempDir(), d, func(o *segment.Options) { o.Sync = time.Hour })
		var all sync.WaitGroup
		for n := range 32 {
			all.Go(func() {
				if err := synced(w, n); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		close(d.gate)
		all.Wait()
		writes, syncs := 0, 0
		for _, step := range d.steps {
			writes += strings.Count(step, "write")
			syncs += strings.Count(step, "sync")
		}
		if writes > 2 || syncs > 2 {
			t.Errorf("%d writes and %d syncs: %q", writes, syncs, d.steps)
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestFullDisk: what does not fit is cut off and refused, and so is everything for a second; then it goes on, in the
// same file, without a hole, and what nobody waited for is there.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	for _, cutFails := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			d := &faulty{}
			dir := t.TempDir()
			w := open(t, dir, d, nil)
			if err := written(w, 0); err != nil {
				t.Fatal(err)
			}
			d.set(func() {
				d.write = func(b []byte) (int, error) { return len(b) / 2, syscall.ENOSPC }
				if cutFails {
					d.cut = func() error { return syscall.EIO }
				}
			})
			if err := w.Keep(line(1), 1); err != nil {
				t.Fatal(err)
			}
			if err := synced(w, 90); !errors.Is(err, syscall.ENOSPC) || !errors.Is(err, segment.ErrRefused) {
				t.Errorf("full: %v", err)
			}
			if err := written(w, 91); !errors.Is(err, syscall.ENOSPC) {
				t.Errorf("at once: %v", err)
			}
			<-time.After(1100 * time.Millisecond)
			why := syscall.ENOSPC
			if cutFails {
				why = syscall.EIO
			}
			if err := written(w, 92); !errors.Is(err, why) || !errors.Is(w.Err(), segment.ErrRefused) {
				t.Errorf("still full, a second later: %v", err)
			}
			d.set(func() { d.write, d.cut = nil, nil })
			if err := written(w, 93); !errors.Is(err, why) {
				t.Errorf("not tried before its time: %v", err)
			}
			<-time.After(1100 * time.Millisecond)
			if w.Err() != nil { // what is kept was written
				t.Error(w.Err())
			}
			if err := errors.Join(synced(w, 2), w.Close()); err != nil {
				t.Error(err)
			}
			if got := numbers(t, dir); !slices.Equal(got, upTo(3)) {
				t.Errorf("records %v", got)
			}
			if files, _ := segment.List(dir, ".log"); len(files) != 1 {
				t.Errorf("%d files", len(files))
			}
		})
	}
}

// TestAFailedSync: what it was to bring to disk is written to another file, under the same numbers, and nobody is told
// that it is on disk before that; the file is not synced again. Meanwhile nothing is taken.
func TestAFailedSync(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &faulty{}
		dir := t.TempDir()
		w := open(t, dir, d, func(o *segment.Options) { o.Sync = time.Hour })
		if err := errors.Join(synced(w, 0), written(w, 1), w.Keep(line(2), 1)); err != nil {
			t.Fatal(err)
		}
		d.set(func() { d.sync = func() error { return syscall.EIO } })
		answered := make(chan error)
		go func() { answered <- synced(w, 3) }()
		synctest.Wait()
		select {
		case err := <-answered:
			t.Fatalf("answered: %v", err)
		default:
		}
		if err := written(w, 90); !errors.Is(err, syscall.EIO) {
			t.Errorf("taken: %v", err)
		}
		if next, reached := w.Next(); next != 4 || reached != 1 {
			t.Errorf("%d are written, %d on disk", next, reached)
		}
		d.set(func() { d.sync = nil })
		<-time.After(1100 * time.Millisecond)
		if err := errors.Join(synced(w, 4), <-answered, w.Close()); err != nil {
			t.Fatal(err)
		}
		if got := numbers(t, dir); !slices.Equal(got, upTo(5)) {
			t.Errorf("records %v", got)
		}
		files, _ := segment.List(dir, ".log")
		if len(files) != 2 || files[1].First != 1 {
			t.Errorf("files %v", files)
		}
	})
}

// TestTooMuchUnsynced: no more than so many bytes wait in memory; then a sync comes first.
func TestTooMuchUnsynced(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &faulty{}
		w := open(t, t.TempDir(), d, func(o *segment.Options) { o.Sync, o.Unsynced = time.Hour, 3*len(line(0)) })
		for n := range 9 {
			if err := written(w, n); err != nil {
				t.Fatal(err)
			}
		}
		if got := strings.Join(d.steps, " "); strings.Count(got, "sync") != 2 {
			t.Error(got)
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestAppendAllocates: nothing.
func TestAppendAllocates(t *testing.T) {
	w := open(t, t.TempDir(), nil, func(o *segment.Options) { o.Sync = time.Hour })
	record := line(0)
	add := func() {
		ticket, err := w.Add(record, 1)
		if err == nil {
			err = ticket.Synced()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for range 100 {
		add()
	}
	if n := testing.AllocsPerRun(200, add); n > 0 {
		t.Errorf("%g allocations", n)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
}
