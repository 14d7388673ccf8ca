package read

import (
	"bytes"

	"github.com/tagwarden/tagwarden/rules/ascii"
)

// MaxCookie is the longest cookie value that is looked at, in bytes.
const MaxCookie = 4096

// Jar yields the cookies of a hit in their order, values as on the wire.
type Jar interface {
	Cookies(yield func(name, value []byte) bool)
}

// Cookie is a cookie as on the wire.
type Cookie struct{ Name, Value []byte }

// AppendCookies appends the cookies of one header (RFC 6265, section 4.2).
func AppendCookies(all []Cookie, header []byte) []Cookie {
	for len(header) > 0 {
		var one Cookie
		var found bool
		if one, header, found = nextCookie(header); found {
			all = append(all, one)
		}
	}
	return all
}

// nextCookie takes what stands before the first semicolon of a header. Found is false where that is no cookie.
func nextCookie(header []byte) (one Cookie, rest []byte, found bool) {
	if end := bytes.IndexByte(header, ';'); end >= 0 {
		header, rest = header[:end], header[end+1:]
	}
	equals := bytes.IndexByte(header, '=')
	if equals < 0 {
		return Cookie{}, rest, false
	}
	return Cookie{ascii.TrimBlank(header[:equals]), ascii.TrimBlank(header[equals+1:])}, rest, true
}

// CookieHeader is a [Jar] as a Cookie header holds it.
type CookieHeader []byte

// Cookies yields every cookie.
func (header CookieHeader) Cookies(yield func(name, value []byte) bool) {
	for rest := []byte(header); len(rest) > 0; {
		var one Cookie
		var found bool
		if one, rest, found = nextCookie(rest); found && !yield(one.Name, one.Value) {
			return
		}
	}
}
