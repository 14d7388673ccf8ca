package audit

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
	"github.com/tagwarden/tagwarden/proxy/segment"
)

// hashFile is a file of hashes of one level: those numbered first to end-1 count.
type hashFile struct {
	path       string
	first, end int64
}

// ReadAt reads from the file.
func (h hashFile) ReadAt(b []byte, at int64) (int, error) {
	f, err := os.Open(h.path)
	if err != nil {
		return 0, err
	}
	defer func() { _ = f.Close() }()
	return f.ReadAt(b, at)
}

// hashFiles are those of a level, in order; some may be missing between them.
type hashFiles []hashFile

// listHashes lists what lies there of a level, whatever is missing before it.
func listHashes(dir string, level int) (hashFiles, error) {
	files, err := segment.List(dir, tree.Suffix(level))
	if err != nil {
		return nil, err
	}
	var all hashFiles
	for _, f := range files {
		info, err := os.Stat(f.Path)
		if errors.Is(err, fs.ErrNotExist) {
			continue // it went meanwhile
		}
		if err != nil {
			return nil, fmt.Errorf("cannot read hashes: %w", err)
		}
		first := int64(f.First >> (tree.Height * level))
		end := first + info.Size()/tlog.HashSize
		if f.End != 0 {
			end = min(end, int64(f.End>>(tree.Height*level))) // the next one has those from there on
		}
		all = append(all, hashFile{f.Path, first, end})
	}
	return all, nil
}

// of is the file that should hold a hash; nil: there is none.
func (h hashFiles) of(number int64) *hashFile {
	at, found := slices.BinarySearchFunc(h, number, func(f hashFile, n int64) int {
		switch {
		case f.first > n:
			return 1
		case f.first < n:
			return -1
		}
		return 0
	})
	if !found {
		at--
	}
	if at < 0 {
		return nil
	}
	return &h[at]
}

// runs are the files for the tree's own readers.
func (h hashFiles) runs() tree.Runs {
	runs := make(tree.Runs, len(h))
	for i, f := range h {
		runs[i] = tree.Run{First: f.first, End: f.end, From: f}
	}
	return runs
}

// entries reads stored hashes one after the other.
type entries struct {
	from        hashFiles
	buf         []byte
	first, end  int64 // numbers of those in buf
	none, until int64 // from none on there is none before until
}

// most is how many are read at once.
const most = 2048

// at is a stored hash; nil: it is not there. It holds until the next call.
func (e *entries) at(number int64) []byte {
	if number < e.first || number >= e.end {
		if number >= e.none && number < e.until || !e.load(number) {
			return nil
		}
	}
	return e.buf[(number-e.first)*tlog.HashSize:][:tlog.HashSize]
}

// load reads from a number on.
func (e *entries) load(number int64) bool {
	f := e.from.of(number)
	if f == nil || number >= f.end {
		return e.missing(number)
	}
	n := min(f.end-number, most)
	if e.buf == nil {
		e.buf = make([]byte, most*tlog.HashSize)
	}
	got, _ := f.ReadAt(e.buf[:n*tlog.HashSize], (number-f.first)*tlog.HashSize)
	e.first, e.end = number, number+int64(got/tlog.HashSize)
	if e.end == number {
		return e.missing(number)
	}
	return true
}

// missing notes that there is none up to the next file.
func (e *entries) missing(number int64) bool {
	e.none, e.until = number, 1<<62
	for _, f := range e.from {
		if f.first > number {
			e.until = f.first
			break
		}
	}
	return false
}

// levels are the stored nodes of tiles, from level 1 on, in memory: 32 bytes for 256 records.
type levels [][]levelRun

type levelRun struct {
	path  string
	first int64
	nodes []byte
}

// topLevel is the highest level of tiles that a tree can have.
const topLevel = 7

// readLevels reads the nodes that a folder holds.
func readLevels(dir string) (levels, error) {
	all := make(levels, topLevel+1)
	for level := 1; level <= topLevel; level++ {
		files, err := listHashes(dir, level)
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			nodes := make([]byte, max(f.end-f.first, 0)*tlog.HashSize)
			n, _ := f.ReadAt(nodes, 0)
			all[level] = append(all[level], levelRun{f.path, f.first, nodes[:n/tlog.HashSize*tlog.HashSize]})
		}
	}
	return all, nil
}

// at is a stored node; nil: it is not there.
func (l levels) at(level int, n int64) []byte {
	if level >= len(l) {
		return nil
	}
	for _, r := range slices.Backward(l[level]) {
		if at := (n - r.first) * tlog.HashSize; n >= r.first {
			if at < int64(len(r.nodes)) {
				return r.nodes[at:][:tlog.HashSize]
			}
			return nil
		}
	}
	return nil
}

// file is the file that should hold a node, and where in it.
func (l levels) file(level int, n int64) (path string, at int64) {
	for _, r := range slices.Backward(l[level]) {
		if n >= r.first {
			return r.path, (n - r.first) * tlog.HashSize
		}
	}
	return segment.FileName(0, tree.Suffix(level)), 0
}

// leftovers tells of hashes behind those that count in a file: the next file has them from there on, and they are the
// same. Where it does not have them yet, a process died before it wrote them: of records that are not signed nothing is
// known. Where an older copy was accepted, they are of records that went.
func (v *verification) leftovers() error {
	if slices.ContainsFunc(v.acts, func(a act) bool { return a.kind == ledger.KindRestored }) {
		return nil
	}
	for level := range topLevel + 1 {
		files, err := listHashes(v.dir, level)
		if err != nil {
			return err
		}
		next := entries{from: files}
		for i, f := range files[:max(len(files)-1, 0)] {
			info, err := os.Stat(f.path)
			if err != nil || info.Size() == (f.end-f.first)*tlog.HashSize {
				continue
			}
			rest := make([]byte, info.Size()-(f.end-f.first)*tlog.HashSize)
			n, _ := f.ReadAt(rest, (f.end-f.first)*tlog.HashSize)
			for at := 0; at < n; at += tlog.HashSize {
				one := rest[at:min(at+tlog.HashSize, n)]
				number := files[i+1].first + int64(at/tlog.HashSize)
				stored := next.at(number)
				if stored == nil && (number+1)<<(tree.Height*level) > v.signed.N {
					break
				}
				if stored == nil || !bytes.Equal(one, stored[:len(one)]) {
					v.report.add(Finding{Kind: Inserted, File: filepath.Base(f.path),
						Offset: (f.end-f.first)*tlog.HashSize + int64(at),
						What: "hashes stand here that count for nothing, and are not those that the next file begins with: remove the " +
							"file, it is made again"})
					break
				}
			}
		}
	}
	return nil
}
