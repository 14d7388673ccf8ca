package minimise

import (
	"bytes"
	"net/netip"
	"unicode"
	"unicode/utf8"

	"github.com/tagwarden/tagwarden/rules/ascii"
)

// parts are the parts of an address, as a browser would see them (WHATWG URL). Userinfo is never among them.
type parts struct {
	scheme   []byte // without the colon; empty where the address has none
	relative bool   // "//host/..." takes its scheme from the page
	opaque   bool   // "mailto:..." and the like: only scheme is set
	host     []byte // with port; empty for paths
	path     []byte
	query    []byte // without "?"
	fragment []byte // without "#"
}

// split takes an address apart: absolute, relative to a scheme, a host with or without path, a path, or
// a query. False where the host is none.
func split(raw []byte) (u parts, ok bool) {
	rest, fragment, _ := bytes.Cut(raw, []byte{'#'})
	u.fragment = fragment
	rest, u.query, _ = bytes.Cut(rest, []byte{'?'})
	scheme := schemeOf(rest)
	special := isSpecial(scheme)
	switch {
	case special:
		u.scheme = scheme
		rest = rest[len(scheme)+1:]
		if len(rest) < 2 || !isSlash(rest[0]) || !isSlash(rest[1]) {
			return u, false // what it is depends on the page that it stands on
		}
		for len(rest) > 0 && isSlash(rest[0]) {
			rest = rest[1:]
		}
		return u.authority(rest)
	case len(scheme) > 0 && bytes.HasPrefix(rest[len(scheme):], []byte("://")) && !bytes.EqualFold(scheme, []byte("file")):
		if bytes.IndexByte(rest, '\\') >= 0 {
			return u, false // a slash to some, and part of a name to others
		}
		u.scheme = scheme
		return u.authority(rest[len(scheme)+3:])
	case len(scheme) > 0 && !startsPort(rest[len(scheme)+1:]):
		return parts{scheme: scheme, opaque: true}, true
	case len(rest) > 1 && isSlash(rest[0]) && isSlash(rest[1]):
		u.relative = true
		return u.authority(rest[2:])
	case looksLikeHost(rest):
		return u.authority(rest)
	}
	u.path = rest
	return u, true
}

// authority takes host and path apart; userinfo goes.
func (u parts) authority(rest []byte) (parts, bool) {
	end := len(rest)
	for i, c := range rest {
		if isSlash(c) {
			end = i
			break
		}
	}
	u.host, u.path = rest[:end], rest[end:]
	if at := bytes.LastIndexByte(u.host, '@'); at >= 0 {
		u.host = u.host[at+1:]
	}
	return u, len(u.host) > 0 && len(u.host) <= 255 && isHost(u.host)
}

// appendOrigin appends scheme and host, if the address has them. Labels of the host
// that tell visitors apart become "id".
func (u *parts) appendOrigin(dst []byte) []byte {
	if len(u.scheme) > 0 {
		dst = append(append(dst, u.scheme...), "://"...)
	} else if u.relative {
		dst = append(dst, "//"...)
	}
	for rest := u.host; len(rest) > 0; {
		end := bytes.IndexByte(rest, '.')
		if end < 0 {
			return append(dst, rest...)
		}
		if label := rest[:end]; isUUID(label) || tokenLike(label) || longestDigits(label) > 5 {
			dst = append(dst, "id"...)
		} else {
			dst = append(dst, label...)
		}
		dst = append(dst, '.')
		rest = rest[end+1:]
	}
	return dst
}

func schemeOf(b []byte) []byte {
	for i, c := range b {
		switch {
		case ascii.IsLetter(c), i > 0 && (ascii.IsDigit(c) || c == '+' || c == '-' || c == '.'):
		case c == ':' && i > 0:
			return b[:i]
		default:
			return nil
		}
	}
	return nil
}

// specials are the schemes whose addresses have a host, however many slashes are written (WHATWG
// URL, "special scheme"), but for file.
var specials = []string{"http", "https", "ws", "wss", "ftp"}

func isSpecial(scheme []byte) bool {
	for _, s := range specials {
		if len(scheme) == len(s) && bytes.EqualFold(scheme, []byte(s)) {
			return true
		}
	}
	return false
}

// startsPort tells whether what follows a colon is a port, so that what stood in front is a host.
func startsPort(b []byte) bool {
	n := 0
	for n < len(b) && ascii.IsDigit(b[n]) {
		n++
	}
	return n >= 2 && n <= 5 && (n == len(b) || b[n] == '/')
}

func isSlash(c byte) bool { return c == '/' || c == '\\' }

// isHost tells whether a host, perhaps with a port, is one that every reader takes for the same.
func isHost(b []byte) bool {
	if b[0] == '[' {
		end := bytes.IndexByte(b, ']')
		if end < 0 || !isPort(b[end+1:]) {
			return false
		}
		address, err := netip.ParseAddr(string(b[1:end]))
		return err == nil && address.Is6() && address.Zone() == ""
	}
	if i := bytes.IndexByte(b, ':'); i >= 0 {
		if i == 0 || !isPort(b[i:]) {
			return false
		}
		b = b[:i]
	}
	if endsInNumber(b) { // an IPv4 address, which some write in ways that others do not know
		address, err := netip.ParseAddr(string(b))
		return err == nil && address.Is4()
	}
	for i := 0; i < len(b); {
		c := b[i]
		if c < utf8.RuneSelf {
			if !ascii.IsAlnum(c) && c != '.' && c != '-' && c != '_' {
				return false
			}
			i++
			continue
		}
		r, n := utf8.DecodeRune(b[i:])
		if !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) {
			return false // a full-width at sign, say, which some read as a plain one (UTS 46)
		}
		i += n
	}
	return true
}

// endsInNumber tells whether the last label of a host is a number, decimal or hexadecimal
// (WHATWG URL, "ends in a number checker").
func endsInNumber(host []byte) bool {
	last := bytes.TrimSuffix(host, []byte("."))
	last = last[bytes.LastIndexByte(last, '.')+1:]
	return ascii.Digits(last) || len(last) >= 2 && last[0] == '0' && last[1]|0x20 == 'x'
}

// isPort tells whether b is nothing, or a colon and up to five digits.
func isPort(b []byte) bool {
	return len(b) == 0 || b[0] == ':' && len(b) <= 6 && (len(b) == 1 || ascii.Digits(b[1:]))
}

// looksLikeHost tells whether text without a scheme starts with a host: labels and dots, the
// last label of letters, no file's ending.
func looksLikeHost(b []byte) bool {
	end := len(b)
	for i, c := range b {
		if isSlash(c) {
			end = i
			break
		}
	}
	host := b[:end]
	if i := bytes.LastIndexByte(host, ':'); i >= 0 && startsPort(host[i+1:]) {
		host = host[:i]
	}
	if string(host) == "localhost" {
		return true
	}
	dot := bytes.LastIndexByte(host, '.')
	if dot <= 0 || len(host)-dot < 3 || !isHost(host) {
		return false
	}
	for _, c := range host[dot+1:] {
		if !ascii.IsLetter(c) {
			return false
		}
	}
	return !ascii.Listed(fileEndings, host[dot+1:])
}

// fileEndings are what files are called behind a dot that hosts are not.
var fileEndings = []string{"html", "htm", "php", "aspx", "jsp", "js", "css", "png", "jpg", "svg", "json", "xml", "pdf"}
