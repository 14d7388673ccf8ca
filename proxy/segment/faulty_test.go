package segment_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/tagwarden/tagwarden/config/durable"
)

// faulty is a disk whose writes and syncs fail as a test says.
type faulty struct {
	durable.Disk
	mu    sync.Mutex
	write func(b []byte) (n int, err error) // nil: it goes well
	sync  func() error
	cut   func() error
	gate  chan struct{} // what a write waits for
	steps []string
}

type faultyFile struct {
	durable.File
	of   *faulty
	name string
}

func (d *faulty) OpenFile(path string, flag int, mode os.FileMode) (durable.File, error) {
	var f durable.File
	f, err := os.OpenFile(path, flag, mode)
	if err != nil {
		return nil, err
	}
	if flag&os.O_APPEND == 0 {
		return f, nil
	}
	d.say("begin %s", filepath.Base(path))
	return &faultyFile{f, d, filepath.Base(path)}, nil
}

func (d *faulty) Remove(path string) error     { return os.Remove(path) }
func (d *faulty) Rename(from, to string) error { return os.Rename(from, to) }

func (d *faulty) say(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.steps = append(d.steps, fmt.Sprintf(format, args...))
}

func (d *faulty) set(change func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change()
}

func (f *faultyFile) Write(b []byte) (int, error) {
	f.of.mu.Lock()
	write, gate := f.of.write, f.of.gate
	f.of.mu.Unlock()
	if gate != nil {
		<-gate
	}
	if write == nil {
		f.of.say("write")
		return f.File.Write(b)
	}
	n, err := write(b)
	f.of.say("write %d of %d", n, len(b))
	_, _ = f.File.Write(b[:n])
	return n, err
}

func (f *faultyFile) Sync() error {
	f.of.mu.Lock()
	sync := f.of.sync
	f.of.mu.Unlock()
	if sync != nil {
		if err := sync(); err != nil {
			f.of.say("sync fails")
			return err
		}
	}
	f.of.say("sync")
	return f.File.Sync()
}

func (f *faultyFile) Truncate(size int64) error {
	f.of.mu.Lock()
	cut := f.of.cut
	f.of.mu.Unlock()
	if cut != nil {
		if err := cut(); err != nil {
			return err
		}
	}
	f.of.say("cut to %d", size)
	return f.File.Truncate(size)
}
