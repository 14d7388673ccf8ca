package ledger

import (
	"bytes"
	"io"
)

// MaxRecord is the longest record that is read, in bytes, with its line's end.
const MaxRecord = 1 << 20

// firstBuffer is how many bytes are read at once, until a line is longer.
const firstBuffer = 128 << 10

// lineReader takes lines off what it reads.
type lineReader struct {
	from       io.Reader
	buf        []byte
	begin, end int   // what was read and not taken yet
	at         int64 // where that begins, in bytes
	err        error // reading has ended: io.EOF, or what it failed with
}

// reset begins anew, with something else.
func (l *lineReader) reset(from io.Reader, at int64) {
	if l.buf == nil {
		l.buf = make([]byte, firstBuffer)
	}
	*l = lineReader{from: from, buf: l.buf, at: at}
}

// next takes the next line, without its end. It holds until the next call. A line that is too long is nil: it is
// passed over, and not held. False where there is no line any more: what was passed then has no end.
func (l *lineReader) next() (line []byte, found bool) {
	looked, long := 0, false
	for {
		rest := l.buf[l.begin:l.end]
		if n := bytes.IndexByte(rest[looked:], '\n'); n >= 0 {
			l.take(looked + n + 1)
			if long || looked+n >= MaxRecord {
				return nil, true
			}
			return rest[:looked+n], true
		}
		if looked = len(rest); looked >= MaxRecord {
			l.take(looked)
			looked, long = 0, true
		}
		if !l.more() {
			l.take(l.end - l.begin)
			return nil, false
		}
	}
}

// take goes on by so many bytes.
func (l *lineReader) take(n int) {
	l.begin += n
	l.at += int64(n)
}

// more reads more. False where there is nothing.
func (l *lineReader) more() bool {
	if l.err != nil {
		return false
	}
	if l.begin > 0 {
		l.end = copy(l.buf, l.buf[l.begin:l.end])
		l.begin = 0
	}
	if l.end == len(l.buf) {
		l.buf = append(l.buf, make([]byte, len(l.buf))...)
	}
	for range mostEmpty {
		n, err := l.from.Read(l.buf[l.end:])
		l.end += n
		if l.err = err; n > 0 || err != nil {
			return n > 0
		}
	}
	l.err = io.ErrNoProgress
	return false
}

// mostEmpty is how often a reader may give nothing, and no error, before it counts as broken.
const mostEmpty = 100
