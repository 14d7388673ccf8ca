package rules

import (
	"bytes"
	"unsafe"

	"github.com/tagwarden/tagwarden/rules/ascii"
)

// PreferenceCookie is the cookie in which a browser carries what its visitor objected to: names of scopes with "/"
// between them (see [Policy.Objection]). It holds nothing that tells one visitor from another.
const PreferenceCookie = "__Host-tagwarden-objections"

// preferences reads what the browser itself says was objected to. Several cookies of the name count together. A scope that the policy does
// not know says nothing; a value that is no list of scopes counts as an objection to everything, since nobody knows what it was.
func (r *readState) preferences() (o Objections) {
	for name, value := range r.ask.Cookies {
		if string(name) == PreferenceCookie {
			o.Merge(r.Policy.preference(value))
		}
	}
	return o
}

// preference reads the value of the cookie.
func (p *Policy) preference(value []byte) (o Objections) {
	for rest, more := value, true; more; {
		var scope []byte
		if scope, rest, more = bytes.Cut(rest, []byte{'/'}); !scopeName(scope) {
			return Objections{All: true}
		}
		found, _ := p.Objection(unsafe.String(unsafe.SliceData(scope), len(scope))) // read only while it is looked up
		o.Merge(found)
	}
	return o
}

// scopeName tells whether a text can name a scope.
func scopeName(text []byte) bool {
	for _, c := range text {
		switch {
		case ascii.IsAlnum(c), c == '-', c == '_', c == '.', c == ':':
		default:
			return false
		}
	}
	return len(text) > 0
}
