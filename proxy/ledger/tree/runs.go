package tree

import (
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/tagwarden/tagwarden/proxy/segment"
)

// ErrMissing says that a hash that should be stored is not.
var ErrMissing = errors.New("hashes of the tree are missing")

// Source reads hashes of one level by their number: as many as dst has room for, 32 bytes each. An error wraps
// [ErrMissing] where one of them is not there.
type Source interface {
	HashesAt(dst []byte, first int64) error
}

// Run is hashes that are stored one behind the other, 32 bytes each.
type Run struct {
	First, End int64       // their numbers; End is not included
	From       io.ReaderAt // has First at 0
}

// Runs are hashes of one level, from number 0 on: each run begins where the one before ends. They are of segments, and
// need not begin or end where a tile does.
type Runs []Run

var _ Source = Runs(nil)

// End is how many there are.
func (r Runs) End() int64 {
	if len(r) == 0 {
		return 0
	}
	return r[len(r)-1].End
}

// HashesAt reads hashes.
func (r Runs) HashesAt(dst []byte, first int64) error {
	at := r.find(first)
	for len(dst) > 0 {
		if at >= len(r) || first < r[at].First {
			return fmt.Errorf("%w: there is none numbered %d", ErrMissing, first)
		}
		run := r[at]
		n := min(int64(len(dst)), (run.End-first)*tlog.HashSize)
		got, err := run.From.ReadAt(dst[:n], (first-run.First)*tlog.HashSize)
		if int64(got) < n {
			if err == nil || errors.Is(err, io.EOF) {
				err = fmt.Errorf("%w: the file that begins with number %d ends before number %d",
					ErrMissing, run.First, first+int64(got)/tlog.HashSize)
			}
			return err
		}
		dst, first = dst[n:], run.End
		at++
	}
	return nil
}

// find is the run that holds a hash, or the number of runs.
func (r Runs) find(first int64) int {
	low, high := 0, len(r)
	for low < high {
		if mid := (low + high) / 2; first < r[mid].End {
			high = mid
		} else {
			low = mid + 1
		}
	}
	return low
}

// path is a file that is opened for each read: there may be thousands.
type path string

// ReadAt reads from the file.
func (p path) ReadAt(b []byte, at int64) (n int, err error) {
	f, err := os.Open(string(p))
	if errors.Is(err, os.ErrNotExist) {
		return 0, fmt.Errorf("%w: %w", ErrMissing, err)
	}
	if err != nil {
		return 0, fmt.Errorf("cannot read hashes: %w", err)
	}
	defer func() { _ = f.Close() }()
	return f.ReadAt(b, at)
}

// Suffix is the end of the names of files that hold hashes of a level: entries, and from level 1 on nodes of tiles.
func Suffix(level int) string {
	if level == 0 {
		return ".hash"
	}
	return fmt.Sprintf(".level%d", level)
}

// List lists the hashes of a level that a folder holds, as far as they are whole: up to the first one that is missing.
// A file is named after the number of the first record that its first hash is about. Nothing is read but names and
// sizes.
func List(dir string, level int) (Runs, error) {
	files, err := segment.List(dir, Suffix(level))
	if err != nil {
		return nil, err
	}
	var runs Runs
	for i, file := range files {
		first := int64(file.First >> (Height * level))
		if file.First>>maxBits != 0 || first<<(Height*level) != int64(file.First) || first != runs.End() {
			break // one is missing before it
		}
		info, err := os.Stat(file.Path)
		if err != nil {
			return nil, fmt.Errorf("cannot read hashes: %w", err)
		}
		end := first + info.Size()/tlog.HashSize
		if i+1 < len(files) {
			end = min(end, int64(file.End>>(Height*level))) // the next one has those from there on
		}
		runs = append(runs, Run{first, end, path(file.Path)})
	}
	return runs, nil
}
