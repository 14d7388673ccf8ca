package wire

import (
	"errors"

	"github.com/tagwarden/tagwarden/rules/ascii"
)

// ErrFraming ends a connection whose bytes can be read as messages in more ways than one.
var ErrFraming = errors.New("where the message ends can be read in more ways than one")

// chunks follows a chunked body (RFC 9112, section 7.1) byte by byte and takes one reading of it alone: sizes of at
// most eight hexadecimal digits, with nothing around them; extensions that are tokens; CR LF after every line and every
// chunk; no trailer. Parsers differ on all the rest: spaces behind a size, quoted extensions with line ends in them, a
// bare LF, fields behind the body that change what stood before it. No SDK sends any of that. The zero value stands
// before a body.
type chunks struct {
	at     chunkState
	digits uint8  // of the size so far
	left   uint64 // of the chunk; its size, while that is read
}

type chunkState uint8

const (
	inSize chunkState = iota
	beforeName
	inName // of an extension
	beforeValue
	inValue // of an extension
	endOfSize
	inChunk
	afterChunk
	endOfChunk
	beforeEnd // behind the last chunk
	endOfBody
)

// maxSizeDigits is how long a size may be: 64 MiB, the most that a body may have, takes seven digits.
const maxSizeDigits = 8

// feed reads on. It returns how many bytes belong to the body, and whether it is over; an error where it has no single
// reading, behind the bytes that were fine.
func (c *chunks) feed(b []byte) (n int, over bool, err error) {
	for n < len(b) {
		if c.at == inChunk {
			took := min(uint64(len(b)-n), c.left)
			n += int(took)
			if c.left -= took; c.left == 0 {
				c.at = afterChunk
			}
			continue
		}
		next, ok := c.step(b[n])
		if !ok {
			return n, false, ErrFraming
		}
		n++
		if c.at == endOfBody {
			*c = chunks{}
			return n, true, nil
		}
		c.at = next
	}
	return n, false, nil
}

// step takes a byte that is none of a chunk's data, and tells what comes next.
func (c *chunks) step(b byte) (next chunkState, ok bool) {
	switch c.at {
	case inSize:
		if digit := ascii.Hex(b); digit < 16 {
			c.digits++
			c.left = c.left<<4 | uint64(digit)
			return inSize, c.digits <= maxSizeDigits
		}
		if b == ';' {
			return beforeName, c.digits > 0
		}
		return endOfSize, b == '\r' && c.digits > 0
	case beforeName:
		return inName, ascii.IsToken(b)
	case inName:
		switch b {
		case '=':
			return beforeValue, true
		case ';':
			return beforeName, true
		case '\r':
			return endOfSize, true
		}
		return inName, ascii.IsToken(b)
	case beforeValue:
		return inValue, ascii.IsToken(b)
	case inValue:
		switch b {
		case ';':
			return beforeName, true
		case '\r':
			return endOfSize, true
		}
		return inValue, ascii.IsToken(b)
	case endOfSize:
		c.digits = 0
		if c.left == 0 {
			return beforeEnd, b == '\n'
		}
		return inChunk, b == '\n'
	case afterChunk:
		return endOfChunk, b == '\r'
	case endOfChunk:
		return inSize, b == '\n'
	case beforeEnd:
		return endOfBody, b == '\r'
	default: // endOfBody
		return inSize, b == '\n'
	}
}
