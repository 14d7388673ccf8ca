package wire

import (
	"bytes"

	"github.com/tagwarden/tagwarden/rules/ascii"
)

// Conn follows the bytes of a connection as requests, heads and bodies in turn, beside the parser that makes requests
// of them: it sees what that one skips or forgives. Lines of a head end in CR LF, chunks are as chunks says. What a
// head means [Head] looks at; here only where it ends, and what follows it. The zero value stands before the first
// request.
type Conn struct {
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

// Feed reads on, and returns how many bytes are fine; [ErrFraming] where what follows them is not.
func (c *Conn) Feed(b []byte) (n int, err error) {
	for n < len(b) {
		var took int
		switch {
		case !c.inBody:
			took, err = c.head(b[n:])
		case c.chunked:
			var over bool
			if took, over, err = c.chunks.feed(b[n:]); over {
				*c = Conn{}
			}
		default:
			took = int(min(uint64(len(b)-n), c.left))
			if c.left -= uint64(took); c.left == 0 {
				*c = Conn{}
			}
		}
		if n += took; err != nil {
			return n, err
		}
	}
	return n, nil
}

// head reads on in a head, at most to the end of a line.
func (c *Conn) head(b []byte) (n int, err error) {
	end := bytes.IndexByte(b, '\n')
	if end < 0 {
		c.hold(b)
		return len(b), nil
	}
	line := b[:end]
	if c.held > 0 {
		c.hold(line)
		line = c.line[:min(c.held, len(c.line))]
	} else {
		c.cr = end > 0 && b[end-1] == '\r'
	}
	long := max(c.held, len(line)) > longestFraming
	if !c.cr {
		return end, ErrFraming // a bare LF
	}
	c.held = 0
	if !long {
		line = line[:len(line)-1]
	}
	if !c.field(line, long) {
		return end, ErrFraming
	}
	return end + 1, nil
}

// hold keeps the beginning of a line whose end is still to come.
func (c *Conn) hold(b []byte) {
	if len(b) == 0 {
		return
	}
	if c.held < len(c.line) {
		copy(c.line[c.held:], b)
	}
	c.held += len(b)
	c.cr = b[len(b)-1] == '\r'
}

// field takes a line of the head, long where it is only the beginning of one. It tells whether the line has one
// reading.
func (c *Conn) field(line []byte, long bool) bool {
	switch {
	case len(line) == 0 && !c.begun: // before a request (RFC 9112, section 2.2)
		return true
	case len(line) == 0:
		if c.chunked && c.lengthed {
			return false
		}
		if c.inBody = c.chunked || c.left > 0; !c.inBody {
			*c = Conn{}
		}
		return true
	case !c.begun:
		c.begun = true
		return true
	}
	name, value, _ := bytes.Cut(line, []byte{':'})
	switch {
	case ascii.EqualFold(name, "Transfer-Encoding"):
		c.chunked = true
		return !long
	case ascii.EqualFold(name, "Content-Length"):
		if c.lengthed || long {
			return false
		}
		c.lengthed = true
		return c.length(ascii.TrimBlank(value))
	}
	return true
}

// length reads the length of a body.
func (c *Conn) length(value []byte) bool {
	for _, digit := range value {
		if digit < '0' || digit > '9' || c.left > 1<<40 {
			return false
		}
		c.left = c.left*10 + uint64(digit-'0')
	}
	return len(value) > 0
}
