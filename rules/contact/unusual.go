package contact

import (
	"bytes"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"

	"github.com/tagwarden/tagwarden/rules/ascii"
)

// longestUnusual is how many bytes of a text that is not plain ASCII are looked at, and longestDomain of a domain in it:
// an address has at most 254 (RFC 5321), and what makes ASCII of a domain takes longer for each byte of a long one.
const (
	longestUnusual = 16 << 10
	longestDomain  = 512
)

// unusual tells whether a text holds percent escapes, or anything but ASCII.
func unusual(text []byte) bool {
	for i, c := range text {
		if c >= utf8.RuneSelf || c == '%' && escaped(text[i:]) {
			return true
		}
	}
	return false
}

func escaped(text []byte) bool {
	return len(text) > 2 && text[0] == '%' && ascii.IsHex(text[1]) && ascii.IsHex(text[2])
}

// usual is a text without percent escapes, its white space, quotation marks and full-width letters in ASCII and its
// characters without width left out; nil where it is too long, or stays what it is however often that is done.
func usual(text []byte) []byte {
	if len(text) > longestUnusual {
		return nil
	}
	for range 4 {
		text = simpler(unescaped(text))
		if !stillEscaped(text) {
			return trim(text)
		}
	}
	return nil
}

// stillEscaped tells whether an escape is left.
func stillEscaped(text []byte) bool {
	for i := range text {
		if escaped(text[i:]) {
			return true
		}
	}
	return false
}

// unescaped is a text with no percent escape left in it, those included that appear when another one is undone.
func unescaped(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for _, c := range text {
		for out = append(out, c); len(out) > 2 && escaped(out[len(out)-3:]); {
			n := len(out)
			out = append(out[:n-3], ascii.Hex(out[n-2])<<4|ascii.Hex(out[n-1]))
		}
	}
	return out
}

// simpler is a text with its signs in ASCII where they are only another dress of them, composed.
func simpler(text []byte) []byte {
	if isASCII(text) {
		return text
	}
	out := make([]byte, 0, len(text))
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		switch {
		case r == utf8.RuneError && n == 1:
			out = append(out, ' ') // no character, and no part of an address
		case unicode.IsSpace(r) || r < ' ':
			out = append(out, ' ')
		case blank(r) || r == 0xAD || r >= 0x2060 && r <= 0x2064 || r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069:
		case r >= 0xFF01 && r <= 0xFF5E: // full-width forms of ASCII
			out = append(out, byte(r-0xFF01+'!'))
		case r == 0xFE6B:
			out = append(out, '@')
		case r == 0x3002 || r == 0xFF61: // dots of domains (RFC 3490, section 3.1)
			out = append(out, '.')
		case unicode.In(r, unicode.Pi, unicode.Pf, unicode.Ps, unicode.Pe):
			out = append(out, ' ') // quotation marks and brackets stand beside an address
		default:
			out = append(out, text[:n]...)
		}
		text = text[n:]
	}
	return norm.NFC.Bytes(out)
}

// composed is a local part in small letters and composed; nil where that has no end.
func composed(text []byte) []byte {
	for range 4 {
		next := norm.NFC.Bytes(bytes.ToLower(text))
		if bytes.Equal(next, text) {
			return next
		}
		text = next
	}
	return nil
}

// asciiDomain is a domain with its labels in ASCII; where it is no domain that the network could have, in small letters
// as it stands.
func asciiDomain(text []byte) []byte {
	if len(text) > longestDomain {
		return nil
	}
	if domain, err := idna.Lookup.ToASCII(string(text)); err == nil {
		return bytes.Trim([]byte(domain), ".-")
	}
	return bytes.Trim(composed(text), ".-")
}

// trim takes off white space and characters without width.
func trim(b []byte) []byte {
	for len(b) > 0 {
		r, n := rune(b[0]), 1
		if b[0] >= utf8.RuneSelf {
			r, n = utf8.DecodeRune(b)
		}
		if !blank(r) {
			break
		}
		b = b[n:]
	}
	for len(b) > 0 {
		r, n := rune(b[len(b)-1]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeLastRune(b)
		}
		if !blank(r) {
			break
		}
		b = b[:len(b)-n]
	}
	return b
}

// blank tells whether a character is white space, a control character, or has no width.
func blank(r rune) bool {
	if r < utf8.RuneSelf {
		return r <= ' ' || r == 0x7F
	}
	return unicode.IsSpace(r) || r == 0xFEFF || r >= 0x200B && r <= 0x200F
}
