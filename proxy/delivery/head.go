package delivery

import (
	"bufio"
	"bytes"
	"errors"

	"github.com/tagwarden/tagwarden/rules/ascii"
)

// errAnswer says that an answer is none, or can be read in more ways than one (RFC 9112, sections 2.2, 4, 5 and 6):
// where it ends is then nobody's guess.
var errAnswer = errors.New("the answer is none, or can be read in more ways than one")

// answerHead is what is read from the head of an answer. Its texts lie in the reader's buffer.
type answerHead struct {
	status  int // three digits: 0 to 999
	last    bool
	length  int // -1 where none is given
	chunked bool
	coded   bool // the body is packed
	kind    []byte
	retry   []byte
}

// mayHold tells whether an answer of that status has a body (RFC 9112, section 6.3).
func (h *answerHead) mayHold() bool { return h.status >= 200 && h.status != 204 && h.status != 304 }

// announces tells whether the head speaks of a body.
func (h *answerHead) announces() bool { return h.chunked || h.length > 0 }

var (
	headEnd   = []byte("\r\n\r\n")
	headBegin = []byte("HTTP/1.")
)

// peekHead waits for a whole head, and returns it with the empty line at its end. Nothing is taken from the reader. A
// head that its buffer cannot hold is an error.
func peekHead(r *bufio.Reader) ([]byte, error) {
	for searched := 0; ; {
		b, _ := r.Peek(r.Buffered())
		if n := min(len(b), len(headBegin)); !bytes.Equal(b[:n], headBegin[:n]) {
			return nil, errAnswer
		}
		from := max(0, searched-len(headEnd)+1)
		if i := bytes.Index(b[from:], headEnd); i >= 0 {
			return b[:from+i+len(headEnd)], nil
		}
		searched = len(b)
		if _, err := r.Peek(len(b) + 1); err != nil {
			return nil, err
		}
	}
}

// parseHead reads a head as peekHead returns it.
func parseHead(b []byte) (answerHead, error) {
	h := answerHead{length: -1}
	first, rest, _ := bytes.Cut(b, []byte("\r\n"))
	if !h.statusLine(first) {
		return h, errAnswer
	}
	var lengths, encodings int
	for len(rest) > 2 {
		var line []byte
		line, rest, _ = bytes.Cut(rest, []byte("\r\n"))
		name, value, ok := fieldLine(line)
		if !ok {
			return h, errAnswer
		}
		switch {
		case ascii.EqualFold(name, "Content-Length"):
			lengths++
			if h.length, ok = decimal(value); !ok {
				return h, errAnswer
			}
		case ascii.EqualFold(name, "Transfer-Encoding"):
			encodings++
			if h.chunked = ascii.EqualFold(value, "chunked"); !h.chunked || b[7] == '0' {
				return h, errAnswer
			}
		case ascii.EqualFold(name, "Content-Encoding"):
			h.coded = h.coded || len(value) > 0 && !ascii.EqualFold(value, "identity")
		case ascii.EqualFold(name, "Connection"):
			h.last = h.last || lists(value, "close")
		case ascii.EqualFold(name, "Content-Type"):
			h.kind = value
		case ascii.EqualFold(name, "Retry-After"):
			h.retry = value
		}
	}
	if lengths+encodings > 1 {
		return h, errAnswer
	}
	return h, nil
}

// statusLine reads "HTTP/1.1 200 OK". The reason may be missing, with the space before it.
func (h *answerHead) statusLine(line []byte) bool {
	if len(line) < len("HTTP/1.1 200") || line[7] != '1' && line[7] != '0' || line[8] != ' ' || len(line) > 12 &&
		line[12] != ' ' || !plain(line) {
		return false
	}
	for _, c := range line[9:12] {
		if !ascii.IsDigit(c) {
			return false
		}
		h.status = 10*h.status + int(c-'0')
	}
	h.last = line[7] == '0'
	return true
}

// fieldLine takes a line of a head or a trailer apart. Its name is a token with nothing between it and the
// colon, and the line continues no other.
func fieldLine(line []byte) (name, value []byte, ok bool) {
	name, value, found := bytes.Cut(line, []byte{':'})
	if !found || len(name) == 0 || !plain(value) {
		return nil, nil, false
	}
	for _, c := range name {
		if !ascii.IsToken(c) {
			return nil, nil, false
		}
	}
	return name, bytes.Trim(value, " \t"), true
}

// plain tells whether a text has no control bytes but tabs.
func plain(text []byte) bool {
	for _, c := range text {
		if c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}

// decimal reads a length: digits alone, and not more of them than any length needs.
func decimal(text []byte) (int, bool) {
	if len(text) == 0 || len(text) > 15 {
		return 0, false
	}
	n := 0
	for _, c := range text {
		if !ascii.IsDigit(c) {
			return 0, false
		}
		n = 10*n + int(c-'0')
	}
	return n, true
}

// lists tells whether a list of tokens holds one.
func lists(list []byte, token string) bool {
	for len(list) > 0 {
		var one []byte
		one, list, _ = bytes.Cut(list, []byte{','})
		if ascii.EqualFold(bytes.Trim(one, " \t"), token) {
			return true
		}
	}
	return false
}
