package ledger

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/proxy/segment"
)

// FormatFile lies in a ledger's folder so that versions that do not know numbered segments refuse it. It is none.
const FormatFile = "format.jsonl"

// oldName is how the version before named segments.
var oldName = regexp.MustCompile(`^\d{8}T\d{6}\.\d{9}Z-\d{3}\.jsonl$`)

// IsOldName tells whether a file's name is that of a segment of the version before.
func IsOldName(name string) bool { return oldName.MatchString(name) }

// Segment is a file of a ledger's records.
type Segment struct {
	segment.File
	Packed bool // zstd of the lines (RFC 8878)
	// Old says that its name is one of the version before: nothing says which numbers its records have, First and End
	// are 0. Those of a folder follow one another in the order of their names, behind all that have numbers.
	Old bool
}

// Segments lists a ledger's segments, oldest first. One may be a link: what somebody moved to another disk is read all
// the same. Where both forms of one lie there, packing was interrupted, and the lines count.
func Segments(dir string) ([]Segment, error) {
	old, err := oldSegments(dir) // first: one that is given its number meanwhile is listed twice, and not left out
	if err != nil {
		return nil, err
	}
	all, err := numbered(dir)
	if err != nil {
		return nil, fmt.Errorf("cannot list the ledger's segments: %w", err)
	}
	if len(all) > 0 { // what else somebody put there is none: it would get numbers that others have
		old = slices.DeleteFunc(old, func(s Segment) bool { return !IsOldName(filepath.Base(s.Path)) })
	}
	return append(all, old...), nil
}

// SegmentOf is the number of the first record of the segment that holds a record, or would: what
// that record names stands from there on.
func SegmentOf(dir string, number uint64) (first uint64, err error) {
	all, err := Segments(dir)
	for _, s := range all {
		if !s.Old && s.First <= number {
			first = s.First
		}
	}
	return first, err
}

// numbered are those that have numbers.
func numbered(dir string) ([]Segment, error) {
	files, err := segment.List(dir, OpenSuffix, PackedSuffix)
	all := make([]Segment, len(files))
	for i, f := range files {
		all[i] = Segment{File: f, Packed: strings.HasSuffix(f.Path, PackedSuffix)}
	}
	return all, err
}

// oldSegments are those of the version before.
func oldSegments(dir string) ([]Segment, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("cannot read the ledger's folder: %w", err)
	}
	var old []Segment
	for _, e := range entries {
		stem, ends := strings.CutSuffix(e.Name(), OpenSuffix)
		if !ends || e.IsDir() || e.Name() == FormatFile || isNumber(stem) {
			continue
		}
		old = append(old, Segment{File: segment.File{Path: filepath.Join(dir, e.Name())}, Old: true})
	}
	slices.SortFunc(old, func(a, b Segment) int { return cmp.Compare(a.Path, b.Path) })
	return old, nil
}

// isNumber tells whether a name is that of a numbered segment, without its end.
func isNumber(stem string) bool {
	return len(stem) == len(segment.FileName(0, "")) && strings.Trim(stem, "0123456789") == ""
}
