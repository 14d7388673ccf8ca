package ledger

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
	"github.com/tagwarden/tagwarden/proxy/segment"
)

// SegmentReader reads the records of one segment, in their order. Several may read at once.
//
// Where nothing says where the segment ends, Next goes on, after it returned false without an error, with what has been
// written since.
type SegmentReader struct {
	seg    Segment
	file   *os.File
	from   fileReader // the file as it is
	packed *zstd.Decoder
	lines  lineReader
	plain  bool // the lines are those of the version before: without checksums

	numbered bool   // numbers are known
	next     uint64 // that of the next line
	line     int    // and that in the segment, from 0 on; -1: nobody knows

	record []byte
	place  int64
	behind []byte // the record behind the damage that err is about
	at     int64  // where that is
	torn   segment.Gap
	stored tree.Runs                                   // hashes of the records of all segments, once they are wanted
	looked uint64                                      // how many of them were looked at
	aside  *Aside                                      // what was set aside of the segment; nil: nothing
	size   int64                                       // of the file, when its end was reached last; -1: it was not
	over   bool                                        // nothing can be read any more
	erased func(number uint64, entry tree.Entry) error // is told of each record whose line was erased; nil: nobody is
	waited bool                                        // its end was reached, and there may be more since
	err    error
}

// fileReader reads a file from a place on.
type fileReader struct {
	file *os.File
	at   int64
}

// Read reads what comes next.
func (r *fileReader) Read(b []byte) (int, error) {
	n, err := r.file.ReadAt(b, r.at)
	r.at += int64(n)
	return n, err
}

// Open begins to read a segment. Of one that was packed since it was listed it reads the packed form; the error wraps
// [fs.ErrNotExist] where there is neither.
func (s Segment) Open() (*SegmentReader, error) { return s.open(!s.Old) }

// open is Open; numbered says that First is known, also of an old one.
func (s Segment) open(numbered bool) (*SegmentReader, error) {
	file, err := os.Open(s.Path)
	if errors.Is(err, fs.ErrNotExist) && !s.Packed && !s.Old {
		s.Path, s.Packed = strings.TrimSuffix(s.Path, OpenSuffix)+PackedSuffix, true
		file, err = os.Open(s.Path)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot open a segment: %w", err)
	}
	r := &SegmentReader{file: file, from: fileReader{file: file}, size: -1, numbered: numbered}
	sum := s.summary()
	if r.plain = s.Old || sum.plain; sum.end > s.First && (s.End == 0 || sum.end < s.End) {
		s.End = sum.end
	}
	r.seg, r.next = s, s.First
	if !s.Old {
		if r.aside, err = ReadAside(filepath.Dir(s.Path), s.First); err != nil {
			return nil, errors.Join(err, file.Close())
		}
	}
	if !s.Packed {
		r.lines.reset(&r.from, 0)
		return r, nil
	}
	if r.packed, err = decoder(&r.from); err != nil {
		return nil, errors.Join(fmt.Errorf("cannot begin to unpack a segment: %w", err), file.Close())
	}
	r.lines.reset(r.packed, 0)
	return r, nil
}

// mostWindow is how much memory a packed segment may ask for to be unpacked.
const mostWindow = 32 << 20

// decoder unpacks what it reads. None is kept for later: it holds a channel, which belongs to the bubble of a test.
func decoder(from io.Reader) (*zstd.Decoder, error) {
	return zstd.NewReader(from, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(mostWindow))
}

// Close ends reading.
func (r *SegmentReader) Close() error {
	if r.packed != nil {
		r.packed.Close()
		r.packed = nil
	}
	return r.file.Close()
}

// Record is the record that Next found, as it stands in the segment, without the line's end. It holds until the next
// call.
func (r *SegmentReader) Record() []byte { return r.record }

// Number is its number. False where nothing says which it has: the segment is one of the version before.
func (r *SegmentReader) Number() (uint64, bool) { return r.next - 1, r.numbered }

// At is where in the lines, unpacked, it begins, in bytes.
func (r *SegmentReader) At() int64 { return r.place }

// Err is why Next returned false: a [Damage], or that the file cannot be read at all; nil at the end.
func (r *SegmentReader) Err() error { return r.err }

// Torn is what lies behind the last record of a segment of which nothing says where it ends, after Next returned false
// without an error: a record that is being written, or was when its server died.
func (r *SegmentReader) Torn() segment.Gap { return r.torn }

// Next goes on to the next record.
func (r *SegmentReader) Next() bool {
	r.record = nil
	if r.err != nil {
		return false
	}
	if line := r.behind; line != nil {
		r.place = r.at
		if r.behind = nil; !r.passErased(line) {
			return r.found(line)
		}
	}
	for r.err == nil && !r.ended() && r.grown() {
		r.place = r.lines.at
		line, found := r.lines.next()
		if found && r.good(line) {
			if r.passErased(line) {
				continue
			}
			return r.found(line)
		}
		if !found || !r.passAside() {
			r.damaged(found)
			return false
		}
	}
	return false
}

// passAside goes on behind lines that were set aside, of which the first was read.
func (r *SegmentReader) passAside() bool {
	set := r.aside.at(r.place)
	if set == nil {
		return false
	}
	n := 1
	for ; r.lines.at < set.To; n++ {
		if _, found := r.lines.next(); !found {
			break
		}
	}
	r.passed(n)
	r.next += uint64(len(set.Entries))
	return true
}

