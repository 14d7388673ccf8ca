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

// jar holds the cookies of a hit in their order.
type jar struct {
	all  []read.Cookie
	text []byte // a value without its escapes
	key  []byte // what a reading is remembered by
}

// reset forgets them: they point into bytes of a hit, or are a copy of them.
func (j *jar) reset() {
	clear(j.all)
	clear(j.text)
	clear(j.key)
	j.all, j.text, j.key = j.all[:0], j.text[:0], j.key[:0]
}

// gather notes every cookie of every Cookie header.
func (j *jar) gather(r *hit.Request) {
	j.reset()
	for i := range r.Headers {
		if ascii.EqualFold(r.Headers[i].Name, "Cookie") {
			j.all = read.AppendCookies(j.all, r.Headers[i].Value)
		}
	}
}

// Cookies yields every cookie of the hit.
func (j *jar) Cookies(yield func(name, value []byte) bool) {
	for i := range j.all {
		if !yield(j.all[i].Name, j.all[i].Value) {
			return
		}
	}
}

// plain is a cookie's value without percent escapes, as decodeURIComponent reads them. It is valid until the next call.
func (j *jar) plain(value []byte) []byte {
	if bytes.IndexByte(value, '%') < 0 {
		return value
	}
	clear(j.text)
	j.text = hit.AppendUnescape(j.text[:0], value)
	return j.text
}
