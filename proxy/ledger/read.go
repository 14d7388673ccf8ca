package ledger

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
	"github.com/tagwarden/tagwarden/proxy/segment"
)

// MaxRecord is the longest record that is read, in bytes.
const MaxRecord = 1 << 20

// Query says which records are wanted. What is zero or empty is not asked about.
type Query struct {
	From, To time.Time         // From is included, To is not
	Members  map[string]string // by name of a member: its value; of a list, one of its values
}

// Matches tells whether a record is wanted.
func (q *Query) Matches(record []byte) bool {
	if !q.From.IsZero() || !q.To.IsZero() {
		at, err := time.Parse(time.RFC3339Nano, gjson.GetBytes(record, "time").Str)
		if err != nil || at.Before(q.From) || !q.To.IsZero() && !at.Before(q.To) {
			return false
		}
	}
	for name, want := range q.Members {
		found := gjson.GetBytes(record, gjson.Escape(name)) // a name, and no path or modifier
		if !found.IsArray() {
			if found.String() != want {
				return false
			}
			continue
		}
		among := false
		for _, item := range found.Array() {
			among = among || item.String() == want
		}
		if !among {
			return false
		}
	}
	return true
}

// Search yields the wanted records of every segment, oldest first, as they are stored, without the line's end. It ends at the first
// record that is none, with an error that says where it is.
func Search(dir string, q Query, yield func(record []byte) bool) error {
	segments, err := segmentPaths(dir)
	if err != nil {
		return err
	}
	for _, f := range segments {
		more, err := searchSegment(f, q, yield)
		if err != nil || !more {
			return err
		}
	}
	return nil
}

// segmentPaths lists the segments of a folder, old and new.
func segmentPaths(dir string) ([]segment.File, error) {
	files, err := segment.List(dir, OpenSuffix, PackedSuffix)
	if err != nil {
		return nil, err
	}
	old, err := oldSegments(dir)
	for _, path := range old {
		files = append(files, segment.File{Path: path})
	}
	return files, err
}

func searchSegment(f segment.File, q Query, yield func(record []byte) bool) (more bool, err error) {
	plain, err := isPlain(f.Path)
	if err != nil {
		return false, err
	}
	more = true
	_, err = scanSegment(f, plain, func(line []byte, _ tree.Entry) error {
		if line != nil && q.Matches(line) && !yield(line) {
			more = false
			return ErrClosed
		}
		return nil
	})
	if !more {
		err = nil
	}
	return more, err
}

func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		if len(line) > MaxRecord {
			return nil, fmt.Errorf("the record is longer than %d bytes", MaxRecord)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return bytes.TrimSuffix(line, []byte{'\n'}), err
		}
	}
}
