package batch

import (
	"bytes"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/rules/ascii"
)

// deepest is how deep JSON is looked into: what is deeper travels alone.
const deepest = 100

// valid tells whether a text is one value of JSON. How deep it is was looked at before: [outline] is false.
func valid(text []byte) bool { return gjson.ValidBytes(text) }

// afterString returns where the string that begins there ends.
func afterString(text []byte, i int) int {
	for from := i + 1; from < len(text); {
		n := bytes.IndexByte(text[from:], '"')
		if n < 0 {
			break
		}
		before := from + n
		for before > from && text[before-1] == '\\' {
			before--
		}
		if from += n + 1; (from-1-before)%2 == 0 { // behind an odd number of backslashes it is escaped
			return from
		}
	}
	return len(text)
}

// space returns where what is no white space begins.
func space(text []byte, i int) int {
	for i < len(text) && text[i] <= ' ' {
		i++
	}
	return i
}

// trimmed is a text without what JSON knows as white space around a value.
func trimmed(text []byte) []byte { return bytes.Trim(text, " \t\r\n") }

// part is a member of an object, or an element of a list: from where to where its value stands, and its name as it is
// written, without its quotes.
type part struct {
	start, end       int
	nameFrom, nameTo int
}

// outline notes what is in the object or list that begins at a bracket, one level deep, and where that ends. Of a text
// that is no JSON it notes what it finds; it is false where it is too deep.
func outline(dst []part, text []byte, bracket int) (parts []part, end int, ok bool) {
	depth, one, begun := 1, part{}, false
	finish := func(at int) {
		if begun {
			one.end = at
			dst, begun = append(dst, one), false
		}
	}
	last := 0 // where the last byte of a value was
	i := bracket + 1
	for ; i < len(text); i++ {
		c := text[i]
		if c <= ' ' {
			continue
		}
		if depth == 1 {
			switch c {
			case ',', '}', ']':
				if finish(last); c != ',' {
					return dst, i, true
				}
				one = part{}
				continue
			case ':':
				one = part{nameFrom: one.start + 1, nameTo: last - 1}
				begun = false
				continue
			}
			if !begun {
				begun, one.start = true, i
			}
		}
		switch c {
		case '"':
			i = afterString(text, i) - 1
		case '{', '[':
			if depth++; depth > deepest {
				return dst, i, false
			}
		case '}', ']':
			depth--
		}
		last = i + 1
	}
	return dst, i, true
}

// member finds a member of an object that was outlined by its name. It is clear where no name is escaped and the member
// stands there once; -1 is none.
func member(parts []part, text []byte, name string) (at int, clear bool) {
	at = -1
	for i := range parts {
		own := text[parts[i].nameFrom:parts[i].nameTo]
		if bytes.IndexByte(own, '\\') >= 0 {
			return -1, false
		}
		if string(own) != name {
			continue
		}
		if at >= 0 {
			return -1, false
		}
		at = i
	}
	return at, true
}

// loneSurrogate tells whether an escape in a text stands for half a letter: many readers take the whole request for
// none then.
func loneSurrogate(text []byte) bool {
	for {
		i := bytes.IndexByte(text, '\\')
		if i < 0 || i+1 >= len(text) {
			return false
		}
		if text[i+1] != 'u' {
			text = text[i+2:]
			continue
		}
		switch c := unit(text[i:]); {
		case c >= 0xdc00 && c <= 0xdfff:
			return true
		case c >= 0xd800 && c <= 0xdbff:
			if low := unit(text[i+6:]); low < 0xdc00 || low > 0xdfff {
				return true
			}
			text = text[i+12:]
		default:
			text = text[i+6:]
		}
	}
}

// unit reads \uXXXX; -1 where a text does not begin so.
func unit(text []byte) int {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return -1
	}
	c := 0
	for _, digit := range text[2:6] {
		c = c<<4 | int(ascii.Hex(digit))
	}
	return c
}
