package rules

import (
	"bytes"
	"unsafe"

	"github.com/tagwarden/tagwarden/rules/ascii"
)

// PreferenceCookie is the cookie in which a browser carries what its visitor objected to: names of scopes with "/"
// between them (see [Policy.Objection]). It holds nothing that tells one visitor from another.
const PreferenceCookie = "__Host-tagwarden-objections"

// ToldScope stands among the scopes of the preference cookie where the browser's visitor was told, in the preference
// centre, of a decision that lifts some of what is in it. Whatever is objected to in the browser afterwards takes it out.
const ToldScope = "told:decided"

// preferences reads what the browser itself says was objected to. Several cookies of the name count together. A scope that the policy does
// not know says nothing; a value that is no list of scopes counts as an objection to everything, since nobody knows what it was.
// Told says that a decision on what stands for the browser's identifiers is one on what its cookie says, too.
func (r *readState) preferences() (o Objections, told bool) {
	told = true
	for name, value := range r.ask.Cookies {
		if string(name) == PreferenceCookie {
			one, of := r.Policy.preference(value)
			o.Merge(one)
			told = told && of
		}
	}
	return o, told
}

// preference reads the value of the cookie.
func (p *Policy) preference(value []byte) (o Objections, told bool) {
	for rest, more := value, true; more; {
		var scope []byte
		if scope, rest, more = bytes.Cut(rest, []byte{'/'}); !scopeName(scope) {
			return Objections{All: true}, false
		}
		found, _ := p.Objection(unsafe.String(unsafe.SliceData(scope), len(scope))) // read only while it is looked up
		o.Merge(found)
		told = told || string(scope) == ToldScope
	}
	return o, told
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
