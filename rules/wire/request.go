package wire

import (
	"bytes"
	"errors"
	"net/netip"
	"strconv"

	"github.com/tagwarden/tagwarden/rules/hit"
)

// ParseRequest reads a raw HTTP/1.1 request, as a file holds it, by the rules that the server goes by. LF is taken for
// CR LF in its head. Refused is true where the server would refuse it because it can be read in more ways than one.
// Where the request names no length, the body is what follows, without one line's end at its very end. Its region
// header is believed, as if a trusted proxy had passed it on. An error means that there is no request in the text.
func ParseRequest(text []byte, from netip.Addr, trusted []netip.Prefix) (r hit.Request, refused bool, err error) {
	first, raw, body, err := splitRequest(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))) // as some editors write it
	if err != nil {
		return r, false, err
	}
	parts := bytes.Split(first, []byte{' '})
	if len(parts) != 3 || len(parts[0]) == 0 || !bytes.HasPrefix(parts[2], []byte("HTTP/")) {
		return r, false, errors.New("the first line is no request line: \"GET /path HTTP/1.1\" is")
	}
	r.Method = parts[0]
	if _, status := Head(&r, parts[1], parts[2], raw, nil); status != 0 {
		return r, true, nil
	}
	length, _ := r.One("Content-Length")
	n, err := strconv.Atoi(string(length))
	switch {
	case length == nil:
		body = bytes.TrimSuffix(bytes.TrimSuffix(body, []byte{'\n'}), []byte{'\r'})
	case err != nil || n < 0:
		return r, true, nil
	case n <= len(body):
		body = body[:n]
	}
	r.Body = body
	if coding, _ := r.One("Transfer-Encoding"); coding != nil || len(body) > 0 && string(r.Method) != "POST" {
		return r, true, nil
	}
	r.Address, r.Trusted = Forwarded(from, &r, trusted), true
	return r, false, nil
}

// splitRequest takes a request apart and writes its head with CR LF.
func splitRequest(text []byte) (first, raw, body []byte, err error) {
	for line := 0; ; line++ {
		content, rest, more := bytes.Cut(text, []byte{'\n'})
		content = bytes.TrimSuffix(content, []byte{'\r'})
		switch {
		case line == 0 && !more:
			return nil, nil, nil, errors.New("this is no request: a request line and headers are missing")
		case line == 0:
			first = content
		case len(content) == 0:
			return first, append(raw, '\r', '\n'), rest, nil
		default:
			raw = append(append(raw, content...), '\r', '\n')
		}
		text = rest
	}
}
