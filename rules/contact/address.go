package contact

import (
	"bytes"

	"github.com/tagwarden/tagwarden/rules/ascii"
)

// Addresses reads e-mail addresses one after another. A text may be an address alone, one with a name beside it
// (Jane <jane@example.com>), a mailto: address, percent-escaped, or a list of any of them.
type Addresses struct {
	text  []byte
	first bool // nothing was read yet
}

// ReadAddresses begins to read.
func ReadAddresses(text []byte) Addresses { return Addresses{trim(text), true} }

// Append appends the next address in its normal form; ok is false where there is none any more, and nothing is appended.
//
// The normal form is what vendors ask to be hashed: small letters, nothing around it, composed (NFC), and the domain as
// the network has it: labels in ASCII (RFC 5891), no dot at its end. Dots and tags (+news) before the "@" are part of it.
func (a *Addresses) Append(dst []byte) (out []byte, ok bool) {
	if a.first {
		a.first = false
		if plainAddress(a.text) {
			for _, c := range a.text {
				dst = append(dst, ascii.Lower(c))
			}
			a.text = nil
			return dst, true
		}
		if unusual(a.text) {
			a.text = usual(a.text)
		}
	}
	for len(a.text) > 0 {
		at := bytes.IndexByte(a.text, '@')
		if at < 0 {
			break
		}
		local, end := localBefore(a.text, at), at+1
		for end < len(a.text) && inDomain(a.text[end]) {
			end++
		}
		domain := a.text[at+1 : end]
		a.text = a.text[end:]
		base := len(dst)
		if dst, ok = appendParts(dst, local, domain); ok {
			return dst, true
		}
		dst = dst[:base]
	}
	a.text = nil
	return dst, false
}

// plainAddress tells whether a text is one address of letters, digits and what mostly stands between them, so that
// nothing but capital letters keeps it from being in its normal form.
func plainAddress(text []byte) bool {
	at := -1
	for i, c := range text {
		switch {
		case ascii.IsAlnum(c) || c == '.' || c == '-' || c == '_':
		case c == '+' && at < 0:
		case c == '@' && at < 0:
			at = i
		default:
			return false
		}
	}
	return at > 0 && at+1 < len(text) && text[0] != '.' && text[0] != '-' &&
		ascii.IsAlnum(text[at+1]) && ascii.IsAlnum(text[len(text)-1])
}

// localBefore is what stands before an "@" as its local part, out of quotation marks that it does not need.
func localBefore(text []byte, at int) []byte {
	if at > 1 && text[at-1] == '"' {
		if from := bytes.LastIndexByte(text[:at-1], '"'); from >= 0 {
			if inner := text[from+1 : at-1]; atoms(inner) {
				return inner
			}
			return text[from:at]
		}
	}
	from := at
	for from > 0 && inLocal(text[from-1]) {
		from--
	}
	return bytes.TrimLeft(text[from:at], "'/`.-")
}

// atoms tells whether a local part can do without quotation marks.
func atoms(text []byte) bool {
	for _, c := range text {
		if !inLocal(c) {
			return false
		}
	}
	return len(text) > 0 && text[0] != '\'' && text[0] != '/' && text[0] != '`' && text[0] != '.' && text[0] != '-'
}

// inLocal tells whether a byte may stand before the "@": what RFC 5322 calls atext, the dot, and whatever is not ASCII,
// but none of the marks that lists and addresses in brackets are written with.
func inLocal(c byte) bool {
	return ascii.IsAlnum(c) || c >= 0x80 || bytes.IndexByte(localMarks, c) >= 0
}

var localMarks = []byte("!#$%&'*+-/=?^_`~.")

// inDomain tells whether a byte may stand behind the "@".
func inDomain(c byte) bool { return ascii.IsAlnum(c) || c == '.' || c == '-' || c == '_' || c >= 0x80 }

// appendParts appends an address; ok is false where one of its parts is none.
func appendParts(dst, local, domain []byte) (out []byte, ok bool) {
	domain = bytes.Trim(domain, ".-")
	if len(local) == 0 || len(domain) == 0 {
		return dst, false
	}
	if !isASCII(local) {
		if local = composed(local); local == nil {
			return dst, false
		}
	}
	if !isASCII(domain) {
		if domain = asciiDomain(domain); len(domain) == 0 {
			return dst, false
		}
	}
	for _, c := range local {
		dst = append(dst, ascii.Lower(c))
	}
	dst = append(dst, '@')
	for _, c := range domain {
		dst = append(dst, ascii.Lower(c))
	}
	return dst, true
}

func isASCII(text []byte) bool {
	for _, c := range text {
		if c >= 0x80 {
			return false
		}
	}
	return true
}
