package contact

import "github.com/tagwarden/tagwarden/rules/ascii"

// Kind is what an id that a site chose may be besides an id.
type Kind uint8

// The kinds. The zero Kind is an id alone.
const (
	None    Kind = iota
	Address      // an address may be in it
	Number       // a phone number, with a plus
	Hash         // a SHA-256
)

// Look says what a text may be at first sight.
func Look(text []byte) Kind {
	for i, c := range text {
		switch {
		case c == '@':
			return Address
		case c == '%' && len(text) > i+2 && text[i+1] == '4' && text[i+2] == '0':
			return Address
		case c == 0xEF && len(text) > i+2 && (text[i+1] == 0xBC && text[i+2] == 0xA0 || text[i+1] == 0xB9 && text[i+2] == 0xAB):
			return Address // full width, small form
		}
	}
	text = trim(text)
	if len(text) >= 43 {
		var room [64]byte
		if _, ok := AppendHash(room[:0], text, 32); ok {
			return Hash
		}
	}
	if len(text) > leastDigits && text[0] == '+' && ascii.IsDigit(text[1]) && called(text[1:]) {
		return Number
	}
	return None
}

// called tells whether a text is digits and what they are parted by, and digits enough for a number.
func called(text []byte) bool {
	digits := 0
	for _, c := range text {
		switch {
		case ascii.IsDigit(c):
			digits++
		case c != ' ' && c != '-' && c != '.' && c != '/' && c != '(' && c != ')':
			return false
		}
	}
	return digits >= leastDigits && digits <= mostDigits
}
