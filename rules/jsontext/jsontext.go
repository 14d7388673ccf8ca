// Package jsontext reads texts of JSON (RFC 8259) as bytes: where a value ends, and whether a text is one. It makes no
// values of them, and nothing in it calls itself, however deep a text is nested.
package jsontext

import (
	"encoding/binary"
	"math/bits"

	"github.com/tagwarden/tagwarden/rules/ascii"
)

// Nowhere is the end of what is none.
const Nowhere = -1

// Space returns where what is no white space begins, from a place on: the text's length, where nothing else comes.
func Space(text []byte, i int) int {
	for i < len(text) && (text[i] == ' ' || text[i] == '\n' || text[i] == '\t' || text[i] == '\r') {
		i++
	}
	return i
}

// StringEnd reads a string that begins with its quote: it returns where what comes behind it begins, and whether there
// is an escape in it. [Nowhere] is a string that does not end, or that holds a control character or what is no escape.
func StringEnd(text []byte, i int) (end int, escaped bool) {
	for i = plainEnd(text, i+1); i < len(text); i = plainEnd(text, i) {
		switch text[i] {
		case '"':
			return i + 1, escaped
		case '\\':
			if i = escapeEnd(text, i); i < 0 {
				return Nowhere, true
			}
			escaped = true
		default:
			return Nowhere, escaped
		}
	}
	return Nowhere, escaped
}

// plainEnd returns where the next byte of a string stands that is no plain text: a
// quote, a backslash or a control byte.
func plainEnd(text []byte, i int) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	for ; i+8 <= len(text); i += 8 {
		// The lowest bit is exact that is set: what is subtracted from a byte is borrowed of those above it alone.
		word := binary.LittleEndian.Uint64(text[i:])
		quote, back := word^'"'*ones, word^'\\'*ones
		if found := ((quote-ones)&^quote | (back-ones)&^back | (word-' '*ones)&^word) & highs; found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
	}
	for i < len(text) && text[i] != '"' && text[i] != '\\' && text[i] >= ' ' {
		i++
	}
	return i
}

// escapeEnd reads an escape in a string.
func escapeEnd(text []byte, i int) (end int) {
	if i+1 >= len(text) {
		return Nowhere
	}
	switch text[i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 2
	case 'u':
		if i+6 <= len(text) && ascii.HexDigits(text[i+2:i+6]) {
			return i + 6
		}
	}
	return Nowhere
}

// LeafEnd reads a value that is neither an object nor a list, and returns where what comes behind it
// begins: [Nowhere], where there is none.
func LeafEnd(text []byte, i int) (end int) {
	if i >= len(text) {
		return Nowhere
	}
	switch text[i] {
	case '"':
		end, _ = StringEnd(text, i)
		return end
	case 't':
		return wordEnd(text, i, "true")
	case 'f':
		return wordEnd(text, i, "false")
	case 'n':
		return wordEnd(text, i, "null")
	default:
		return numberEnd(text, i)
	}
}

func wordEnd(text []byte, i int, word string) (end int) {
	if len(text)-i < len(word) || string(text[i:i+len(word)]) != word {
		return Nowhere
	}
	return i + len(word)
}

func numberEnd(text []byte, i int) (end int) {
	if text[i] == '-' {
		i++
	}
	if i < len(text) && text[i] == '0' {
		i++
	} else if i = digitsEnd(text, i); i < 0 {
		return Nowhere
	}
	if i < len(text) && text[i] == '.' {
		if i = digitsEnd(text, i+1); i < 0 {
			return Nowhere
		}
	}
	if i < len(text) && (text[i] == 'e' || text[i] == 'E') {
		if i++; i < len(text) && (text[i] == '+' || text[i] == '-') {
			i++
		}
		return digitsEnd(text, i)
	}
	return i
}

// digitsEnd reads digits, at least one.
func digitsEnd(text []byte, i int) (end int) {
	from := i
	for i < len(text) && ascii.IsDigit(text[i]) {
		i++
	}
	if i == from {
		return Nowhere
	}
	return i
}
