package ledger

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
	"github.com/tagwarden/tagwarden/proxy/segment"
)

// DamageError says where in a segment what stands there is no record.
type DamageError struct {
	Path   string
	From   int64  // in the file, uncompressed
	Number uint64 // of the record that should stand there
	Lost   bool   // what is missing is the segment's end
}

// Error says it in a sentence.
func (e *DamageError) Error() string {
	if e.Lost {
		return fmt.Sprintf("%s: byte %d: the segment ends before record %d, and another one goes on behind it", e.Path, e.From, e.Number)
	}
	return fmt.Sprintf("%s: byte %d: record %d is damaged: its checksum is another one", e.Path, e.From, e.Number)
}

// scanned is what a segment holds.
type scanned struct {
	n     uint64 // records, with those that were set aside
	bytes int64  // up to the end of the last one
	torn  int64  // bytes behind it
	aside int    // how many were set aside
}

// openLines opens a segment's file, and decompresses it where that is asked for.
func openLines(path string) (io.ReadCloser, error) {
	f, err := os.Open(path)
	if err != nil || !packed(path) {
		return f, err
	}
	z, err := zstd.NewReader(f, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(mostWindow))
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return unpacking{z, f}, nil
}

// mostWindow is how much memory unpacking may take.
const mostWindow = 64 << 20

type unpacking struct {
	*zstd.Decoder
	file *os.File
}

// Close closes the file.
func (u unpacking) Close() error {
	u.Decoder.Close()
	return u.file.Close()
}

// scanSegment hands over the records of a segment, up to the number where the next one begins: the line without its end, and
// its entry in the tree. Of a line that was set aside only the entry is known. An error is a [DamageError], or one of reading.
func scanSegment(f segment.File, plain bool, each func(line []byte, entry tree.Entry) error) (scanned, error) {
	from, err := openLines(f.Path)
	if err != nil {
		return scanned{}, fmt.Errorf("cannot open a segment: %w", err)
	}
	defer func() { _ = from.Close() }()
	if plain {
		return scanPlain(f, from, each)
	}
	set, err := ReadAside(filepath.Dir(f.Path), f.First)
	if err != nil {
		return scanned{}, err
	}
	return scanChecked(f, from, set, each)
}

// scanChecked reads lines with checksums.
func scanChecked(f segment.File, from io.Reader, set *Aside, each func([]byte, tree.Entry) error) (s scanned, err error) {
	more := func() bool { return f.End == 0 || f.First+s.n < f.End }
	lines := segment.NewScanner(from, segment.Lines)
	for more() && lines.Next() {
		if gap := lines.Gap(); gap.Len() > 0 {
			if err := s.passOver(f, gap, set, each); err != nil {
				return s, err
			}
			if !more() {
				break
			}
		}
		line := lines.Record()
		if err := each(line, tree.EntryOf(line)); err != nil {
			return s, err
		}
		s.n++
		s.bytes = lines.At() + int64(len(line)) + 1
	}
	if err := lines.Err(); err != nil {
		return s, fmt.Errorf("cannot read %s: %w", f.Path, err)
	}
	if gap := lines.Gap(); lines.Record() == nil && gap.Len() > 0 {
		s.torn = gap.Len()
		if set.at(gap.From) != nil {
			if err := s.passOver(f, gap, set, each); err != nil {
				return s, err
			}
			s.torn = 0
		}
	}
	return s, wholeSegment(f, &s)
}

// passOver passes over a gap that was set aside.
func (s *scanned) passOver(f segment.File, gap segment.Gap, set *Aside, each func([]byte, tree.Entry) error) error {
	damaged := set.at(gap.From)
	if damaged == nil || damaged.To != gap.To {
		return &DamageError{Path: f.Path, From: gap.From, Number: f.First + s.n}
	}
	for _, entry := range damaged.Entries {
		if err := each(nil, entry); err != nil {
			return err
		}
		s.n++
		s.aside++
	}
	s.bytes = gap.To
	return nil
}

// wholeSegment tells whether a segment holds all records up to the next one.
func wholeSegment(f segment.File, s *scanned) error {
	if f.End != 0 && f.First+s.n < f.End {
		return &DamageError{Path: f.Path, From: s.bytes, Number: f.First + s.n, Lost: true}
	}
	return nil
}

// scanPlain reads lines of a version that knew no checksums. A last line without an end is none.
func scanPlain(f segment.File, from io.Reader, each func([]byte, tree.Entry) error) (s scanned, err error) {
	lines := bufio.NewReaderSize(from, 64<<10)
	for f.End == 0 || f.First+s.n < f.End {
		line, err := readLine(lines)
		if errors.Is(err, io.EOF) {
			s.torn = int64(len(line))
			break
		}
		if err != nil {
			return s, fmt.Errorf("%s: byte %d: %w", f.Path, s.bytes, err)
		}
		if len(line) == 0 || line[0] != '{' || !gjson.ValidBytes(line) {
			return s, &DamageError{Path: f.Path, From: s.bytes, Number: f.First + s.n}
		}
		if err := each(line, tree.EntryOf(line)); err != nil {
			return s, err
		}
		s.n++
		s.bytes += int64(len(line)) + 1
	}
	return s, wholeSegment(f, &s)
}

// isPlain tells whether a segment holds lines without checksums: one of a version before does, of one that is sealed its
// summary says so, and of any other the first line.
func isPlain(path string) (bool, error) {
	name, _, _ := strings.Cut(filepath.Base(path), ".")
	first, err := strconv.ParseUint(name, 10, 64)
	if err != nil {
		return true, nil
	}
	if of, _, err := ReadSummary(filepath.Dir(path), first); err == nil {
		return of.Lines == LinesPlain, nil
	}
	from, err := openLines(path)
	if err != nil {
		return false, fmt.Errorf("cannot open a segment: %w", err)
	}
	defer func() { _ = from.Close() }()
	line, err := readLine(bufio.NewReader(from))
	if err != nil {
		return false, nil // it holds none
	}
	return !bytes.Contains(line[max(len(line)-24, 0):], []byte(`,"crc":"`)) && gjson.ValidBytes(line), nil
}
