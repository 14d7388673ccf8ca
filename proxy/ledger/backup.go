package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/proxy/ledger/index"
	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
	"github.com/tagwarden/tagwarden/proxy/segment"
)

// Held is a ledger that is about to be copied, or is being. Segments are sealed and compressed meanwhile, once it was
// cut; none is deleted before [Held.Release].
type Held struct {
	l      *Ledger
	signed []byte
	files  []copied // but lines
	lines  []copied // that are not compressed yet
	holds  bool     // sealing and compressing
}

// Hold makes ready to copy the ledger. Whatever the error is, Release undoes it.
func (l *Ledger) Hold() (*Held, error) {
	l.sealing.copies.Add(1)
	h := &Held{l: l}
	if err := errors.Join(l.Sync(), l.signing.sign()); err != nil {
		return h, err
	}
	h.signed = l.signing.head().text
	if err := l.sealing.takeFiles(); err != nil {
		return h, err
	}
	h.holds = true
	return h, h.list()
}

// Cut says that the copy ends here, behind all that was recorded so far. It is quick.
func (h *Held) Cut() error {
	err := h.l.Sync() // outcomes that were not written yet
	now := h.l.writer.File()
	if err == nil && !slices.ContainsFunc(h.lines, func(f copied) bool { return f.name == filepath.Base(now.Path) }) {
		err = h.listLines() // another was begun since
	}
	for i := range h.lines {
		f := &h.lines[i]
		if f.name == filepath.Base(now.Path) {
			f.size = now.Size
			continue
		}
		info, failed := f.open.Stat()
		if err = errors.Join(err, failed); failed == nil {
			f.size = info.Size()
		}
	}
	h.holds = false
	h.l.sealing.giveFiles()
	return err
}

// Copy hands out the files of the ledger as it stood when it was cut: each by its name, and as much of it as belongs to
// the copy. Its checkpoint is handed out last, and returned: it covers no record that is not in the copy. nil: none is
// signed here.
func (h *Held) Copy(put func(name string, from io.Reader) error) (checkpoint []byte, err error) {
	for _, f := range slices.Concat(h.files, h.lines) {
		if err := f.hand(h.l.opts.Dir, put); err != nil {
			return nil, fmt.Errorf("%s: %w", f.name, err)
		}
	}
	if h.signed != nil {
		err = put(CheckpointFile, bytes.NewReader(h.signed))
	}
	return h.signed, err
}

// Release lets go of the ledger.
func (h *Held) Release() {
	if h.holds {
		h.l.sealing.giveFiles()
	}
	for _, f := range slices.Concat(h.files, h.lines) {
		if f.open != nil {
			_ = f.open.Close() // it was read alone
		}
	}
	h.l.sealing.copies.Add(-1)
}

// copied is a file of a copy.
type copied struct {
	name string
	open *os.File // nil: it stays what it is, and where it is
	size int64    // as much as belongs to the copy
}

// list lists what belongs to a copy. Lines that are not compressed yet are opened: they may be, and their file
// deleted. Of hashes and nodes there may be fewer than records, as in a ledger that is written, and never more.
func (h *Held) list() error {
	entries, err := os.ReadDir(h.l.opts.Dir)
	if err != nil {
		return err
	}
	sealed := segment.FileName(h.l.sealing.sealedEnd(), tree.Suffix(0))
	for _, e := range entries {
		name := e.Name()
		switch {
		case !belongs(name), strings.HasSuffix(name, OpenSuffix) && name != FormatFile:
		case strings.HasSuffix(name, tree.Suffix(0)) && name >= sealed, strings.HasPrefix(filepath.Ext(name), nodeSuffix):
			if err := h.begin(&h.files, name); err != nil {
				return err
			}
		default:
			h.files = append(h.files, copied{name: name, size: math.MaxInt64})
		}
	}
	return h.listLines()
}

// listLines opens the files of lines that are not open.
func (h *Held) listLines() error {
	files, err := segment.List(h.l.opts.Dir, OpenSuffix)
	if err != nil {
		return err
	}
	for _, f := range files {
		name := filepath.Base(f.Path)
		if slices.ContainsFunc(h.lines, func(c copied) bool { return c.name == name }) {
			continue
		}
		if err := h.begin(&h.lines, name); err != nil {
			return err
		}
	}
	return nil
}

// belongs tells whether a file belongs to a copy: neither one that is not whole yet, nor what is said of this folder
// alone, nor an index, which whoever asks the copy makes again.
func belongs(name string) bool {
	return name != CheckpointFile && name != RestoreFile && !strings.HasPrefix(name, ".") &&
		!strings.HasSuffix(name, packing) && !strings.HasSuffix(name, index.Suffix) &&
		!strings.HasSuffix(name, segment.BesideSuffix)
}

// begin opens a file that is appended to, or may go, as long as it is now. One that is gone is none.
func (h *Held) begin(to *[]copied, name string) error {
	f, err := os.Open(filepath.Join(h.l.opts.Dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return errors.Join(err, f.Close())
	}
	*to = append(*to, copied{name, f, info.Size()})
	return nil
}

// hand hands a file out.
func (c *copied) hand(dir string, put func(name string, from io.Reader) error) error {
	from := c.open
	if from == nil {
		f, err := os.Open(filepath.Join(dir, c.name))
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }() // it was read alone
		if info, err := f.Stat(); err != nil || info.IsDir() {
			return err
		}
		from = f
	}
	return put(c.name, io.LimitReader(from, c.size))
}

// Copied tells whether a copy of the ledger is under way.
func (e *Eraser) Copied() bool { return e.sealing.copies.Load() > 0 }
