package table

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/ledger"
)

// End is where a file of records stops whose writing was interrupted.
type End struct {
	At     int64  // behind the last record that is there whole, in bytes; what follows it is cut off
	Line   []byte // that record, of a file of lines; nil: there is none
	Number uint64 // its number, of a table
	Empty  bool   // it holds no record
}

// Why a file is none that can be gone on with.
var (
	errNotLines = errors.New("its last line is no record of a ledger: it is another kind of file")
	errNotTable = errors.New("it is no table of records with the columns that are written today")
	errNoNumber = errors.New("the number of its last record is not known: the records of the version before have none")
	errLongLine = errors.New("its last line is longer than a record can be")
	errParts    = errors.New("its last record goes on with one that is not there")
)

// EndOfLines finds where a file of records stops, one a line, as they stand in the ledger. A fact that takes several
// records is there when all of them are.
func EndOfLines(from io.ReaderAt, size int64) (End, error) {
	for {
		line, begin, end, err := lastLine(from, size)
		if err != nil || line == nil {
			return End{At: end, Empty: true}, err
		}
		part, parts, err := partOf(line)
		if err != nil {
			return End{}, err
		}
		if part == parts {
			return End{At: end, Line: line}, nil
		}
		for size = begin; part > 1; size = begin { // back to where the fact begins
			if line, begin, _, err = lastLine(from, size); err != nil {
				return End{}, err
			}
			before, of, err := partOf(line)
			if err != nil || before != part-1 || of != parts {
				return End{}, errParts
			}
			part = before
		}
	}
}

// partOf tells which part of its fact a record is, and of how many; 1 of 1: it is whole.
func partOf(line []byte) (part, parts int64, err error) {
	if !gjson.ValidBytes(line) {
		return 0, 0, errNotLines
	}
	said := gjson.GetManyBytes(line, "kind", "part", "parts")
	if said[0].Str == "" {
		return 0, 0, errNotLines
	}
	if part, parts = said[1].Int(), said[2].Int(); parts <= 1 {
		return 1, 1, nil
	}
	if part < 1 || part > parts {
		return 0, 0, errNotLines
	}
	return part, parts, nil
}

// EndOfTable finds where a table of records stops that begins with the names of
// columns, of which the first is "number".
func EndOfTable(from io.ReaderAt, size int64, columns []string) (End, error) {
	head, err := firstLine(from, size)
	if err != nil {
		return End{}, err
	}
	if head == nil { // not even the names of columns are there
		return End{Empty: true}, nil
	}
	if names, err := cells(head); err != nil || !slices.Equal(names, columns) {
		return End{}, errNotTable
	}
	line, begin, end, err := lastLine(from, size)
	if err != nil || begin == 0 {
		return End{At: end, Empty: true}, err
	}
	row, err := cells(line)
	switch {
	case err != nil || len(row) != len(columns):
		return End{}, errNotTable
	case row[0] == "":
		return End{}, errNoNumber
	}
	number, err := strconv.ParseUint(row[0], 10, 64)
	if err != nil {
		return End{}, errNotTable
	}
	return End{At: end, Number: number}, nil
}

// cells are those of a row.
func cells(line []byte) ([]string, error) {
	r := csv.NewReader(bytes.NewReader(line))
	row, err := r.Read()
	if err != nil {
		return nil, err
	}
	if _, err := r.Read(); !errors.Is(err, io.EOF) {
		return nil, errNotTable // no row holds a line's end
	}
	return row, nil
}

// firstLine is the first line with its end; nil: there is none that has one.
func firstLine(from io.ReaderAt, size int64) ([]byte, error) {
	b := make([]byte, min(size, 64<<10))
	if _, err := from.ReadAt(b, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("cannot read it: %w", err)
	}
	n := bytes.IndexByte(b, '\n')
	if n < 0 && int64(len(b)) < size {
		return nil, errNotTable
	}
	if n < 0 {
		return nil, nil
	}
	return b[:n+1], nil
}

// backwards is how many bytes are read at once, from the end.
const backwards = 64 << 10

// lastLine finds the last line that has an end, in the first so many bytes; it
// comes without the end. Nil: there is none.
func lastLine(from io.ReaderAt, size int64) (line []byte, begin, end int64, err error) {
	var b []byte // what was read, from the place at on
	for at := size; ; {
		if last := bytes.LastIndexByte(b, '\n'); last >= 0 {
			if first := bytes.LastIndexByte(b[:last], '\n'); first >= 0 || at == 0 {
				return bytes.Clone(b[first+1 : last]), at + int64(first) + 1, at + int64(last) + 1, nil
			}
		}
		if at == 0 {
			return nil, 0, 0, nil
		}
		if len(b) > 2*ledger.MaxRecord+backwards {
			return nil, 0, 0, errLongLine
		}
		n := min(at, backwards)
		more := make([]byte, n, n+int64(len(b)))
		if _, err := from.ReadAt(more, at-n); err != nil && !errors.Is(err, io.EOF) {
			return nil, 0, 0, fmt.Errorf("cannot read it: %w", err)
		}
		at, b = at-n, append(more, b...)
	}
}
