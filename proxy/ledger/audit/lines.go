package audit

import (
	"bytes"
	"errors"
	"io"
	"sync"

	"github.com/tagwarden/tagwarden/proxy/ledger"
)

// lines takes the lines off a file, whatever they hold.
type lines struct {
	from       io.Reader
	buf        []byte
	begin, end int
	at         int64 // where begin is in the file
	line       []byte
	place      int64
	whole      bool // the line has an end
	err        error
}

// room is how many bytes are read at once.
const room = 256 << 10

// rooms are buffers that nobody uses.
var rooms = sync.Pool{New: func() any { return make([]byte, room) }}

// reset begins anew.
func (l *lines) reset(from io.Reader) {
	if l.buf == nil {
		l.buf, _ = rooms.Get().([]byte)
	}
	*l = lines{from: from, buf: l.buf}
}

// done gives the room back.
func (l *lines) done() {
	rooms.Put(l.buf) //nolint:staticcheck // an allocation for each file is nothing
	l.buf = nil
}

// next goes on to the next line. One that is longer than any record comes in parts, none of which is one.
func (l *lines) next() bool {
	looked := 0
	for {
		rest := l.buf[l.begin:l.end]
		if n := bytes.IndexByte(rest[looked:], '\n'); n >= 0 {
			l.take(rest[:looked+n], true)
			return true
		}
		looked = len(rest)
		if looked > ledger.MaxRecord || !l.more() {
			if looked == 0 {
				return false
			}
			l.take(rest, false)
			return true
		}
	}
}

// take makes bytes the line.
func (l *lines) take(line []byte, whole bool) {
	l.line, l.place, l.whole = line, l.at, whole
	n := len(line)
	if whole {
		n++
	}
	l.begin += n
	l.at += int64(n)
}

// skip goes on to a place in the file, which lies ahead.
func (l *lines) skip(to int64) {
	for l.at < to {
		n := min(int64(l.end-l.begin), to-l.at)
		l.begin += int(n)
		l.at += n
		if l.at < to && !l.more() {
			return
		}
	}
}

// more reads more. False where there is nothing.
func (l *lines) more() bool {
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
	for {
		n, err := l.from.Read(l.buf[l.end:])
		l.end += n
		if l.err = err; n > 0 || err != nil {
			return n > 0
		}
	}
}

// failed is what reading failed with.
func (l *lines) failed() error {
	if l.err == nil || errors.Is(l.err, io.EOF) {
		return nil
	}
	return l.err
}
