package publish

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
)

// Export is a log that is written to a folder in the layout of c2sp.org/tlog-tiles, where other people's tools find it.
type Export struct {
	Checkpoint []byte        // of the log
	Key        note.Verifier // the log's
	Tiles      *tree.Tiles   // the log's
	Dir        string        // made with mode 0755; what a run before wrote there is gone on from
	Files      durable.Files
	Progress   func(done, of int64) // records; nil: nobody is told
}

// Exported says what an export came to.
type Exported struct {
	Origin  string    `json:"origin"`
	Size    int64     `json:"size"` // records
	Root    tlog.Hash `json:"root"`
	From    int64     `json:"from"`    // records that were there already
	Written int       `json:"written"` // files
	There   int       `json:"there"`   // files that were there already, of those that would have been written
}

// Why a folder is not written to.
var (
	ErrElse = errors.New("the folder holds something else than a log in tiles: take an empty one")
	// ErrOtherFile: what a path names never changes. It was changed there, or the folder is another log's.
	ErrOtherFile = errors.New(
		"it lies there already, and holds something else: the folder is another log's, or was changed")
)

// checkpointFile is where in the folder the checkpoint stands. It is written last: what it names is there.
const checkpointFile = "checkpoint"

// Write writes what is not there yet. Each file is written whole or not at all, and what is written was held
// against the checkpoint's root before. A run that ended in the middle is gone on with. It refuses a folder that
// holds another log, or a larger tree: the errors wrap [ErrElse], [ErrOtherFile], or are those of
// [tree.OpenCheckpoint] and [tree.Continues].
func (e *Export) Write() (*Exported, error) {
	now, err := tree.OpenCheckpoint(e.Checkpoint, e.Key)
	if err != nil {
		return nil, err
	}
	out := &Exported{Origin: now.Origin, Size: now.Tree.N, Root: now.Tree.Hash}
	hashes := e.Tiles.Hashes(now.Tree)
	if out.From, err = e.from(now.Tree, hashes); err != nil {
		return nil, fmt.Errorf("%s: %w", e.Dir, err)
	}
	if err := e.Files.Folder(e.Dir, 0o755); err != nil {
		return nil, err
	}
	to := &writing{folders: map[string]bool{}, slots: make(chan struct{}, filesAtOnce)}
	if err := errors.Join(e.putAll(to, hashes, out), to.end()); err != nil {
		return nil, err
	}
	if err := e.Files.Replace(filepath.Join(e.Dir, checkpointFile), e.Checkpoint, 0o644); err != nil {
		return nil, err
	}
	return out, nil
}

// putAll writes every tile and bundle that is new.
func (e *Export) putAll(to *writing, hashes tlog.HashReader, out *Exported) error {
	for i, tile := range tlog.NewTiles(tree.Height, out.From, out.Size) { // those of level 0 come first
		if tile.L == 0 && i%atOnce == 0 {
			if err := check(hashes, tile.N, out.Size); err != nil {
				return err
			}
			if e.Progress != nil {
				e.Progress(tile.N<<tree.Height, out.Size)
			}
		}
		if err := e.put(tile, out, to); err != nil {
			return err
		}
		if tile.L == 0 {
			tile.L = -1 // the bundle of its entries
			if err := e.put(tile, out, to); err != nil {
				return err
			}
		}
	}
	return nil
}

// filesAtOnce is how many files are brought to disk at once: the disk takes many in the time that it takes one.
const filesAtOnce = 32

// writing is files on their way to disk.
type writing struct {
	folders map[string]bool // that are there
	slots   chan struct{}
	all     sync.WaitGroup
	mu      sync.Mutex
	err     error
}

// file writes one, while others are written. The error is that of one before.
func (w *writing) file(write func() error) error {
	w.slots <- struct{}{}
	w.all.Go(func() {
		err := write()
		w.mu.Lock()
		w.err = cmp.Or(w.err, err)
		w.mu.Unlock()
		<-w.slots
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// end waits for all of them.
func (w *writing) end() error {
	w.all.Wait()
	return w.err
}

// atOnce is how many tiles of level 0 are held against the root at once.
const atOnce = 256

// from is how many records the folder has already.
func (e *Export) from(now tlog.Tree, hashes tlog.HashReader) (int64, error) {
	text, err := os.ReadFile(filepath.Join(e.Dir, checkpointFile))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, e.isFree()
	}
	if err != nil {
		return 0, err
	}
	known, err := tree.OpenCheckpoint(text, e.Key)
	if err != nil {
		return 0, err
	}
	return known.Tree.N, tree.Continues(known.Tree, now, hashes)
}

// isFree tells whether a folder without a checkpoint may be written to: it is not there, or holds nothing but tiles
// that a run which ended in the middle left.
func (e *Export) isFree() error {
	entries, err := os.ReadDir(e.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, one := range entries {
		unfinished := strings.HasPrefix(one.Name(), "."+checkpointFile+".")
		if !unfinished && (one.Name() != "tile" || !one.IsDir()) {
			return ErrElse
		}
	}
	return err
}

// check holds tiles of level 0 from a number on against the root that was signed, and those above them.
func check(hashes tlog.HashReader, tile, size int64) error {
	var indexes []int64
	for n := tile; n < tile+atOnce && n<<tree.Height < size; n++ {
		indexes = append(indexes, tlog.StoredHashIndex(0, n<<tree.Height))
	}
	_, err := hashes.ReadHashes(indexes)
	return err
}

// put writes a tile or a bundle, unless it is there.
func (e *Export) put(tile tlog.Tile, out *Exported, to *writing) error {
	full := filepath.Join(e.Dir, filepath.FromSlash(tree.Path(tile)))
	data, err := e.Tiles.Resource(tree.Path(tile), out.Size)
	if err != nil {
		return err
	}
	there, err := os.ReadFile(full)
	switch {
	case err == nil && bytes.Equal(there, data):
		out.There++
		return nil
	case err == nil:
		return fmt.Errorf("%s: %w", full, ErrOtherFile)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if dir := filepath.Dir(full); !to.folders[dir] {
		if err := e.Files.Folder(dir, 0o755); err != nil {
			return err
		}
		to.folders[dir] = true
	}
	out.Written++
	return to.file(func() error { return e.Files.Replace(full, data, 0o644) })
}
