package ledger

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
	"github.com/tagwarden/tagwarden/proxy/segment"
)

// Backup hands out the files of the ledger as it stands, while it is written: each by its name, and as much of it as
// belongs to the copy. What was recorded before the call is in there. The copy ends with a whole record, or with a part
// of one, as a ledger does whose process died, and a start goes on from it. Its checkpoint is handed out last, and
// returned: it covers no record that is not in the copy. nil: none is signed here.
//
// Segments are sealed and compressed meanwhile; none is deleted.
func (l *Ledger) Backup(put func(name string, from io.Reader) error) (checkpoint []byte, err error) {
	l.sealing.copies.Add(1)
	defer l.sealing.copies.Add(-1)
	if err := errors.Join(l.Sync(), l.signing.sign()); err != nil {
		return nil, err
	}
	checkpoint = l.signing.head().text
	files, err := l.sealing.list()
	defer func() {
		for _, f := range files {
			if f.open != nil {
				_ = f.open.Close() // it was read alone
			}
		}
	}()
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		if err := f.hand(l.opts.Dir, put); err != nil {
			return nil, fmt.Errorf("%s: %w", f.name, err)
		}
	}
	if checkpoint != nil {
		err = put(CheckpointFile, strings.NewReader(string(checkpoint)))
	}
	return checkpoint, err
}

// copied is a file of a copy.
type copied struct {
	name string
	open *os.File // nil: it stays what it is, and where it is
	size int64    // as much as belongs to the copy
}

// list lists what belongs to a copy. Lines that are not compressed yet are opened: they may be, and their file deleted. Of
// hashes and nodes there may be fewer than records, as in a ledger that is written, and never more.
func (s *sealing) list() (files []copied, err error) {
	if err := s.takeFiles(); err != nil {
		return nil, err
	}
	defer s.giveFiles()
	entries, err := os.ReadDir(s.opts.Dir)
	if err != nil {
		return nil, err
	}
	var hashes, lines []copied
	for _, e := range entries {
		name := e.Name()
		switch {
		case !belongs(name):
			continue
		case strings.HasSuffix(name, tree.Suffix(0)), strings.HasPrefix(filepath.Ext(name), nodeSuffix):
			var f copied
			if f, err = s.begin(name); f.open != nil {
				hashes = append(hashes, f)
			}
		case strings.HasSuffix(name, OpenSuffix) && name != FormatFile:
			lines = append(lines, copied{name: name})
		default:
			files = append(files, copied{name: name, size: math.MaxInt64})
		}
		if err != nil {
			return hashes, err
		}
	}
	files = append(hashes, files...)
	for _, f := range lines {
		if f, err = s.begin(f.name); f.open != nil {
			files = append(files, f)
		}
		if err != nil {
			return files, err
		}
	}
	return files, nil
}

// belongs tells whether a file belongs to a copy: neither one that is not whole yet, nor what is said of this folder alone.
func belongs(name string) bool {
	return name != CheckpointFile && name != RestoreFile && !strings.HasPrefix(name, ".") &&
		!strings.HasSuffix(name, packing) && !strings.HasSuffix(name, segment.BesideSuffix)
}

// begin opens a file that is appended to, or may go, as long as it is now. Of the one that is written, what is whole
// counts. One that is gone is none.
func (s *sealing) begin(name string) (copied, error) {
	path := filepath.Join(s.opts.Dir, name)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return copied{}, nil
	}
	if err != nil {
		return copied{}, err
	}
	info, err := f.Stat()
	if err != nil {
		return copied{}, errors.Join(err, f.Close())
	}
	size := info.Size()
	if now := s.writer.File(); filepath.Base(now.Path) == name {
		size = now.Size
	}
	return copied{name, f, size}, nil
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
