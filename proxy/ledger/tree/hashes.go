package tree

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"sync"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/proxy/segment"
)

// Hashes are the hashes of one level, in files that are only appended to: entries in a file a segment, or nodes of
// tiles. What is appended stands in memory until a sync has brought it to disk. Its methods may be called from many
// goroutines.
//
// After a failed write or sync nothing says what of the file is on disk: it is left at its last byte that is known to
// be, neither read nor written behind that, and what follows goes into another file.
type Hashes struct {
	dir   string
	level int
	files durable.Files

	syncing sync.Mutex   // one goroutine writes at a time, and holds it
	file    durable.File // nil: the next write begins one
	began   int64        // number of its first hash

	mu   sync.Mutex
	runs Runs    // what is on disk: replaced, never changed in place
	kept []byte  // what is behind that
	ends []int64 // where files are to end, in order
}

var _ Source = (*Hashes)(nil)

// ErrShort says that fewer hashes are stored than there should be.
var ErrShort = fmt.Errorf("%w: there are fewer than there should be", ErrMissing)

// OpenHashes opens the hashes of a level, of which n are known to be on disk: those of sealed segments. What else lies
// there is not read, and is replaced by what is appended. The error wraps [ErrShort] where fewer are there.
func OpenHashes(dir string, level int, n int64, disk durable.Disk) (*Hashes, error) {
	h := &Hashes{dir: dir, level: level, files: durable.Files{Disk: disk}}
	runs, err := List(dir, level)
	if err != nil {
		return nil, err
	}
	if runs.End() < n {
		return nil, fmt.Errorf("%w: %d of %d in %s", ErrShort, runs.End(), n, filepath.Join(dir, "*"+Suffix(level)))
	}
	if at := runs.find(n); at < len(runs) {
		if runs[at].First < n {
			runs[at].End = n
			at++
		}
		runs = runs[:at]
	}
	h.runs = runs
	return h, nil
}

// End is how many there are, on disk and in memory.
func (h *Hashes) End() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.end()
}

func (h *Hashes) end() int64 { return h.runs.End() + int64(len(h.kept)/tlog.HashSize) }

// Append adds hashes, 32 bytes each. It waits for no disk: who appends sees by [Hashes.Unsynced] how much is in memory.
func (h *Hashes) Append(hashes []byte) {
	if len(hashes)%tlog.HashSize != 0 {
		panic("BUG: hashes of the tree are not 32 bytes each")
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.kept = append(h.kept, hashes...)
}

// Unsynced is how many bytes are in memory alone.
func (h *Hashes) Unsynced() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.kept)
}

// Roll ends the file before a hash, once it is there and brought to disk: those from there on stand in another one.
// Where some of those are on disk already, the file ends behind them.
func (h *Hashes) Roll(before int64) error {
	h.mu.Lock()
	before = max(before, h.runs.End())
	if n := len(h.ends); n > 0 {
		before = max(before, h.ends[n-1])
	}
	h.ends = append(h.ends, before)
	h.mu.Unlock()
	return h.Sync()
}

// Sync brings to disk what was appended before. Where it fails everything is still there to be read, and the next call
// tries again.
func (h *Hashes) Sync() error {
	h.syncing.Lock()
	defer h.syncing.Unlock()
	for {
		h.mu.Lock()
		first, kept, last := h.runs.End(), h.kept, false
		if len(h.ends) > 0 && h.ends[0] <= h.end() {
			kept, last = kept[:(h.ends[0]-first)*tlog.HashSize], true
		}
		h.mu.Unlock()
		if len(kept) > 0 {
			if err := h.write(first, kept); err != nil {
				return fmt.Errorf("cannot write hashes of the tree: %w", err)
			}
			h.synced(first, len(kept))
		}
		if !last {
			return nil
		}
		if err := h.leave(); err != nil {
			return fmt.Errorf("cannot write hashes of the tree: %w", err)
		}
		h.mu.Lock()
		h.ends = h.ends[1:]
		h.mu.Unlock()
	}
}

// synced notes that the first bytes in memory are on disk.
func (h *Hashes) synced(first int64, n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	end := first + int64(n/tlog.HashSize)
	h.runs = slices.Clone(h.runs)
	if h.began == first {
		h.runs = append(h.runs, Run{first, end, path(h.name(first))})
	} else {
		h.runs[len(h.runs)-1].End = end
	}
	h.kept = append(h.kept[:0], h.kept[n:]...)
}

// write appends to the file, begins one where there is none, and syncs it.
func (h *Hashes) write(first int64, b []byte) error {
	if h.file == nil {
		if err := h.begin(first); err != nil {
			return err
		}
	}
	n, err := h.file.Write(b)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	if err == nil {
		err = h.file.Sync()
	}
	if err != nil {
		_ = h.leave() // what it says of the bytes is not known to be true
	}
	return err
}

// leave closes the file.
func (h *Hashes) leave() error {
	file := h.file
	if h.file = nil; file == nil {
		return nil
	}
	return file.Close()
}

// begin begins the file whose first hash has a number. Files that lie there of that number and behind hold nothing
// that is known to be on disk.
func (h *Hashes) begin(first int64) error {
	files, err := segment.List(h.dir, Suffix(h.level))
	if err != nil {
		return err
	}
	for _, f := range slices.Backward(files) {
		if f.First < uint64(first)<<(Height*h.level) {
			break
		}
		if err := h.files.Remove(f.Path); err != nil {
			return err
		}
	}
	file, err := h.files.Begin(h.name(first), 0o600)
	if err != nil {
		return err
	}
	h.file, h.began = file, first
	return nil
}

// name is the path of the file whose first hash has a number.
func (h *Hashes) name(first int64) string {
	return filepath.Join(h.dir, segment.FileName(uint64(first)<<(Height*h.level), Suffix(h.level)))
}

// HashesAt reads hashes, from disk or memory.
func (h *Hashes) HashesAt(dst []byte, first int64) error {
	h.mu.Lock()
	runs := h.runs
	onDisk := max(0, min(int64(len(dst)), (runs.End()-first)*tlog.HashSize))
	rest := dst[onDisk:]
	var err error
	if from := (first - runs.End()) * tlog.HashSize; len(rest) > 0 {
		from = max(from, 0)
		if from+int64(len(rest)) > int64(len(h.kept)) {
			err = fmt.Errorf("%w: there is none numbered %d", ErrMissing, h.end())
		} else {
			copy(rest, h.kept[from:])
		}
	}
	h.mu.Unlock()
	if err == nil && onDisk > 0 {
		err = runs.HashesAt(dst[:onDisk], first)
	}
	return err
}

// Close brings everything to disk, and ends the file.
func (h *Hashes) Close() error {
	err := h.Sync()
	h.syncing.Lock()
	defer h.syncing.Unlock()
	return errors.Join(err, h.leave())
}
