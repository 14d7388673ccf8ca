package tap

import (
	"crypto/sha256"
	"crypto/subtle"
	"slices"

	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/signal/read"
)

// Ask says which events somebody wants to see. Of what is empty, all.
type Ask struct {
	Endpoints []string
	Vendors   []string
	Reasons   []string
	Own       bool // those alone of hits that carry the watcher's preview token, with their values
}

// Members are the names of what is asked about.
func (a *Ask) Members() (all []string) {
	for name, asked := range map[string]bool{
		"endpoint": len(a.Endpoints) > 0, "vendor": len(a.Vendors) > 0, "reason": len(a.Reasons) > 0, "own": a.Own,
	} {
		if asked {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}

// Cookie is the name of the cookie that has a browser's hits shown to the one who asked for its value.
const Cookie = "tagwarden_preview"

// Preview is what a hit says by [Cookie]. The zero Preview says nothing.
type Preview struct {
	sum  [sha256.Size]byte
	said bool
}

// longestPreview is how long a cookie's value may be that is looked at, in bytes: a token is shorter.
const longestPreview = 64

// PreviewOf reads the first preview cookie of a request. It keeps nothing of it but a hash.
func PreviewOf(r *hit.Request) (p Preview) {
	for header := range r.Header("Cookie") {
		for name, value := range read.CookieHeader(header).Cookies {
			if string(name) == Cookie && len(value) <= longestPreview {
				return Preview{sha256.Sum256(value), true}
			}
		}
	}
	return Preview{}
}

// is tells in constant time whether a preview is a token's.
func (p *Preview) is(token *[sha256.Size]byte) bool {
	same := subtle.ConstantTimeCompare(p.sum[:], token[:]) == 1
	return same && p.said
}

// wants tells whether what is asked for is there.
func wants(asked []string, is string) bool { return len(asked) == 0 || slices.Contains(asked, is) }
