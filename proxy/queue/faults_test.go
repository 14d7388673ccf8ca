package queue

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/tagwarden/tagwarden/config/durable"
)

// faulty is a disk that is full, or whose syncs fail, for as long as a test says.
type faulty struct {
	durable.Disk
	full, failing atomic.Bool
}

type faultyFile struct {
	durable.File
	of *faulty
}

// OpenFile opens a file; a new one is made on a full disk, too.
func (d *faulty) OpenFile(path string, flag int, mode fs.FileMode) (durable.File, error) {
	f, err := d.Disk.OpenFile(path, flag, mode)
	if err != nil || !strings.Contains(path, framesSuffix) && !strings.HasSuffix(path, keySuffix) &&
		!strings.HasSuffix(path, comingSuffix) {
		return f, err
	}
	return &faultyFile{f, d}, nil
}

// Write writes half of it on a full disk.
func (f *faultyFile) Write(b []byte) (int, error) {
	if f.of.full.Load() {
		n, _ := f.File.Write(b[:len(b)/2])
		return n, syscall.ENOSPC
	}
	return f.File.Write(b)
}

// Sync fails where it is to.
func (f *faultyFile) Sync() error {
	if f.of.failing.Load() {
		return syscall.EIO
	}
	return f.File.Sync()
}

func TestFullDiskAndRoomAgain(t *testing.T) {
	dir, d, c := t.TempDir(), &diary{}, newClock()
	o := options(dir, d, c)
	disk := &faulty{Disk: durable.System}
	o.Disk = disk
	q := opened(t, o)
	add(t, q, event(3))
	disk.full.Store(true)
	for range 3 {
		if err := added1(q, event(6)); !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("on a full disk: %v", err)
		}
		if q.Ready() == nil {
			t.Error("it is ready, and takes nothing")
		}
		c.add(o.Again + 2e9)
	}
	it, _ := q.Next("ga4", Due)
	checkRead(t, q, it)
	q.Return(it)
	disk.full.Store(false)
	add(t, q, event(9))
	if err := q.Ready(); err != nil {
		t.Error(err)
	}
	for range 2 {
		if w, _ := pendingNames(t, q); !slices.Equal(w, names(3, 9)) {
			t.Errorf("waiting: %v", w)
		}
		_ = q.Close()
		q = opened(t, o)
	}
}

// TestAFailedSyncMovesFrames: what is written once more, to another file, is read there, and the key of both is one.
func TestAFailedSyncMovesFrames(t *testing.T) {
	dir, d, c := t.TempDir(), &diary{}, newClock()
	o := options(dir, d, c)
	disk := &faulty{Disk: durable.System}
	o.Disk = disk
	q := opened(t, o)
	add(t, q, event(3))
	disk.failing.Store(true)
	var tickets []*Ticket
	for n := range 3 {
		ticket, err := q.Add([]Event{event(3*n + 6)})
		if err != nil {
			t.Fatal(err)
		}
		tickets = append(tickets, ticket)
	}
	done := make(chan error)
	for _, ticket := range tickets {
		go func() {
			err := ticket.Synced()
			if err == nil {
				ticket.Accept()
			} else {
				ticket.Refuse()
			}
			done <- err
		}()
	}
	// The one that syncs fails, and so does the next try, which is told; the disk is well again before the one after.
	for q.Ready() == nil {
	}
	disk.failing.Store(false)
	c.add(2e9)
	ticket, err := q.Add([]Event{event(30)})
	if err != nil {
		t.Fatal(err)
	}
	if err := ticket.Synced(); err != nil {
		t.Fatal(err)
	}
	ticket.Accept()
	want := names(3)
	for range tickets {
		if err := <-done; err != nil {
			t.Errorf("it was on disk in the end: %v", err)
		}
	}
	want = append(want, names(6, 9, 12, 30)...)
	for range 2 {
		if w, _ := pendingNames(t, q); !slices.Equal(w, want) {
			t.Errorf("waiting: %v", w)
		}
		if err := q.Tend(); err != nil {
			t.Error(err)
		}
		_ = q.Close()
		q = opened(t, o)
	}
}
