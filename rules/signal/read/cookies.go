package read

import "bytes"

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
		var one []byte
		one, header, _ = bytes.Cut(header, []byte{';'})
		if name, value, found := bytes.Cut(bytes.Trim(one, " \t"), []byte{'='}); found {
			all = append(all, Cookie{bytes.Trim(name, " \t"), bytes.Trim(value, " \t")})
		}
	}
	return all
}

// CookieHeader is a [Jar] as a Cookie header holds it.
type CookieHeader []byte

// Cookies yields every cookie.
func (header CookieHeader) Cookies(yield func(name, value []byte) bool) {
	for _, c := range AppendCookies(nil, header) {
		if !yield(c.Name, c.Value) {
			return
		}
	}
}
