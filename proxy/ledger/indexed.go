package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/proxy/ledger/index"
	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
	"github.com/tagwarden/tagwarden/proxy/segment"
)

// IndexPath is where the index of a segment lies.
func IndexPath(dir string, first uint64) string {
	return filepath.Join(dir, segment.FileName(first, index.Suffix))
}

// index writes the index of a segment that was sealed. Where it cannot be written, whoever asks the ledger reads more.
func (s *sealing) index(of *Summary, terms *index.Builder, step func(n int) error) {
	if of.Aside > 0 { // its lines do not stand one behind the other
		return
	}
	text, err := encodeIndex(terms, of.Digest, step)
	if err == nil {
		err = s.files.Replace(IndexPath(s.opts.Dir, of.First), text, 0o600)
	}
	if err != nil && !errors.Is(err, index.ErrTooLarge) && !errors.Is(err, ErrClosed) {
		s.opts.Report("the index of a segment cannot be written: who asks the ledger waits longer", err)
	}
}

// encodeIndex is an index of the segment that has a digest, hex.
func encodeIndex(terms *index.Builder, of string, step func(n int) error) ([]byte, error) {
	digest, err := hex.DecodeString(of)
	if err != nil || len(digest) != sha256.Size {
		return nil, ErrSummary
	}
	return terms.Encode([sha256.Size]byte(digest), step)
}

// Sealed is what is known of a sealed segment without reading its lines.
type Sealed struct {
	First, End uint64
	Bytes      int64 // of its lines as they lie there: where some were erased, fewer than were sealed
	Digest     [sha256.Size]byte
	From, To   time.Time
	Aside      bool // lines of it were set aside
	Plain      bool // its lines have no checksums
}

// Of is how an index of the segment names it.
func (s *Sealed) Of() index.Of {
	return index.Of{First: s.First, End: s.End, Bytes: s.Bytes, Digest: s.Digest}
}

// Fits tells whether an index that says what it is of is one of the segment, and what it is of where it is not: the
// error wraps [index.ErrOther], [index.ErrForeign] or [index.ErrBefore].
func (s *Sealed) Fits(dir string, of index.Of) error {
	if of == s.Of() {
		return nil
	}
	if of.First == s.First && of.Digest == s.Digest {
		return index.ErrBefore
	}
	if other, err := ReadSealed(dir, of.First); err == nil && other.Digest == of.Digest {
		return index.ErrOther
	}
	return index.ErrForeign
}

// ReadSealed reads that of the summary and the file, and not what a start must know. The error
// wraps [ErrSummary], or is fs.ErrNotExist.
func ReadSealed(dir string, first uint64) (*Sealed, error) {
	path := filepath.Join(dir, segment.FileName(first, SummarySuffix))
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	head, err := io.ReadAll(io.LimitReader(f, headOfSummary))
	if err != nil {
		return nil, err
	}
	head, _, _ = bytes.Cut(head, []byte(`,"edge":`))
	said := gjson.GetManyBytes(head, "first", "end", "bytes", "digest", "from", "to", "aside", "lines")
	digest, err := hex.DecodeString(said[3].Str)
	if err != nil || len(digest) != sha256.Size || said[0].Uint() != first || said[1].Uint() < first {
		return nil, fmt.Errorf("%s: %w", path, ErrSummary)
	}
	return &Sealed{
		First: first, End: said[1].Uint(), Bytes: bytesOf(dir, first, said[2].Int()), Digest: [sha256.Size]byte(digest),
		From: said[4].Time(), To: said[5].Time(), Aside: said[6].Int() > 0, Plain: said[7].Str == LinesPlain,
	}, nil
}

// bytesOf is how many bytes the lines of a segment have as they lie there, of which so many were sealed. Only what is
// packed in frames is ever written anew.
func bytesOf(dir string, first uint64, sealed int64) int64 {
	f, err := os.Open(packedName(dir, first))
	if err != nil {
		return sealed
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return sealed
	}
	frames, err := ReadFrames(f, info.Size())
	if err != nil || len(frames) == 0 {
		return sealed
	}
	last := frames[len(frames)-1]
	return last.From + last.Length
}

// toldEvery is how many records are read between two words on how far an index is.
const toldEvery = 4096

// MakeIndex reads a sealed segment and writes its index anew, for whoever found none, or one that is of something else.
// Nothing is written where the lines are not those of the summary, or the segment is not the file any more that was
// read. Told is told now and then which record it came to; nil: nobody is.
func MakeIndex(s Segment, disk durable.Disk, told func(number uint64)) error {
	at := s.First
	return makeIndex(s, durable.Files{Disk: disk}, func(int) error {
		if at++; told != nil && at%toldEvery == 0 {
			told(at)
		}
		return nil
	})
}

// makeIndex tells step how many bytes each line has, and ends with its error.
func makeIndex(s Segment, files durable.Files, step func(bytes int) error) error {
	dir := filepath.Dir(s.Path)
	of, err := ReadSealed(dir, s.First)
	if err != nil {
		return err
	}
	if of.Aside {
		return index.ErrTooLarge
	}
	terms, sum := index.NewBuilder(s.First), sha256.New()
	got, err := scanSegment(s, func(line []byte, entry tree.Entry) error {
		sum.Write(entry[:])
		n := len(line) + 1
		if line == nil {
			n = erasedBytes
		}
		terms.Add(line, n)
		return step(n)
	})
	if err != nil {
		return err
	}
	if !bytes.Equal(sum.Sum(nil), of.Digest[:]) || got.bytes != of.Bytes || got.n != of.End-of.First {
		return fmt.Errorf("%s: %w", s.Path, ErrChanged)
	}
	text, err := terms.Encode(of.Digest, step)
	if err != nil {
		return err
	}
	path := IndexPath(dir, s.First)
	if err := files.Replace(path, text, 0o600); err != nil {
		return err
	}
	// Who writes the segment anew takes the index away first: one that came to be meanwhile is of what was there before.
	if now, err := ReadSealed(dir, s.First); err != nil || now.Of() != of.Of() || !there(s.Path) {
		return errors.Join(err, files.Remove(path))
	}
	return nil
}

// there tells whether a segment is there, packed or not.
func there(path string) bool {
	_, err := os.Stat(path)
	if err != nil {
		_, err = os.Stat(path + ".zst")
	}
	return err == nil
}
