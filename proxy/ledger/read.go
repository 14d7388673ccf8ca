package ledger

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/tidwall/gjson"
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
	segments, err := Segments(dir)
	if err != nil {
		return err
	}
	for _, path := range segments {
		more, err := searchSegment(path, q, yield)
		if err != nil || !more {
			return err
		}
	}
	return nil
}

func searchSegment(path string, q Query, yield func(record []byte) bool) (more bool, err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) && wasOld(path) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("cannot open a segment: %w", err)
	}
	defer func() { _ = f.Close() }()
	lines := bufio.NewReaderSize(f, 64<<10)
	for number := 1; ; number++ {
		line, err := readLine(lines)
		if errors.Is(err, io.EOF) && len(line) == 0 {
			return true, nil
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return false, fmt.Errorf("%s:%d: %w", path, number, err)
		}
		if errors.Is(err, io.EOF) {
			return true, nil // a last line without an end: it is being written, or the power failed
		}
		if len(line) == 0 || line[0] != '{' || !gjson.ValidBytes(line) {
			return false, fmt.Errorf("%s:%d: this is no record: one JSON object a line is right", path, number)
		}
		if q.Matches(line) && !yield(line) {
			return false, nil
		}
	}
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
