package batch

import (
	"bytes"

	"github.com/tagwarden/tagwarden/rules/ascii"
)

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
