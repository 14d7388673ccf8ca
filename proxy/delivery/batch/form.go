package batch

import (
	"bytes"
	"slices"

	"github.com/tagwarden/tagwarden/rules/ascii"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// pair is a field of a form, or a parameter of a query, as it is written.
type pair struct {
	name, value []byte
	start       int // where the value begins in the form
}

// nextPair takes the pair that begins at a place off a form, and says where the next one begins. The last one is
// followed by none: then that is behind the form's end.
func nextPair(form []byte, at int) (p pair, next int) {
	end := bytes.IndexByte(form[at:], '&')
	if end < 0 {
		end = len(form) - at
	}
	one := form[at : at+end]
	equals := bytes.IndexByte(one, '=')
	if equals < 0 {
		return pair{name: one, start: at + end}, at + end + 1
	}
	return pair{name: one[:equals], value: one[equals+1:], start: at + equals + 1}, at + end + 1
}

// field finds the one pair of a name. It is clear where no name is escaped and that one stands there once; found is
// false where there is none.
func field(form []byte, name string) (p pair, found, clear bool) {
	for at := 0; at < len(form); {
		var one pair
		one, at = nextPair(form, at)
		if bytes.IndexByte(one.name, '%') >= 0 || bytes.IndexByte(one.name, '+') >= 0 {
			return pair{}, false, false
		}
		if string(one.name) != name {
			continue
		}
		if found {
			return pair{}, false, false
		}
		p, found = one, true
	}
	return p, found, true
}

// names tells whether a form has a pair that a vendor may take for one of a name: also escaped, and as PHP reads
// names, to which "a.b", "a b" and "a_b[]" are "a_b".
func names(form []byte, name string) bool {
	var room [64]byte
	for at := 0; at < len(form); {
		var one pair
		one, at = nextPair(form, at)
		decoded, ok := unescape(room[:0], one.name)
		if !ok {
			return true
		}
		decoded = bytes.TrimLeft(decoded, " ")
		if i := bytes.IndexByte(decoded, '['); i > 0 {
			decoded = decoded[:i]
		}
		if len(decoded) != len(name) {
			continue
		}
		same := true
		for i, c := range decoded {
			if c == '.' || c == ' ' {
				c = '_'
			}
			same = same && c == name[i]
		}
		if same {
			return true
		}
	}
	return false
}

// unescape appends the text of a value of a form. It is false where an escape is none.
func unescape(dst, text []byte) ([]byte, bool) {
	dst = slices.Grow(dst, len(text)) // it gets no longer
	n := len(dst)
	to := dst[:n+len(text)]
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch c {
		case '+':
			c = ' '
		case '%':
			if i+2 >= len(text) {
				return to[:n], false
			}
			high, low := digits[text[i+1]], digits[text[i+2]]
			if high|low >= 16 {
				return to[:n], false
			}
			c = high<<4 | low
			i += 2
		}
		to[n] = c
		n++
	}
	return to[:n], true
}

// escapedThrough tells whether all of a form's value is escaped but letters, digits and what else nobody takes for more
// than it is ([hit.AppendPercent]), and spaces, which may be +.
func escapedThrough(value []byte) bool {
	for _, c := range value {
		if !plainInForm[c] {
			return false
		}
	}
	return true
}

// escapedBetween is a part of a form's value as it is written: all but so many bytes
// of its text before it, and behind it.
func escapedBetween(value []byte, before, behind int) []byte {
	for ; before > 0; before-- {
		if value[0] == '%' {
			value = value[2:]
		}
		value = value[1:]
	}
	for ; behind > 0; behind-- {
		if n := len(value); n >= 3 && value[n-3] == '%' {
			value = value[:n-2]
		}
		value = value[:len(value)-1]
	}
	return value
}

// plainInForm are the bytes that stand in a form where all is escaped that may be.
var plainInForm = func() (t [256]bool) {
	for c := range t {
		t[c] = c == '%' || c == '+' || len(hit.AppendPercent(nil, []byte{byte(c)})) == 1
	}
	return t
}()

// digits are the values of hexadecimal digits, as [ascii.Hex] gives them.
var digits = func() (t [256]byte) {
	for c := range t {
		t[c] = ascii.Hex(byte(c))
	}
	return t
}()
