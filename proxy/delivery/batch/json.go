package batch

import (
	"bytes"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/rules/ascii"
)

// deepest is how deep JSON is looked into: what is deeper travels alone.
const deepest = 100

// valid tells whether a text is one value of JSON, and no deeper than any is.
func valid(text []byte) bool {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			i = afterString(text, i) - 1
		case '{', '[':
			if depth++; depth > deepest {
				return false
			}
		case '}', ']':
			depth--
		}
	}
	return gjson.ValidBytes(text)
}

// afterString returns where the string that begins there ends.
func afterString(text []byte, i int) int {
	for i++; i < len(text); i++ {
		next := bytes.IndexByte(text[i:], '"')
		if next < 0 {
			return len(text)
		}
		i += next
		escapes := 0
		for text[i-1-escapes] == '\\' { // the string begins with a quote
			escapes++
		}
		if escapes%2 == 0 {
			return i + 1
		}
	}
	return len(text)
}

// afterValue returns where the value that begins there ends. The text is valid.
func afterValue(text []byte, i int) int {
	switch text[i] {
	case '"':
		return afterString(text, i)
	case '{', '[':
		for depth := 0; i < len(text); i++ {
			switch text[i] {
			case '"':
				i = afterString(text, i) - 1
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					return i + 1
				}
			}
		}
		return i
	}
	for i < len(text) && text[i] > ' ' && text[i] != ',' && text[i] != '}' && text[i] != ']' {
		i++
	}
	return i
}

// space returns where what is no white space begins.
func space(text []byte, i int) int {
	for i < len(text) && text[i] <= ' ' {
		i++
	}
	return i
}

// walk goes over an object or a list that is valid JSON.
type walk struct {
	text       []byte
	at         int
	start, end int // of the value
	key        []byte
}

// open begins a walk at the bracket.
func open(text []byte, bracket int) walk { return walk{text: text, at: bracket + 1} }

// next goes to the next value; at a list's there is no key. The key is as it is written, without its quotes.
func (w *walk) next(object bool) bool {
	i := space(w.text, w.at)
	if i < len(w.text) && w.text[i] == ',' {
		i = space(w.text, i+1)
	}
	if i >= len(w.text) || w.text[i] == '}' || w.text[i] == ']' {
		w.at = i
		return false
	}
	if object {
		end := afterString(w.text, i)
		w.key = w.text[i+1 : end-1]
		i = space(w.text, space(w.text, end)+1)
	}
	w.start, w.end = i, afterValue(w.text, i)
	w.at = w.end
	return true
}

// member finds a member of an object by name. It is clear where no name is escaped and the member stands there once;
// where there is none it is nil.
func member(object []byte, name string) (value []byte, start int, clear bool) {
	w := open(object, 0)
	for w.next(true) {
		if bytes.IndexByte(w.key, '\\') >= 0 {
			return nil, 0, false
		}
		if string(w.key) != name {
			continue
		}
		if value != nil {
			return nil, 0, false
		}
		value, start = object[w.start:w.end], w.start
	}
	return value, start, true
}

// under finds a value by its path below an object, nil where there is none.
func under(value []byte, path []string) (found []byte, clear bool) {
	for _, name := range path {
		if value[0] != '{' {
			return nil, true
		}
		if value, _, clear = member(value, name); value == nil {
			return nil, clear
		}
	}
	return value, true
}

// only finds the one element of a list that begins at a bracket; end is where the list's own end stands.
func only(text []byte, bracket int) (start, stop, end int, ok bool) {
	w := open(text, bracket)
	if !w.next(false) {
		return 0, 0, 0, false
	}
	start, stop = w.start, w.end
	if w.next(false) {
		return 0, 0, 0, false
	}
	return start, stop, w.at, true
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
