package ledger

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/klauspost/compress/zstd"
)

// A packed segment is frames of zstd (RFC 8878), each of some whole lines, and behind them a table of the frames in a
// frame that unpacking skips: the seekable format of zstd, version 0.1.0. One that an earlier version
// packed is a single frame without a table.

// Frame is one of a packed segment's frames.
type Frame struct {
	At, Size     int64 // where in the file it begins, and how long it is, in bytes
	From, Length int64 // where in the lines, unpacked, it begins, and how long it is there
}

// The table: how it is begun, what it holds for each frame, how it ends.
const (
	tableMagic   = 0x184D2A5E
	tableHead    = 8
	tableEntry   = 8
	tableFoot    = 9
	tableEnd     = 0x8F92EAB1
	mostFrames   = 1 << 20
	longestFrame = 4 * MaxRecord * 16 // of a frame, unpacked
)

// ErrNoTable says that a packed segment is not in frames that can be read by themselves.
var ErrNoTable = errors.New("the segment is packed as a whole")

// appendTable appends the table of frames.
func appendTable(dst []byte, frames []Frame) []byte {
	le := binary.LittleEndian
	dst = le.AppendUint32(dst, tableMagic)
	dst = le.AppendUint32(dst, uint32(len(frames)*tableEntry+tableFoot))
	for i := range frames {
		dst = le.AppendUint32(le.AppendUint32(dst, uint32(frames[i].Size)), uint32(frames[i].Length))
	}
	dst = le.AppendUint32(dst, uint32(len(frames)))
	return le.AppendUint32(append(dst, 0), tableEnd)
}

// ReadFrames reads the table of a packed segment of so many bytes. The frames and the table are all of the file. The
// error wraps [ErrNoTable] where it has none, or one that is none.
func ReadFrames(from io.ReaderAt, size int64) ([]Frame, error) {
	le := binary.LittleEndian
	var foot [tableFoot]byte
	if size < tableHead+tableFoot {
		return nil, ErrNoTable
	}
	if _, err := from.ReadAt(foot[:], size-tableFoot); err != nil {
		return nil, err
	}
	n := int64(le.Uint32(foot[:]))
	length := tableHead + n*tableEntry + tableFoot
	if le.Uint32(foot[5:]) != tableEnd || foot[4] != 0 || n > mostFrames || length > size {
		return nil, ErrNoTable
	}
	table := make([]byte, length-tableFoot)
	if _, err := from.ReadAt(table, size-length); err != nil {
		return nil, err
	}
	if le.Uint32(table) != tableMagic || int64(le.Uint32(table[4:])) != length-tableHead {
		return nil, ErrNoTable
	}
	frames := make([]Frame, n)
	var at, place int64
	for i := range frames {
		entry := table[tableHead+i*tableEntry:]
		frames[i] = Frame{at, int64(le.Uint32(entry)), place, int64(le.Uint32(entry[4:]))}
		at, place = at+frames[i].Size, place+frames[i].Length
	}
	if at != size-length {
		return nil, fmt.Errorf("%w: its table is of another file", ErrNoTable)
	}
	return frames, nil
}

// Blocks reads lines of a sealed segment by where they begin. One goroutine uses it.
type Blocks struct {
	file   *os.File
	frames []Frame // of a packed one
	packed bool
	zstd   *zstd.Decoder
	in     []byte
	text   []byte
}

// Blocks opens a segment to read some of its lines. The error wraps [ErrNoTable] where it has to be read from its
// beginning, and fs.ErrNotExist where it is gone.
func (s Segment) Blocks() (*Blocks, error) {
	r, err := s.open(true) // it may have been packed meanwhile
	if err != nil {
		return nil, err
	}
	b := &Blocks{file: r.file, packed: r.packed != nil}
	if !b.packed {
		return b, nil
	}
	r.packed.Close()
	info, err := b.file.Stat()
	if err == nil {
		b.frames, err = ReadFrames(b.file, info.Size())
	}
	if err == nil {
		b.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(mostWindow),
			zstd.WithDecoderMaxMemory(longestFrame))
	}
	if err != nil {
		return nil, errors.Join(err, b.file.Close())
	}
	return b, nil
}

// Close closes the file.
func (b *Blocks) Close() error {
	if b.zstd != nil {
		b.zstd.Close()
	}
	return b.file.Close()
}

// Lines are the lines between two places, unpacked, in bytes. They hold until the next call.
func (b *Blocks) Lines(from, to int64) ([]byte, error) {
	if from < 0 || to < from || to-from > longestFrame {
		return nil, fmt.Errorf("cannot read lines from byte %d to %d", from, to)
	}
	if !b.packed {
		b.text = slices.Grow(b.text[:0], int(to-from))[:to-from]
		_, err := b.file.ReadAt(b.text, from)
		return b.text, err
	}
	first, found := slices.BinarySearchFunc(b.frames, from, func(f Frame, at int64) int {
		switch {
		case f.From+f.Length <= at:
			return -1
		case f.From > at:
			return 1
		}
		return 0
	})
	b.text = b.text[:0]
	for i := first; found && i < len(b.frames) && b.frames[i].From < to; i++ {
		f := &b.frames[i]
		before := len(b.text)
		b.in = slices.Grow(b.in[:0], int(f.Size))[:f.Size]
		if _, err := b.file.ReadAt(b.in, f.At); err != nil {
			return nil, err
		}
		var err error
		if b.text, err = b.zstd.DecodeAll(b.in, b.text); err != nil {
			return nil, err
		}
		if int64(len(b.text)-before) != f.Length {
			return nil, fmt.Errorf("%w: its table is of another file", ErrNoTable)
		}
	}
	skip := int64(0)
	if found {
		skip = from - b.frames[first].From
	}
	if skip+to-from > int64(len(b.text)) {
		return nil, io.ErrUnexpectedEOF
	}
	return b.text[skip:][:to-from], nil
}
