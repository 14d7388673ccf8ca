package rules

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"github.com/tagwarden/tagwarden/rules/ascii"
)

// PreferenceCookie is the cookie in which a browser carries what its visitor objected to: names of scopes with "/"
// between them (see [Policy.Objection]). It holds nothing that tells one visitor from another.
const PreferenceCookie = "__Host-tagwarden-objections"

// ToldScope stands among the scopes of the preference cookie where the browser's visitor was told, in the preference
// centre, of a decision that lifts some of what is in it, with the number of the day behind it: see [Told]. Of what is
// decided on a later day that one was not told. Whatever is objected to in the browser afterwards takes it out.
const ToldScope = "told:"

const day = 24 * 60 * 60 // seconds

// Told is the mark of the preference cookie on the day of a time.
func Told(at time.Time) string { return ToldScope + strconv.FormatInt(at.Unix()/day, 10) }

// ToldUntil is the time before which decisions were made that a scope of the preference cookie speaks of, Unix seconds;
// 0 where it speaks of none.
func ToldUntil(scope string) int64 {
	digits, found := strings.CutPrefix(scope, ToldScope)
	if !found || digits == "" || len(digits) > 6 {
		return 0
	}
	days := int64(0)
	for _, c := range []byte(digits) {
		if !ascii.IsDigit(c) {
			return 0
		}
		days = 10*days + int64(c-'0')
	}
	return (days + 1) * day
}

// declared is what a browser's own cookie says (see [Objections.Declare]).
type declared struct {
	objections Objections
	told       int64 // decisions made before count for it, Unix seconds
}

// preferences reads what the browser itself says was objected to. Several cookies of the name count together. A scope
// that the policy does not know says nothing; a value that is no list of scopes counts as an objection to everything,
// since nobody knows what it was. A decision on what stands for the browser's identifiers is one on what its cookie
// says, too, where it was made before told, Unix seconds.
func (r *readState) preferences() (o Objections, told int64) {
	told = math.MaxInt64
	for name, value := range r.ask.Cookies {
		if string(name) == PreferenceCookie {
			one, of := r.Policy.preference(value)
			o.Merge(one)
			told = min(told, of)
		}
	}
	return o, told
}

// preference reads the value of the cookie.
func (p *Policy) preference(value []byte) (o Objections, told int64) {
	for rest, more := value, true; more; {
		var scope []byte
		if scope, rest, more = bytes.Cut(rest, []byte{'/'}); !scopeName(scope) {
			return Objections{All: true}, 0
		}
		name := unsafe.String(unsafe.SliceData(scope), len(scope)) // read only while it is looked up
		found, _ := p.Objection(name)
		o.Merge(found)
		told = max(told, ToldUntil(name))
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
