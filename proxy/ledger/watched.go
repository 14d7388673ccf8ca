package ledger

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// watched is what lies in the ledger's folder, as far as it is to stay there.
type watched struct {
	mu    sync.Mutex
	files map[string]fs.FileInfo // by name: segments and what lies beside them
	at    time.Time              // when the folder last changed, as it was looked at
	own   bool                   // something was changed here since
}

// changed says that the ledger itself changed its folder.
func (w *watched) changed() {
	w.mu.Lock()
	w.own = true
	w.mu.Unlock()
}

// forget says that the ledger itself takes a file away.
func (w *watched) forget(name string) {
	w.mu.Lock()
	delete(w.files, name)
	w.own = true
	w.mu.Unlock()
}

// ErrTaken says that a file of the ledger was removed, or another one put in its place.
var ErrTaken = errors.New("a file of the ledger was removed, or another was put in its place")

// watch looks whether the ledger's files are those that it wrote. It is cheap as long as nothing in the folder changes.
func (l *Ledger) watch() error {
	if err := l.writer.Present(); err != nil {
		return err
	}
	info, err := os.Stat(l.opts.Dir)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrTaken, err)
	}
	w := &l.watched
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.files != nil && !w.own && info.ModTime().Equal(w.at) {
		return nil
	}
	now, err := listWatched(l.opts.Dir)
	if err != nil {
		return err
	}
	for name, before := range w.files {
		after, there := now[name]
		if !there && l.packedMeanwhile(name, now) {
			continue
		}
		if !there || !os.SameFile(before, after) || after.Size() < before.Size() {
			w.own = true // it is looked at again until it is there
			return fmt.Errorf("%s: %w", name, ErrTaken)
		}
	}
	w.files, w.at, w.own = now, info.ModTime(), false
	return nil
}

// packedMeanwhile tells whether lines that are gone lie there compressed.
func (l *Ledger) packedMeanwhile(name string, now map[string]fs.FileInfo) bool {
	_, there := now[name+".zst"]
	return strings.HasSuffix(name, OpenSuffix) && there
}

// listWatched lists segments and their hashes. Summaries, checkpoints and the tree's levels are written anew, or can be.
func listWatched(dir string) (map[string]fs.FileInfo, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTaken, err)
	}
	files := map[string]fs.FileInfo{}
	for _, e := range entries {
		switch filepath.Ext(e.Name()) {
		case ".jsonl", ".zst", ".hash", ".sum":
		default:
			continue
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // it went while the folder was read
		}
		if err != nil {
			return nil, err
		}
		files[e.Name()] = info
	}
	return files, nil
}
