package contact

import (
	"unicode"
	"unicode/utf8"

	"github.com/tagwarden/tagwarden/rules/ascii"
)

// Reading says how a phone number was read. The zero Reading is none.
type Reading uint8

// The readings.
const (
	NoNumber      Reading = iota
	International         // it says its country itself: a plus, or what is dialled for one
	Within                // it was taken for one of the country that was named
	Bare                  // digits that do not say their country: as they stand
)

const (
	leastDigits = 7  // of a number that others stand beside, or an extension behind
	mostDigits  = 24 // of a number with all that is dialled before it: E.164 has 15
	bareDigits  = 11 // a number without a sign in front that has as many, and no 0 first, begins with a country's code
)

// AppendPhone appends the first phone number of a text in its normal form, the digits of E.164 without plus, and returns
// how it was read and what of the text stands behind it, nil where nothing does that is another number. The country is
// that whose numbers are meant where one does not say, nil where nobody knows; what does not say its country then stays
// as it stands. Nothing is appended for [NoNumber].
//
// Digits of every script are read; 00 (or what the country dials instead) is a plus; a 0 behind the country's code, in
// brackets or not, goes where that country has no number that begins with 0; an extension is no part of the number.
func AppendPhone(dst, text []byte, in *Country) (out, rest []byte, how Reading) {
	base := len(dst)
	dst, rest, plus := appendDigits(dst, text)
	d := dst[base:]
	if len(d) == 0 || len(d) > mostDigits {
		return dst[:base], rest, NoNumber
	}
	if !plus && in != nil && in.exit != "" && len(d) >= len(in.exit)+leastDigits && string(d[:len(in.exit)]) == in.exit {
		d, plus = d[len(in.exit):], true
	}
	for len(d) > 2 && d[0] == '0' && d[1] == '0' {
		d, plus = d[2:], true
	}
	switch {
	case plus:
		d, how = withoutTrunk(d), International
	case in != nil:
		own := in.significant(d)
		n := len(own)
		if n == 0 {
			return dst[:base], rest, NoNumber
		}
		dst = append(dst, in.code...) // room for both, then in their order
		d = dst[base : base+n+len(in.code)]
		copy(d[len(in.code):], own)
		copy(d, in.code)
		return dst[:base+len(d)], rest, Within
	default:
		if how = Bare; len(d) >= bareDigits && d[0] != '0' {
			d = withoutTrunk(d)
		}
	}
	n := copy(dst[base:], d)
	return dst[:base+n], rest, how
}

// appendDigits appends the digits of the first number of a text, and tells whether a plus stands before them.
func appendDigits(dst, text []byte) (out, rest []byte, plus bool) {
	base := len(dst)
	for i := 0; i < len(text); {
		c, n := rune(text[i]), 1
		if c >= utf8.RuneSelf {
			c, n = utf8.DecodeRune(text[i:])
			if digit, ok := digitOf(c); ok {
				c = '0' + rune(digit)
			}
		}
		found := len(dst) - base
		switch {
		case c >= '0' && c <= '9':
			if found <= mostDigits {
				dst = append(dst, byte(c))
			}
		case found < leastDigits:
			plus = plus || found == 0 && (c == '+' || c == 0xFF0B)
		case c == '+' || c == 0xFF0B:
			return dst, another(text[i:]), plus
		case c == ',' || c == ';' || c == '|' || c == '#' || c == '\n' || unicode.IsLetter(c):
			return dst, another(text[i+n:]), plus
		case c == '/':
			if more := another(text[i+n:]); more != nil {
				return dst, more, plus
			}
		}
		i += n
	}
	return dst, nil, plus
}

// another is a text where it holds the digits of a number, and nil where what stands there is an extension at most.
func another(text []byte) []byte {
	found := 0
	for i := 0; i < len(text); {
		c, n := rune(text[i]), 1
		if c >= utf8.RuneSelf {
			c, n = utf8.DecodeRune(text[i:])
		}
		if _, ok := digitOf(c); ok {
			if found++; found == leastDigits {
				return text
			}
		} else if c == ',' || c == ';' || c == '|' || c == '/' || c == '\n' {
			found = 0
		}
		i += n
	}
	return nil
}

// digitOf is the value of a decimal digit of any script.
func digitOf(c rune) (digit int, ok bool) {
	if c < utf8.RuneSelf {
		return int(c - '0'), ascii.IsDigit(byte(c))
	}
	for _, of := range unicode.Nd.R16 {
		if c <= rune(of.Hi) {
			return int(c-rune(of.Lo)) % 10, c >= rune(of.Lo)
		}
	}
	for _, of := range unicode.Nd.R32 {
		if c <= rune(of.Hi) {
			return int(c-rune(of.Lo)) % 10, c >= rune(of.Lo)
		}
	}
	return 0, false
}

// withoutTrunk is a number that begins with its country's code, without the zeros that stand behind that for calls
// within the country.
func withoutTrunk(d []byte) []byte {
	n := CallingCode(d)
	if n == 0 || zeroKept(string(d[:n])) {
		return d
	}
	zeros := 0
	for n+zeros < len(d) && d[n+zeros] == '0' {
		zeros++
	}
	copy(d[n:], d[n+zeros:])
	return d[:len(d)-zeros]
}

// CallingCode is how many digits of a number are its country's code (ITU-T E.164, annex), 0 where none is.
func CallingCode(d []byte) int {
	if len(d) < 4 {
		return 0
	}
	switch d[0] {
	case '0':
		return 0
	case '1', '7':
		return 1
	}
	switch string(d[:2]) {
	case "20", "27", "28", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46", "47", "48", "49",
		"51", "52", "53", "54", "55", "56", "57", "58", "60", "61", "62", "63", "64", "65", "66",
		"81", "82", "84", "86", "90", "91", "92", "93", "94", "95", "98":
		return 2
	default:
		return 3
	}
}

// zeroKept tells whether numbers of a country's code may begin with 0 behind it, and are called so from abroad.
func zeroKept(code string) bool {
	switch code {
	case "39", "47", "225", "226", "227", "229", "241", "242", "247", "267", "268", "378", "379", "501", "507", "676", "679",
		"687", "800", "853", "881", "888", "974", "992":
		return true
	default:
		return false
	}
}
