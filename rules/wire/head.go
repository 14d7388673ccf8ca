package wire

import (
	"bytes"
	"slices"

	"github.com/tagwarden/tagwarden/rules/ascii"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// HealthPath is where load balancers ask. HTTP/1.0 may name no host there.
const HealthPath = "/.tagwarden/health"

// The statuses that a request is refused with (RFC 9110, section 15).
const (
	badRequest          = 400
	expectationFailed   = 417
	notImplemented      = 501
	versionNotSupported = 505
)

// Head reads the target and the headers of a request, and refuses what can be read in more ways than one. Hostname is
// where the host's name is put. It returns the status to answer with, 0 where all is well.
func Head(r *hit.Request, target, protocol, raw, hostname []byte) ([]byte, int) {
	if len(target) == 0 || target[0] != '/' || bytes.IndexByte(target, '#') >= 0 {
		return hostname, badRequest
	}
	if string(protocol) != "HTTP/1.1" && string(protocol) != "HTTP/1.0" {
		return hostname, versionNotSupported
	}
	if status := framing(raw, r); status != 0 {
		return hostname, status
	}
	r.Path, r.Query, _ = bytes.Cut(target, []byte{'?'})
	named, _ := r.One("Host")
	if named == nil && string(protocol) == "HTTP/1.0" && string(r.Path) == HealthPath {
		return hostname, 0 // load balancers of that age name none, and the answer is the same for all
	}
	hostname, ok := AppendHost(hostname, named)
	if !ok || !plainPath(r.Path) {
		return hostname, badRequest
	}
	r.Host = hostname
	return hostname, 0
}

// framing refuses what two parsers might read in two ways (RFC 9112, sections 2.2, 3.2, 5.2, 6.3), and notes the
// headers as they came, each line for itself. It returns the status to answer with, 0 where all is well.
func framing(raw []byte, r *hit.Request) int {
	length, encoding, hosts := 0, 0, 0
	for len(raw) > 0 {
		end := bytes.IndexByte(raw, '\n')
		if end < 0 {
			break
		}
		line := raw[:end]
		raw = raw[end+1:]
		if len(line) == 0 || line[len(line)-1] != '\r' {
			return badRequest // a bare LF
		}
		line = line[:len(line)-1]
		if len(line) == 0 {
			break
		}
		if line[0] == ' ' || line[0] == '\t' {
			return badRequest // a folded line
		}
		name, value, found := bytes.Cut(line, []byte{':'})
		if !found {
			return badRequest
		}
		value = ascii.TrimBlank(value)
		r.Headers = append(r.Headers, hit.Header{Name: name, Value: value})
		switch {
		case ascii.EqualFold(name, "Content-Length"):
			length++
		case ascii.EqualFold(name, "Host"):
			hosts++
		case ascii.EqualFold(name, "Transfer-Encoding"):
			if encoding++; !ascii.EqualFold(value, "chunked") {
				return notImplemented
			}
		case ascii.EqualFold(name, "Upgrade"), ascii.EqualFold(name, "Connection") && !hopByHop(value):
			return badRequest
		case ascii.EqualFold(name, "Expect") && !ascii.EqualFold(value, "100-continue"):
			return expectationFailed
		case bytes.IndexByte(name, '_') >= 0 && aliased(name):
			return badRequest
		}
	}
	if length+encoding > 1 || hosts > 1 {
		return badRequest
	}
	return 0
}

// hopByHop tells whether a Connection header names nothing but what concerns the connection alone (RFC 9110, section
// 7.6.1). Whoever passes on such a request takes out what it names: a cookie, a signal, the length of the body.
func hopByHop(value []byte) bool {
	for more := true; more; {
		var option []byte
		option, value, more = bytes.Cut(value, []byte{','})
		if option = ascii.TrimBlank(option); len(option) == 0 {
			continue
		}
		if !slices.ContainsFunc(connectionOptions, func(name string) bool { return ascii.EqualFold(option, name) }) {
			return false
		}
	}
	return true
}

var connectionOptions = []string{"close", "keep-alive", "TE", "Trailer", "Upgrade", "HTTP2-Settings",
	"Proxy-Connection"}

// aliased tells whether a name is one that matters with its dashes written as underscores, as some gateways do.
func aliased(name []byte) bool {
	return ascii.EqualFold(name, "Transfer_Encoding") || ascii.EqualFold(name, "Content_Length") ||
		ascii.EqualFold(name, "Content_Encoding")
}

// plainPath tells whether a path means the same to everybody: no escaped slash, dot or backslash, no dot segments, no
// control bytes.
func plainPath(path []byte) bool {
	for i, c := range path {
		switch {
		case c <= ' ' || c == '\\' || c >= 0x7f:
			return false
		case c == '%' && i+2 < len(path):
			switch string(bytes.ToLower(path[i+1 : i+3])) {
			case "2f", "2e", "5c", "00", "0a", "0d":
				return false
			}
		case c == '.' && path[i-1] == '/':
			rest := path[i+1:]
			if len(rest) == 0 || rest[0] == '/' || rest[0] == '.' && (len(rest) == 1 || rest[1] == '/') {
				return false
			}
		}
	}
	return true
}

// LongestHost is how many bytes the name of a host may have.
const LongestHost = 255

// AppendHost puts a Host header into the form that sites are found by: lower case, without a port.
func AppendHost(dst, value []byte) ([]byte, bool) {
	if colon := bytes.LastIndexByte(value, ':'); colon >= 0 && bytes.IndexByte(value[colon:], ']') < 0 {
		for _, c := range value[colon+1:] {
			if !ascii.IsDigit(c) {
				return dst, false
			}
		}
		value = value[:colon]
	}
	value = bytes.TrimSuffix(value, []byte{'.'})
	if len(value) == 0 || len(value) > LongestHost {
		return dst, false
	}
	for _, c := range value {
		switch {
		case ascii.IsAlnum(c), c == '.', c == '-', c == '_':
			c = ascii.Lower(c)
		case (c == '[' || c == ']' || c == ':') && value[0] == '[':
		default:
			return dst, false
		}
		dst = append(dst, c)
	}
	return dst, true
}
