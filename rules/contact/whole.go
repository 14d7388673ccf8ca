package contact

import (
	"bytes"
	"unicode"
	"unicode/utf8"

	"github.com/tagwarden/tagwarden/rules/ascii"
)

// How long a text is that is read as a whole, in bytes: a shorter one is no address, a longer one is looked at by
// nobody.
const (
	shortestWhole = 6
	LongestWhole  = 128
)

// Whole tells whether a text is, as a whole, an e-mail address ([Address]) or the international number of a telephone
// ([Number]), in whatever dress, or a list of addresses; else [None]. A text that holds such a thing among other words
// is none.
func Whole(text []byte) Kind {
	if len(text) > LongestWhole {
		return None
	}
	text = trim(text)
	if len(text) == 0 || text[0] == '/' || bytes.IndexByte(text, '?') >= 0 || bytes.Contains(text, []byte("://")) {
		return None // an address of a page
	}
	if unusual(text) {
		text = usual(text)
	}
	switch {
	case len(text) < shortestWhole:
	case bytes.IndexByte(text, '@') >= 0:
		if wholeAddresses(text) {
			return Address
		}
	case wholeNumber(text):
		return Number
	}
	return None
}

// wholeAddresses knows a list of addresses, be it of one.
func wholeAddresses(text []byte) bool {
	for len(text) > 0 {
		end := bytes.IndexAny(text, ",;\n")
		if end < 0 {
			return wholeAddress(trim(text))
		}
		if one := trim(text[:end]); len(one) > 0 && !wholeAddress(one) {
			return false
		}
		text = trim(text[end+1:])
	}
	return true
}

// wholeAddress knows "local@domain.tld", also as "Name <local@domain.tld>" and "mailto:local@domain.tld".
func wholeAddress(text []byte) bool {
	if last := len(text) - 1; last > 0 && text[last] == '>' {
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
	if !found || len(bytes.TrimLeft(local, "'/`.-")) == 0 {
		return false
	}
	for _, c := range local {
		if !inLocal(c) {
			return false
		}
	}
	domain = bytes.TrimSuffix(domain, []byte{'.'})
	dot := bytes.LastIndexByte(domain, '.')
	if dot < 1 || len(domain)-dot < 3 || ascii.IsDigit(domain[dot+1]) || domain[dot+1] == '-' {
		return false
	}
	for i, c := range domain {
		if !ascii.IsAlnum(c) && c != '-' && c < utf8.RuneSelf && (c != '.' || i == 0 || domain[i-1] == '.') {
			return false
		}
	}
	return true
}

// wholeNumber knows a number of 8 to 15 digits behind "+" or "00" (E.164, section 6), with what people write between
// the digits, "(0)" among it, and behind them for an extension.
func wholeNumber(text []byte) bool {
	if len(text) > 4 && ascii.EqualFold(text[:4], "tel:") {
		text = text[4:]
	}
	text = bytes.TrimLeft(text, "(")
	plus, zeros, digits, within := false, 0, 0, false
	for i := 0; i < len(text); {
		c, n := rune(text[i]), 1
		if c >= utf8.RuneSelf {
			c, n = utf8.DecodeRune(text[i:])
		}
		digit, is := digitOf(c)
		switch {
		case c == '+' && i == 0:
			plus = true
		case is && digit == 0 && digits == 0 && !plus:
			if zeros++; zeros > 2 {
				return false
			}
		case is && digits == 0 && !plus && zeros < 2, is && digits == 0 && digit == 0:
			return false
		case is && digit == 0 && within && text[i-1] == '(' && i+1 < len(text) && text[i+1] == ')':
			// (0)
		case is:
			digits++
		case digits >= 8 && extension(text[i:]):
			return digits <= 15
		case !parts(c):
			return false
		}
		within = c == '('
		i += n
	}
	return digits >= 8 && digits <= 15
}

// parts tells whether people write a sign between the digits of a number.
func parts(c rune) bool {
	return c == '-' || c == '.' || c == '/' || c == '(' || c == ')' || unicode.IsSpace(c) || c >= 0x2010 && c <= 0x2015
}

// extension knows what stands behind a number for a telephone below it: up to six digits behind a word or a sign.
func extension(text []byte) bool {
	for _, sign := range []string{"extension", ";ext=", "ext.", "ext", "x", "#"} {
		if len(text) > len(sign) && ascii.EqualFold(text[:len(sign)], sign) {
			text = bytes.TrimLeft(text[len(sign):], ". :")
			return len(text) > 0 && len(text) <= 6 && ascii.Digits(text)
		}
	}
	return false
}
