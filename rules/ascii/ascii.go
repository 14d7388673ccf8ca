// Package ascii says what a byte of ASCII is, and compares texts without regard to the case of ASCII letters. Whatever
// is not ASCII is no letter, no digit and no space, and equals itself alone.
package ascii

import (
	"encoding/binary"
	"slices"
	"strings"
)

// Text is what is read here: bytes as received, or words of ours.
type Text interface{ ~[]byte | ~string }

// IsDigit tells whether a byte is one of 0 to 9.
func IsDigit(c byte) bool { return c-'0' < 10 }

// IsLetter tells whether a byte is a letter, of either case.
func IsLetter(c byte) bool { return c|0x20-'a' < 26 }

// IsUpper tells whether a byte is a capital letter.
func IsUpper(c byte) bool { return c-'A' < 26 }

// IsLower tells whether a byte is a small letter.
func IsLower(c byte) bool { return c-'a' < 26 }

// IsAlnum tells whether a byte is a letter or a digit.
func IsAlnum(c byte) bool { return IsLetter(c) || IsDigit(c) }

// IsHex tells whether a byte is a hexadecimal digit, of either case.
func IsHex(c byte) bool { return IsDigit(c) || c|0x20-'a' < 6 }

// IsToken tells whether a byte may stand in a token, as names of headers are (RFC 9110, section 5.6.2).
func IsToken(c byte) bool { return IsAlnum(c) || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0 }

// Hex is the value of a hexadecimal digit, 16 where it is none.
func Hex(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10
	default:
		return 16
	}
}

// Lower is a byte, or the small letter where it is a capital.
func Lower(c byte) byte {
	if IsUpper(c) {
		return c | 0x20
	}
	return c
}

// Upper is a byte, or the capital where it is a small letter.
func Upper(c byte) byte {
	if IsLower(c) {
		return c &^ 0x20
	}
	return c
}

// HasControl tells whether a control byte is in a text: one below the space, or DEL.
func HasControl(text []byte) bool {
	// Eight bytes at a time, with every byte's highest bit as the answer for it: it is set by subtracting where the byte
	// is less than what is subtracted, and counts where it was not set before.
	const each, highest = 0x0101010101010101, 0x8080808080808080
	for ; len(text) >= 8; text = text[8:] {
		eight := binary.LittleEndian.Uint64(text)
		others := eight ^ 0x7f*each // DEL is 0 in it
		if ((eight-' '*each)&^eight|(others-each)&^others)&highest != 0 {
			return true
		}
	}
	for _, c := range text {
		if c < ' ' || c == 0x7f {
			return true
		}
	}
	return false
}

// Digits tells whether a text is digits alone, and has any.
func Digits[T Text](text T) bool {
	for i := range len(text) {
		if !IsDigit(text[i]) {
			return false
		}
	}
	return len(text) > 0
}

// HexDigits tells whether a text is hexadecimal digits alone, and has any.
func HexDigits[T Text](text T) bool {
	for i := range len(text) {
		if !IsHex(text[i]) {
			return false
		}
	}
	return len(text) > 0
}

// EqualFold compares two texts, letters of any case being equal.
func EqualFold[A, B Text](a A, b B) bool { return len(a) == len(b) && folded(a, b) }

// folded compares texts of one length.
func folded[A, B Text](a A, b B) bool {
	for i := range len(a) {
		if x, y := a[i], b[i]; x != y && (x|0x20 != y|0x20 || !IsLetter(x)) {
			return false
		}
	}
	return true
}

// IsBlank tells whether a byte is a space or a tab: what may stand around the value
// of a header (RFC 9110, section 5.6.3).
func IsBlank(c byte) bool { return c == ' ' || c == '\t' }

// TrimBlank is a text without the spaces and tabs around it.
func TrimBlank(text []byte) []byte {
	for len(text) > 0 && IsBlank(text[0]) {
		text = text[1:]
	}
	for len(text) > 0 && IsBlank(text[len(text)-1]) {
		text = text[:len(text)-1]
	}
	return text
}

// HasPrefixFold tells whether a text begins with another, letters of any case being equal.
func HasPrefixFold[A, B Text](text A, prefix B) bool {
	return len(text) >= len(prefix) && folded(text[:len(prefix)], prefix)
}

// Listed tells whether a text is in a list, byte for byte. It makes no string of it.
func Listed(list []string, text []byte) bool {
	return slices.ContainsFunc(list, func(s string) bool { return s == string(text) })
}