// passErased goes on behind a line that says that a record was erased; false where it is a record.
func (r *SegmentReader) passErased(line []byte) bool {
	entry, is := ErasedEntry(line)
	if !is {
		return false
	}
	r.passed(1)
	if r.next++; r.erased != nil {
		r.err = r.erased(r.next-1, entry)
	}
	return true
}

// Skip has Next go on behind the damage that it stopped at. False where it stopped at something else.
func (r *SegmentReader) Skip() bool {
	if _, is := errors.AsType[*Damage](r.err); !is {
		return false
	}
	r.err = nil
	return true
}

// found notes a record.
func (r *SegmentReader) found(line []byte) bool {
	r.record, r.behind = line, nil
	r.next++
	r.passed(1)
	return true
}

// passed counts lines.
func (r *SegmentReader) passed(n int) {
	if r.line >= 0 {
		r.line += n
	}
}

// ended tells whether what follows, if anything does, are no records of this segment.
func (r *SegmentReader) ended() bool { return r.over || r.seg.End != 0 && r.next >= r.seg.End }

// grown tells whether there may be something that was not read yet.
func (r *SegmentReader) grown() bool {
	if r.size < 0 {
		return true
	}
	info, err := r.file.Stat()
	if err == nil && info.Size() == r.size {
		return false
	}
	r.size = -1
	return true
}

// good tells whether a line is a record.
func (r *SegmentReader) good(line []byte) bool { return isRecord(line, r.plain) }

// isRecord tells whether a line is a record; plain ones have no checksum.
func isRecord(line []byte, plain bool) bool {
	if plain {
		return len(line) > 0 && line[0] == '{' && gjson.ValidBytes(line)
	}
	return segment.CheckLine(line)
}

// begin has a reader of lines begin at a place, with the record of a number.
func (r *SegmentReader) begin(at int64, number uint64) {
	r.from.at = at
	r.lines.reset(&r.from, at)
	if r.next, r.line = number, int(number-r.seg.First); !r.numbered {
		r.line = -1
	}
}

// damaged finds out what a line is that is no record, or the end of the file: its end, what is being written, or
// damage.
func (r *SegmentReader) damaged(found bool) {
	d := &Damage{Path: r.seg.Path, From: r.place, Line: r.line + 1, First: r.next, Numbered: r.numbered, Why: errChecksum}
	if r.plain {
		d.Why = errNoRecord
	}
	n, ends := uint64(0), false
	for found {
		n++
		d.To = r.lines.at
		if ends = r.seg.End != 0 && r.next+n >= r.seg.End; ends {
			break
		}
		var line []byte
		at := r.lines.at
		if line, found = r.lines.next(); found && r.good(line) {
			r.behind, r.at = line, at
			break
		}
	}
	switch whole := errors.Is(r.lines.err, io.EOF); {
	case r.behind != nil || ends:
	case !whole && r.packed == nil:
		r.err = fmt.Errorf("cannot read %s: %w", r.seg.Path, r.lines.err)
		return
	case !whole:
		d.To, d.Why = 0, errPacked
		if of, is := errors.AsType[*fs.PathError](r.lines.err); is {
			d.Why = of
		}
	case r.seg.End != 0 && n == 0:
		d.To, d.Why = r.lines.at, errShort
	case r.open() && (n == 0 || !r.plain):
		r.endsForNow(d.From)
		return
	case n == 0 && r.lines.at == d.From:
		return // the end
	case n == 0:
		n, d.To, d.Why = 1, r.lines.at, errNoEnd
	}
	r.passed(int(n))
	if r.next += n; r.seg.End != 0 && r.behind == nil {
		r.next = r.seg.End
	}
	if r.behind != nil {
		r.renumber(d)
	} else {
		r.over = r.packed != nil
	}
	if d.End = r.next; d.To == 0 && r.seg.End == 0 {
		d.End = 0
	}
	r.err = d
}

// open tells whether more may be written to the segment, or a record that was being written may lie behind its last
// one.
func (r *SegmentReader) open() bool { return r.seg.End == 0 && r.packed == nil }

// endsForNow notes that the last record was read, and that of what lies behind nothing can be read yet.
func (r *SegmentReader) endsForNow(at int64) {
	r.torn = segment.Gap{From: at, To: r.lines.at}
	r.size, r.waited = r.lines.at, true
	r.from.at = at
	r.lines.reset(&r.from, at)
}

// endsBefore says that records from a number on are in another segment. False where nothing changes by that.
func (r *SegmentReader) endsBefore(end uint64) bool {
	if end == 0 || r.seg.End != 0 && end >= r.seg.End {
		return false
	}
	r.seg.End, r.size = end, -1
	if d, is := errors.AsType[*Damage](r.err); is && d.First >= end {
		r.next, r.err = d.First, nil
	}
	return r.err == nil
}

// replaced tells whether the segment is another file now.
func (r *SegmentReader) replaced() bool {
	there, err := os.Stat(r.seg.Path)
	if err != nil || r.packed != nil {
		return false // it was packed, or deleted
	}
	own, err := r.file.Stat()
	return err == nil && !os.SameFile(there, own)
}

// shorter tells whether the segment holds less than it did: a write that failed was taken back.
func (r *SegmentReader) shorter() bool {
	own, err := r.file.Stat()
	return err == nil && r.packed == nil && own.Size() < r.lines.at
}
