// Package logkey is what logs and those who sign for them are called, and their public keys, as C2SP writes both
// (c2sp.org/signed-note, c2sp.org/tlog-cosignature). It is a leaf, so that the server file is held to the same rules as
// what is signed. It holds no private key.
package logkey

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ErrOrigin says that a text names no log.
var ErrOrigin = errors.New("this cannot be the origin of a log: a host and a path without scheme is right, " +
	"shop.example/tagwarden, and neither spaces nor \"+\"")

// mostOrigin is how long an origin is at most, in bytes.
const mostOrigin = 255

// CheckOrigin tells whether a text can name a log: what is right is a URL without its scheme, and without a slash at
// its end (c2sp.org/tlog-checkpoint). The error is [ErrOrigin].
func CheckOrigin(origin string) error {
	odd := func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || r == '+' }
	if origin == "" || len(origin) > mostOrigin || !utf8.ValidString(origin) || strings.ContainsFunc(origin, odd) ||
		strings.Contains(origin, "://") || strings.HasPrefix(origin, "/") || strings.HasSuffix(origin, "/") {
		return ErrOrigin
	}
	return nil
}

// DefaultOrigin is the origin of a log where nobody gave it one, by the host that hits come to.
func DefaultOrigin(host string) string { return host + "/tagwarden" }
