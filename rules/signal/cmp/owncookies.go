package cmp

import (
	"bytes"
	"slices"
)

// maxCookies is how many cookies of a platform are read; beyond them all is malformed. A browser holds a handful.
const maxCookies = 64

// cookie is one of the platform's cookies, as on the wire.
type cookie struct {
	slot        int
	name, value []byte
}

// ownCookies are the cookies of the platform.
type ownCookies struct {
	cookies []cookie
	over    bool // there are more than are read
}

// reset forgets them: they point into bytes of a hit.
func (f *ownCookies) reset() {
	clear(f.cookies)
	*f = ownCookies{cookies: f.cookies[:0]}
}

// keep keeps a cookie. The same value twice is one.
func (f *ownCookies) keep(slot int, name, value []byte) {
	for i := range f.cookies {
		if c := &f.cookies[i]; c.slot == slot && bytes.Equal(c.value, value) && bytes.Equal(c.name, name) {
			return
		}
	}
	if len(f.cookies) == maxCookies {
		f.over = true
		return
	}
	f.cookies = append(f.cookies, cookie{slot, name, value})
}

// has tells whether the jar has that cookie of the platform.
func (f *ownCookies) has(slot int) bool {
	return slices.ContainsFunc(f.cookies, func(c cookie) bool { return c.slot == slot })
}
