package proxy

import (
	"bytes"

	"github.com/tagwarden/tagwarden/rules/hit"
)

// wire follows the bytes of a connection as requests, heads and bodies in turn, beside the parser that makes requests of them: it sees
// what that one skips or forgives. Lines of a head end in CR LF, chunks are as chunks says. What a head means receive looks at; here only
// where it ends, and what follows it. The zero value stands before the first request.
type wire struct {
	begun    bool // the request line has been read
	chunked  bool // the head names an encoding
	lengthed bool // the head names a length
	inBody   bool
	left     uint64 // of a body with a length
	chunks   chunks
	line     [longestFraming]byte // the beginning of a line that came in pieces
	held     int                  // bytes in line; more than it has room for: it was longer
	cr       bool                 // the last byte of a line so far is CR
}

// longestFraming is how long a line that says how a body is framed may be.
const longestFraming = 64

// feed reads on, and returns how many bytes are fine; an error where what follows them is not.
func (w *wire) feed(b []byte) (n int, err error) {
	for n < len(b) {
		var took int
		switch {
		case !w.inBody:
			took, err = w.head(b[n:])
		case w.chunked:
			var over bool
			if took, over, err = w.chunks.feed(b[n:]); over {
				*w = wire{}
			}
		default:
			took = int(min(uint64(len(b)-n), w.left))
			if w.left -= uint64(took); w.left == 0 {
				*w = wire{}
			}
		}
		if n += took; err != nil {
			return n, err
		}
	}
	return n, nil
}

// head reads on in a head, at most to the end of a line.
func (w *wire) head(b []byte) (n int, err error) {
	end := bytes.IndexByte(b, '\n')
	if end < 0 {
		w.hold(b)
		return len(b), nil
	}
	line := b[:end]
	if w.held > 0 {
		w.hold(line)
		line = w.line[:min(w.held, len(w.line))]
	} else {
		w.cr = end > 0 && b[end-1] == '\r'
	}
	long := max(w.held, len(line)) > longestFraming
	if !w.cr {
		return end, errFraming // a bare LF
	}
	w.held = 0
	if !long {
		line = line[:len(line)-1]
	}
	if !w.field(line, long) {
		return end, errFraming
	}
	return end + 1, nil
}

// hold keeps the beginning of a line whose end is still to come.
func (w *wire) hold(b []byte) {
	if len(b) == 0 {
		return
	}
	if w.held < len(w.line) {
		copy(w.line[w.held:], b)
	}
	w.held += len(b)
	w.cr = b[len(b)-1] == '\r'
}

// field takes a line of the head, long where it is only the beginning of one. It tells whether the line has one reading.
func (w *wire) field(line []byte, long bool) bool {
	switch {
	case len(line) == 0 && !w.begun: // before a request (RFC 9112, section 2.2)
		return true
	case len(line) == 0:
		if w.chunked && w.lengthed {
			return false
		}
		if w.inBody = w.chunked || w.left > 0; !w.inBody {
			*w = wire{}
		}
		return true
	case !w.begun:
		w.begun = true
		return true
	}
	name, value, _ := bytes.Cut(line, []byte{':'})
	switch {
	case hit.EqualFold(name, "Transfer-Encoding"):
		w.chunked = true
		return !long
	case hit.EqualFold(name, "Content-Length"):
		if w.lengthed || long {
			return false
		}
		w.lengthed = true
		return w.length(bytes.Trim(value, " \t"))
	}
	return true
}

// length reads the length of a body.
func (w *wire) length(value []byte) bool {
	for _, c := range value {
		if c < '0' || c > '9' || w.left > 1<<40 {
			return false
		}
		w.left = w.left*10 + uint64(c-'0')
	}
	return len(value) > 0
}
