package ledger

import (
	"bytes"
	"fmt"
	"io"
)

// backBlock is how many bytes are read at once, backwards, until a line is longer.
const backBlock = 64 << 10

// backward takes lines off the end of a file.
type backward struct {
	file io.ReaderAt
	from int64  // where buf begins in the file
	buf  []byte // what lies before the lines that were taken, as far as it was read
	read int64  // bytes, of all
}

// newBackward begins at the end of a file of a size: with the last line that has an end.
func newBackward(file io.ReaderAt, size int64) (*backward, error) {
	b := &backward{file: file, from: size}
	for {
		if n := bytes.LastIndexByte(b.buf, '\n'); n >= 0 || b.from == 0 {
			b.buf = b.buf[:n+1]
			return b, nil
		}
		b.buf = b.buf[:0]
		if err := b.more(backBlock); err != nil {
			return nil, err
		}
	}
}

// at is where in the file the line begins that was taken last; at first, where the last line ends.
func (b *backward) at() int64 { return b.from + int64(len(b.buf)) }

// prev takes the line before, without its end. It holds until the next call. A line that is too long is nil. False
// where there is none.
func (b *backward) prev() (line []byte, found bool, err error) {
	if b.at() == 0 {
		return nil, false, nil
	}
	size, looked, long := int64(backBlock), 0, false
	for {
		rest := b.buf[:max(len(b.buf)-1, 0)] // without the line's own end
		if looked == 0 && long {
			rest = b.buf
		}
		n := bytes.LastIndexByte(rest[:len(rest)-looked], '\n')
		if n >= 0 || b.from == 0 {
			line = rest[n+1:]
			if b.buf = b.buf[:n+1]; long || len(line) >= MaxRecord {
				line = nil
			}
			return line, true, nil
		}
		if looked = len(rest); looked >= MaxRecord {
			b.buf, looked, long = b.buf[:0], 0, true
		}
		if err := b.more(size); err != nil {
			return nil, false, err
		}
		size = min(2*size, MaxRecord)
	}
}

// more reads what lies before.
func (b *backward) more(size int64) error {
	size = min(size, b.from)
	buf := make([]byte, size, size+int64(len(b.buf)))
	if n, err := b.file.ReadAt(buf, b.from-size); int64(n) < size {
		return fmt.Errorf("the segment became shorter while it was read: %w", err)
	}
	b.buf = append(buf, b.buf...)
	b.from -= size
	b.read += size
	return nil
}
