package delivery

import (
	"bufio"
	"bytes"
	"errors"
	"slices"

	"github.com/valyala/fasthttp"
)

const (
	relayed  = 64 << 10 // bytes of the body of a refusal that are read
	overhead = 32 << 10 // bytes of an answer that are no body: heads, sizes and extensions of chunks, trailers
	interim  = 8        // answers before the answer (RFC 9110, section 15.2)
)

// errCoded says that a body is packed in a way that nobody asked for: it would be handed on unread.
var errCoded = errors.New("the answer is packed, and nobody asked for that")

// reply is an answer as it was read.
type reply struct {
	status int
	again  bool // the connection may be used again
	whole  bool // the body is there, and may be handed on
}

// readAnswer reads the answer to an event: of its head status, content type and Retry-After, and its body. Once
// the head is read, a refusal is one whatever its body is like; a body that cannot be read is an error where the
// vendor says that it took what it was sent.
func readAnswer(in *bufio.Reader, answer *fasthttp.Response, e *Event, limit int) (reply, error) {
	h, room, err := finalHead(in, answer)
	if err != nil {
		return reply{}, err
	}
	r := reply{status: h.status, again: !h.last && h.status >= 200 && h.status <= 599}
	if !h.mayHold() || h.status > 599 {
		r.again = r.again && !h.announces()
		return r, nil
	}
	taken, wanted := h.status < 300, slices.Contains(e.Relay, h.status)
	switch {
	case h.coded && taken:
		return r, errCoded
	case taken:
	case h.coded, !wanted && h.length < 0 && !h.chunked: // there is nothing to read for, or behind it
		r.again = false
		return r, nil
	default:
		limit = relayed
	}
	b := body{in: in, text: answer.SwapBody(nil)[:0], limit: limit, room: room}
	ends, err := b.read(&h)
	r.again = r.again && !ends && err == nil
	r.whole = err == nil && (taken || wanted)
	if !r.whole {
		b.text = b.text[:0]
	}
	answer.SwapBody(b.text)
	if taken {
		return r, err
	}
	return r, nil
}

// readBare reads an answer that has no body, where all of it came at once and nothing else: "204 No Content". It tells
// whether it did; otherwise nothing is taken from what came, and readAnswer reads it.
func readBare(conn *checkedConn, answer *fasthttp.Response) (reply, bool) {
	text := conn.came
	if !bytes.HasPrefix(text, headBegin) || bytes.Index(text, headEnd) != len(text)-len(headEnd) {
		return reply{}, false
	}
	h, err := parseHead(text)
	if err != nil || h.status < 200 || h.mayHold() || h.announces() {
		return reply{}, false
	}
	conn.came = nil
	h.tell(answer)
	return reply{status: h.status, again: !h.last}, true
}

// tell puts into an answer what is told of its head.
func (h *answerHead) tell(answer *fasthttp.Response) {
	answer.SetStatusCode(h.status)
	answer.Header.SetContentTypeBytes(h.kind)
	if len(h.retry) > 0 {
		answer.Header.SetBytesV(fasthttp.HeaderRetryAfter, h.retry)
	}
}

// finalHead reads the head of an answer and those of what comes before it. Room is what is
// left for other bytes that are no body.
func finalHead(in *bufio.Reader, answer *fasthttp.Response) (h answerHead, room int, err error) {
	room = overhead
	for range interim + 1 {
		text, err := peekHead(in)
		if err != nil {
			return h, room, unexpected(err)
		}
		if h, err = parseHead(text); err != nil {
			return h, room, err
		}
		room -= len(text)
		if early := h.status >= 100 && h.status < 200 && h.status != fasthttp.StatusSwitchingProtocols; !early {
			h.tell(answer)
			_, err = in.Discard(len(text))
			return h, room, err
		}
		if _, err = in.Discard(len(text)); err != nil {
			return h, room, err
		}
		if h.announces() || room < 0 {
			return h, room, errAnswer
		}
	}
	return h, room, errAnswer
}
