package delivery

import (
	"bufio"
	"bytes"
	"fmt"
	"strconv"
	"sync"

	"github.com/valyala/fasthttp"

	"github.com/tagwarden/tagwarden/rules/ascii"
)

// requests are buffers for requests. One is its sender's until that gives it back.
var requests = sync.Pool{New: func() any { return new([]byte) }}

// request is a request as it stands on the wire.
type request struct {
	text []byte // head and body
	rest []byte // the body, where it is long: it is written from where it is
}

// How many bytes of a body stand in one buffer with the head, and how large a buffer is kept.
const (
	mostBeside = 64 << 10
	mostKept   = 128 << 10
)

// request appends the request for an event, and returns what of its body does not stand there: it is to be written
// behind. The request has what the event has, and nothing else.
func (h *host) request(dst []byte, e *Event) (text, rest []byte, err error) {
	from := len(dst)
	dst, ok := h.plainHead(dst, e)
	if !ok {
		dst, err = h.anyRequest(dst[:from], e)
		return dst, nil, err
	}
	if len(e.Body) > mostBeside {
		return dst, e.Body, nil
	}
	return append(dst, e.Body...), nil, nil
}

// hasBody tells whether a request speaks of its body's length: it has one, or another method than those that have none.
func hasBody(e *Event) bool {
	return len(e.Body) > 0 || e.Method != fasthttp.MethodGet && e.Method != fasthttp.MethodHead
}

// plainHead appends the head of a request as fasthttp writes it. False where a header's name or value is one that
// fasthttp would change, or that it has something to say about.
func (h *host) plainHead(dst []byte, e *Event) ([]byte, bool) {
	agent, kind, ok := plainHeaders(e.Headers)
	if !ok || e.Method == "" || !oneLine(e.Path) || !oneLine(e.Query) {
		return dst, false
	}
	for i := range len(e.Method) {
		if !ascii.IsToken(e.Method[i]) {
			return dst, false
		}
	}
	dst = append(append(dst, e.Method...), ' ')
	dst = append(append(dst, h.base...), e.Path...)
	if len(e.Query) > 0 {
		dst = append(append(dst, '?'), e.Query...)
	}
	dst = append(dst, " HTTP/1.1\r\n"...)
	if len(agent) > 0 {
		dst = appendField(dst, fasthttp.HeaderUserAgent, agent)
	}
	dst = append(append(append(dst, "Host: "...), h.name...), "\r\n"...)
	if len(kind) > 0 {
		dst = appendField(dst, fasthttp.HeaderContentType, kind)
	}
	if hasBody(e) {
		dst = append(strconv.AppendInt(append(dst, "Content-Length: "...), int64(len(e.Body)), 10), "\r\n"...)
	}
	for i := range e.Headers {
		switch of := &e.Headers[i]; of.Name {
		case fasthttp.HeaderUserAgent, fasthttp.HeaderContentType:
		default:
			dst = appendField(dst, of.Name, of.Value)
		}
	}
	return append(dst, "\r\n"...), true
}

func appendField(dst []byte, name string, value []byte) []byte {
	return append(append(append(append(dst, name...), ": "...), value...), "\r\n"...)
}

// plainHeaders looks through headers for what stands at the front of a head. False
// where one is not as plainHead needs it.
func plainHeaders(all []Header) (agent, kind []byte, ok bool) {
	for i := range all {
		of := &all[i]
		if !canonical(of.Name) || !oneLine(of.Value) {
			return nil, nil, false
		}
		for k := range i {
			if all[k].Name == of.Name {
				return nil, nil, false
			}
		}
		switch of.Name {
		case fasthttp.HeaderUserAgent:
			agent = of.Value
		case fasthttp.HeaderContentType:
			kind = of.Value
		case fasthttp.HeaderHost, fasthttp.HeaderCookie, fasthttp.HeaderConnection, fasthttp.HeaderContentLength,
			fasthttp.HeaderTransferEncoding, fasthttp.HeaderTrailer:
			return nil, nil, false
		}
	}
	return agent, kind, true
}

// canonical tells whether a header's name is written as fasthttp writes it: Accept-Language.
func canonical(name string) bool {
	first := true
	for i := range len(name) {
		switch c := name[i]; {
		case c == '-':
			first = true
			continue
		case !ascii.IsToken(c) || first && ascii.IsLower(c) || !first && ascii.IsUpper(c):
			return false
		}
		first = false
	}
	return name != ""
}

// oneLine tells whether a text has no line ends.
func oneLine(text []byte) bool {
	return bytes.IndexByte(text, '\n') < 0 && bytes.IndexByte(text, '\r') < 0
}

// anyRequest appends a request as fasthttp writes it.
func (h *host) anyRequest(dst []byte, e *Event) ([]byte, error) {
	r := fasthttp.AcquireRequest()
	defer fasthttp.ReleaseRequest(r)
	r.Header.SetMethod(e.Method)
	r.Header.SetHost(h.name)
	r.UseHostHeader = true
	r.Header.SetNoDefaultContentType(true)
	// Only the path stands in the target; to fasthttp the scheme is http, for the dialer speaks TLS.
	target := append([]byte(h.base), e.Path...)
	if len(e.Query) > 0 {
		target = append(append(target, '?'), e.Query...)
	}
	r.SetRequestURIBytes(target)
	for i := range e.Headers {
		r.Header.SetBytesV(e.Headers[i].Name, e.Headers[i].Value)
	}
	if len(e.Body) > 0 {
		r.SetBodyRaw(e.Body)
	}
	out := bytes.NewBuffer(dst)
	writer := bufio.NewWriter(out)
	if err := r.Write(writer); err != nil {
		return dst, fmt.Errorf("%w: %w", errUnsent, err)
	}
	err := writer.Flush()
	return out.Bytes(), err
}
