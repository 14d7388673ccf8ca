package ledger

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/tagwarden/tagwarden/config/durable"
)

// watched is what lies in the ledger's folder, as far as it is to stay there: segments, and what lies beside them. It
// stands before the ledger's disk, and notes what the ledger itself begins, renames and takes away.
type watched struct {
	durable.Disk

	mu    sync.Mutex
	files map[string]seen // by name; nil: the folder was not looked at yet
	names []string        // likewise, to look at in turn
	turn  int
	own   map[string]bool // what the ledger put there since the folder was listed
	at    time.Time       // when the folder last changed, as it was listed
}

// seen is a file, and how long it is at least.
type seen struct {
	info fs.FileInfo
	size int64
}

// OpenFile opens a file, and notes one that it makes.
func (w *watched) OpenFile(path string, flag int, mode fs.FileMode) (durable.File, error) {
	if flag&os.O_EXCL == 0 {
		return w.Disk.OpenFile(path, flag, mode)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	f, err := w.Disk.OpenFile(path, flag, mode)
	if err == nil {
		w.put(path)
	}
	return f, err
}

// Rename gives a file another name, and notes both.
func (w *watched) Rename(from, to string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	err := w.Disk.Rename(from, to)
	if err == nil {
		w.takes(from)
		w.takes(to)
		w.put(to)
	}
	return err
}

// Remove takes a file away, and notes it.
func (w *watched) Remove(path string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	err := w.Disk.Remove(path)
	if err == nil {
		w.takes(path)
	}
	return err
}

// whole notes how long a file is that is written no more.
func (w *watched) whole(path string, size int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if of, there := w.files[filepath.Base(path)]; there {
		of.size = size
		w.files[filepath.Base(path)] = of
	}
}

func (w *watched) put(path string) {
	if w.own == nil {
		w.own = map[string]bool{}
	}
	w.own[filepath.Base(path)] = true
}

func (w *watched) takes(path string) {
	delete(w.files, filepath.Base(path))
	delete(w.own, filepath.Base(path))
}

// What others do to a ledger's files while it is written.
var (
	ErrTaken   = errors.New("a file of the ledger was removed, or another was put in its place, or it was cut short")
	ErrAnother = errors.New("somebody else puts files into the ledger's folder: two processes must not write one ledger")
)

// inTurn is how many files are looked at each second though their folder did not change: one that is cut short where it
// lies changes nothing there.
const inTurn = 1000

// watch looks whether the ledger's files are those that it wrote.
func (o *lookout) watch() error {
	if err := o.writer.Present(); err != nil {
		return err
	}
	info, err := os.Stat(o.opts.Dir)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrTaken, err)
	}
	w := o.watched
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.files != nil && info.ModTime().Equal(w.at) {
		return w.lookInTurn(o.opts.Dir)
	}
	w.at = time.Time{} // until all is as it should be, it is listed again
	now, err := listWatched(o.opts.Dir)
	if err != nil {
		return err
	}
	for name, before := range w.files {
		after, there := now[name]
		if !there || before.other(after.info) {
			return fmt.Errorf("%s: %w", name, ErrTaken)
		}
	}
	for name := range now {
		if _, before := w.files[name]; w.files != nil && !before && !w.own[name] {
			return fmt.Errorf("%s: %w", name, ErrAnother)
		}
	}
	// Of the file that is written as much counts as is whole: behind that it may be cut back.
	if open, there := now[filepath.Base(o.writer.File().Path)]; there {
		open.size = 0
		now[open.info.Name()] = open
	}
	w.files, w.names, w.own, w.at = now, w.names[:0], nil, info.ModTime()
	for name := range now {
		w.names = append(w.names, name)
	}
	return nil
}

// lookInTurn looks at some of the files.
func (w *watched) lookInTurn(dir string) error {
	for range min(inTurn, len(w.names)) {
		w.turn = (w.turn + 1) % len(w.names)
		before, is := w.files[w.names[w.turn]]
		if !is {
			continue // it was taken away since, by the ledger itself
		}
		after, err := os.Stat(filepath.Join(dir, w.names[w.turn]))
		if err != nil || before.other(after) {
			w.turn += len(w.names) - 1 // it is looked at again until it is as it should be
			return fmt.Errorf("%s: %w", before.info.Name(), ErrTaken)
		}
	}
	return nil
}

// other tells whether a file is another one, or shorter than it was.
func (s *seen) other(after fs.FileInfo) bool {
	return !os.SameFile(s.info, after) || after.Size() < s.size
}

// listWatched lists segments and what lies beside them. Checkpoints, and what can be made again, are not watched.
func listWatched(dir string) (map[string]seen, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTaken, err)
	}
	files := map[string]seen{}
	for _, e := range entries {
		switch filepath.Ext(e.Name()) {
		case ".jsonl", ".zst", ".hash", SummarySuffix:
		default:
			continue
		}
		info, err := os.Stat(filepath.Join(dir, e.Name())) // one may be a link to another disk
		if errors.Is(err, fs.ErrNotExist) {
			continue // it went while the folder was read
		}
		if err != nil {
			return nil, err
		}
		files[e.Name()] = seen{info, info.Size()}
	}
	return files, nil
}
