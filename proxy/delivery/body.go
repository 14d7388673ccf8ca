package delivery

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"slices"

	"github.com/tagwarden/tagwarden/rules/ascii"
)

var (
	errTooLarge = errors.New("the answer is longer than it may be")
	errSpent    = errors.New("the answer takes more bytes than one may")
)

// body is an answer's on its way in: what was read, and how much more may come.
type body struct {
	in    *bufio.Reader
	text  []byte
	limit int // bytes that text may have
	room  int // bytes left for what is no body: sizes and extensions of chunks, trailers
}

// read takes in the body that a head speaks of. Ends says that the other side ends it by closing the connection.
func (b *body) read(h *answerHead) (ends bool, err error) {
	switch {
	case h.chunked:
		return false, b.chunks()
	case h.length > b.limit:
		return false, errTooLarge
	case h.length >= 0:
		return false, b.take(h.length)
	default:
		return true, b.rest()
	}
}

// chunks reads chunks and the trailer behind them (RFC 9112, section 7.1).
func (b *body) chunks() error {
	for {
		line, err := b.line()
		if err != nil {
			return err
		}
		size, ok := chunkSize(line)
		switch {
		case !ok:
			return errAnswer
		case size == 0:
			return b.trailer()
		case size > b.limit-len(b.text):
			return errTooLarge
		}
		if err := b.take(size); err != nil {
			return err
		}
		if line, err = b.line(); err != nil {
			return err
		}
		if len(line) > 0 {
			return errAnswer
		}
	}
}

// chunkSize reads a chunk's first line: hexadecimal digits, and an extension right behind them. A
// space in between is read in two ways.
func chunkSize(line []byte) (int, bool) {
	digits, _, _ := bytes.Cut(line, []byte{';'})
	if len(digits) == 0 || len(digits) > 12 {
		return 0, false
	}
	size := 0
	for _, c := range digits {
		digit := ascii.Hex(c)
		if digit > 15 {
			return 0, false
		}
		size = 16*size + int(digit)
	}
	return size, true
}

// trailer reads the fields behind the chunks, and the empty line. Nothing of them is kept.
func (b *body) trailer() error {
	for {
		line, err := b.line()
		if err != nil || len(line) == 0 {
			return err
		}
		if _, _, ok := fieldLine(line); !ok {
			return errAnswer
		}
	}
}

// line reads a line that is no body, without its end.
func (b *body) line() ([]byte, error) {
	line, err := b.in.ReadSlice('\n')
	if b.room -= len(line); b.room < 0 {
		return nil, errSpent
	}
	if err != nil {
		return nil, unexpected(err)
	}
	line, found := bytes.CutSuffix(line, []byte("\r\n"))
	if !found || !plain(line) {
		return nil, errAnswer
	}
	return line, nil
}

// take reads n bytes. Room for them is made as they come: what is announced is not what is sent.
func (b *body) take(n int) error {
	for n > 0 {
		step := min(n, 16<<10)
		at := len(b.text)
		b.text = slices.Grow(b.text, step)[:at+step]
		got, err := io.ReadFull(b.in, b.text[at:])
		b.text = b.text[:at+got]
		if err != nil {
			return unexpected(err)
		}
		n -= step
	}
	return nil
}

// rest reads to the connection's end.
func (b *body) rest() error {
	for {
		at := len(b.text)
		b.text = slices.Grow(b.text, 4<<10)
		got, err := b.in.Read(b.text[at:cap(b.text)])
		b.text = b.text[:at+got]
		switch {
		case len(b.text) > b.limit:
			return errTooLarge
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
}

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
