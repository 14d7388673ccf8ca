package pseudonym

import (
	"bytes"
	"unicode/utf8"

	"github.com/tagwarden/tagwarden/rules/ascii"
)

// How long a text is that is read as a whole, in bytes: a shorter one is no address, a longer one is looked at by nobody.
const (
	shortestWhole = 6
	LongestWhole  = 128
)

// Whole tells whether a text is, as a whole, an e-mail address or the international number of a telephone, and how it
// is then brought to its normal form: [Mailbox] or [Dialled]. A text that holds such a thing among other words is none.
func Whole(text []byte) (Norm, bool) {
	if len(text) > LongestWhole {
		return Trimmed, false
	}
	switch text = trim(text); {
	case len(text) < shortestWhole:
		return Trimmed, false
	case bytes.IndexByte(text, '@') >= 0:
		return Mailbox, wholeMailbox(text)
	default:
		return Dialled, wholeDialled(text)
	}
}

// wholeMailbox knows "local@domain.tld", also as "Name <local@domain.tld>" and "mailto:local@domain.tld".
func wholeMailbox(text []byte) bool {
	if last := len(text) - 1; text[last] == '>' {
		open := bytes.LastIndexByte(text, '<')
		if open < 0 {
			return false
		}
		text = trim(text[open+1 : last])
	}
	if len(text) > 7 && ascii.EqualFold(text[:7], "mailto:") {
		text = text[7:]
	}
	local, domain, found := bytes.Cut(text, []byte{'@'})
	if !found || len(local) == 0 || bytes.ContainsAny(local, " \t\r\n,:;<>()[]\\") {
		return false
	}
	domain = bytes.TrimSuffix(domain, []byte{'.'})
	dot := bytes.LastIndexByte(domain, '.')
	if dot < 1 || len(domain)-dot < 3 || ascii.IsDigit(domain[dot+1]) {
		return false
	}
	for i, c := range domain {
		if !ascii.IsAlnum(c) && c != '-' && c < utf8.RuneSelf && (c != '.' || i == 0 || domain[i-1] == '.') {
			return false
		}
	}
	return true
}

// wholeDialled knows a number of 8 to 15 digits behind "+" or "00" (E.164, section 6), with what people write between
// the digits, "(0)" among it.
func wholeDialled(text []byte) bool {
	if len(text) > 4 && ascii.EqualFold(text[:4], "tel:") {
		text = text[4:]
	}
	text = bytes.TrimLeft(text, "(")
	rest, plus := bytes.CutPrefix(text, []byte{'+'})
	if !plus {
		if rest, plus = bytes.CutPrefix(text, []byte("00")); !plus {
			return false
		}
	}
	digits := 0
	for len(rest) > 0 {
		switch c := rest[0]; {
		case ascii.IsDigit(c):
			if digits == 0 && c == '0' {
				return false
			}
			digits++
		case digits > 0 && bytes.HasPrefix(rest, []byte("(0)")):
			rest = rest[2:]
		case c == ' ', c == '-', c == '.', c == '/', c == '(', c == ')':
		case c >= utf8.RuneSelf && between(&rest):
		default:
			return false
		}
		rest = rest[1:]
	}
	return digits >= 8 && digits <= 15
}

// between takes a space or a dash that is none of ASCII off the front, but for its last byte, and tells whether one is
// there.
func between(rest *[]byte) bool {
	r, n := utf8.DecodeRune(*rest)
	if r != 0xA0 && r != 0x202F && r != 0x2009 && (r < 0x2010 || r > 0x2015) {
		return false
	}
	*rest = (*rest)[n-1:]
	return true
}
