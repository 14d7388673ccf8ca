package ledger

import (
	"bufio"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/tagwarden/tagwarden/proxy/ledger/index"
	"github.com/tagwarden/tagwarden/proxy/segment"
)

// packing is the end of the name of a file that is being packed.
const packing = ".packing"

// pack compresses the oldest sealed segment that is not. It tells whether there was one.
func (s *sealing) pack() (bool, error) {
	if err := s.takeFiles(); err != nil {
		return false, err
	}
	defer s.giveFiles()
	files, err := numbered(s.opts.Dir)
	if err != nil {
		return false, err
	}
	for _, f := range files {
		if f.First >= s.sealedEnd() {
			break
		}
		if !f.Packed {
			return true, s.packOne(f)
		}
	}
	return false, nil
}

// packOne writes a segment's lines compressed beside it, reads them back, and takes the segment away. Wherever it ends,
// one of the two is whole: both lying there, the lines count.
func (s *sealing) packOne(f Segment) error {
	of, _, err := ReadSummary(s.opts.Dir, f.First)
	if err != nil {
		return err
	}
	to := strings.TrimSuffix(f.Path, OpenSuffix) + PackedSuffix
	beside := to + packing
	if err := s.files.Remove(beside); err != nil {
		return err
	}
	if err := s.compress(f.Path, beside, of.Bytes); err != nil {
		return fmt.Errorf("a segment of the ledger cannot be compressed: %w", errors.Join(err, s.files.Remove(beside)))
	}
	if err := s.files.Rename(beside, to); err != nil {
		return err
	}
	return s.files.Remove(f.Path)
}

// castagnoli is CRC32C. What is compared by it was read from the same file a moment before: nobody is to be kept out.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// compress writes the first bytes of a file compressed to another one, brings that to disk, and reads it back.
func (s *sealing) compress(from, to string, size int64) error {
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	out, err := s.files.Begin(to, 0o600)
	if err != nil {
		return err
	}
	sum := crc32.New(castagnoli)
	n, err := packFrames(out, &stepping{io.TeeReader(io.LimitReader(f, size), sum), s.steps()})
	if err = errors.Join(err, out.Sync(), out.Close()); err != nil {
		return err
	}
	if n != size {
		return fmt.Errorf("%s: %w", filepath.Base(from), io.ErrUnexpectedEOF)
	}
	return s.readBack(to, size, sum)
}

// ErrReadBack says that what was compressed is not what was to be.
var ErrReadBack = errors.New("what was compressed reads back as something else")

// packFrames writes lines in frames that can be read by themselves, and their table. It counts the bytes of the lines.
// A frame ends where a block of an index does, so that who looks for one unpacks no other.
func packFrames(to io.Writer, from io.Reader) (n int64, err error) {
	// A frame of a block and the rest of a line is one block of zstd, which needs no history.
	z, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(2*index.BlockSize),
		zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithSingleSegment(true))
	if err != nil {
		return 0, err
	}
	lines := bufio.NewReaderSize(from, index.BlockSize)
	var text, packed []byte
	var frames []Frame
	at := int64(0)
	for over := false; !over; {
		text = slices.Grow(text[:0], index.BlockSize)[:index.BlockSize]
		read, err := io.ReadFull(lines, text)
		if text = text[:read]; err == nil && text[read-1] != '\n' {
			var rest []byte
			rest, err = lines.ReadBytes('\n')
			text = append(text, rest...)
		}
		if over = errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF); err != nil && !over {
			return n, err
		}
		if len(text) == 0 {
			break
		}
		packed = z.EncodeAll(text, packed[:0])
		if _, err := to.Write(packed); err != nil {
			return n, err
		}
		frames = append(frames, Frame{at, int64(len(packed)), n, int64(len(text))})
		at, n = at+int64(len(packed)), n+int64(len(text))
	}
	_, err = to.Write(appendTable(packed[:0], frames))
	return n, err
}

// readBack tells whether a compressed file holds what it is to hold.
func (s *sealing) readBack(path string, size int64, want hash.Hash32) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	z, err := decoder(f)
	if err != nil {
		return err
	}
	defer z.Close()
	got := crc32.New(castagnoli)
	n, err := io.Copy(got, &stepping{z, s.steps()})
	if err == nil && (n != size || got.Sum32() != want.Sum32()) {
		err = ErrReadBack
	}
	return err
}

// stepping reads in steps.
type stepping struct {
	from io.Reader
	step func(n int) error
}

// Read reads, and rests where a step is done.
func (s *stepping) Read(b []byte) (int, error) {
	n, err := s.from.Read(b)
	if err == nil {
		err = s.step(n)
	}
	return n, err
}

// leftovers takes away what a process that died left: what it packed of a segment that lies there
// still, and what did not have its name yet.
func (s *sealing) leftovers() error {
	entries, err := os.ReadDir(s.opts.Dir)
	if err != nil {
		return err
	}
	there := map[string]bool{}
	for _, e := range entries {
		there[e.Name()] = true
	}
	for name := range there {
		plain, isPacked := strings.CutSuffix(name, ".zst")
		unnamed := strings.HasSuffix(name, packing) || strings.HasSuffix(name, segment.BesideSuffix) ||
			strings.HasPrefix(name, ".") && strings.HasSuffix(name, ".new")
		if unnamed || isPacked && there[plain] {
			err := s.files.Remove(filepath.Join(s.opts.Dir, name))
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}

// packedName is the path of a segment's compressed lines.
func packedName(dir string, first uint64) string {
	return filepath.Join(dir, segment.FileName(first, PackedSuffix))
}
