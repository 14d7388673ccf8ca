package signal

import (
	"bytes"

	"github.com/tagwarden/tagwarden/rules/ascii"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/signal/read"
)

// Jar yields the cookies of a hit in their order, values as on the wire.
type Jar = read.Jar

// CookieHeader is a [Jar] as a Cookie header holds it.
type CookieHeader = read.CookieHeader

// Reset forgets the hit, whose bytes are somebody else's, and keeps the memory.
func (a *Ask) Reset() {
	clear(a.jar)
	a.jar, a.sections, a.mode = a.jar[:0], nil, modeReading{}
	if a.Scratch != nil {
		a.Scratch.Reset()
	}
	a.Declaration, a.Strings, a.Scratch = nil, nil, nil
}

// gather notes every cookie of every Cookie header.
func (a *Ask) gather(r *hit.Request) {
	a.jar = a.jar[:0]
	for i := range r.Headers {
		if ascii.EqualFold(r.Headers[i].Name, "Cookie") {
			a.jar = read.AppendCookies(a.jar, r.Headers[i].Value)
		}
	}
}

// Cookies yields every cookie of the hit.
func (a *Ask) Cookies(yield func(name, value []byte) bool) {
	for i := range a.jar {
		if !yield(a.jar[i].Name, a.jar[i].Value) {
			return
		}
	}
}

// plain is a cookie's value without percent escapes, as decodeURIComponent reads them. It is valid until the next call.
func (a *Ask) plain(value []byte) []byte {
	if bytes.IndexByte(value, '%') < 0 {
		return value
	}
	a.text = hit.AppendUnescape(a.text[:0], value)
	return a.text
}
