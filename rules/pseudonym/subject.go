package pseudonym

import (
	"unicode"
	"unicode/utf8"

	"github.com/tagwarden/tagwarden/rules/ascii"
	"github.com/tagwarden/tagwarden/rules/contact"
)

// Numbers of the normal forms. What was hashed in an older one stays found: an identifier whose text differs is looked
// up in both, as long as subjects of the older form are stored. What is written anew is of the newest.
const (
	FirstForm  uint8 = 1
	NewestForm uint8 = 2
)

// Norm says how an identifier is brought to one form before it is hashed.
type Norm uint8

// The norms. The zero [Norm] suits every identifier that has no other. Those of the first form never change: stored
// hashes were made by them.
const (
	Trimmed Norm = iota // white space around it taken off
	Mailbox             // an e-mail address, first form: trimmed, lower case
	Dialled             // a phone number, first form: the digits of E.164, without plus, "00" or "(0)"
	Address             // an e-mail address, newest form: the first one that is in the text; see package contact
	Number              // a phone number, newest form: likewise
	Hashed              // a hash of one of them, newest form
)

// First is the norm by which the first form brought to one form what n does now.
func (n Norm) First() Norm {
	switch n {
	case Address, Hashed:
		return Mailbox
	case Number:
		return Dialled
	case Mailbox, Dialled:
		return n
	default:
		return Trimmed
	}
}

// AppendNormal appends the identifier's normal form. It may be empty; then there is no identifier.
func AppendNormal(dst []byte, norm Norm, id []byte) []byte {
	id = trim(id)
	if f, exact, ok := norm.of(); ok {
		return appendID(dst, f, exact, id)
	}
	switch norm {
	case Address:
		in := contact.ReadAddresses(id)
		if out, ok := in.Append(dst); ok {
			return out
		}
		return appendLower(dst, id)
	case Number:
		if out, _, how := contact.AppendPhone(dst, id, nil); how != contact.NoNumber {
			return out
		}
		return appendDialled(dst, id)
	case Mailbox, Hashed:
		return appendLower(dst, id)
	case Dialled:
		return appendDialled(dst, id)
	default:
		return append(dst, id...)
	}
}

// isPlain tells whether a byte is a character of its own, and none that trim takes off.
func isPlain(c byte) bool { return c > ' ' && c < utf8.RuneSelf }

// trim takes off white space and characters without width.
func trim(b []byte) []byte {
	if n := len(b); n > 0 && isPlain(b[0]) && isPlain(b[n-1]) {
		return b
	}
	blank := func(r rune) bool { return unicode.IsSpace(r) || r < ' ' || r == 0xFEFF || r >= 0x200B && r <= 0x200F }
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if !blank(r) {
			break
		}
		b = b[n:]
	}
	for len(b) > 0 {
		r, n := utf8.DecodeLastRune(b)
		if !blank(r) {
			break
		}
		b = b[:len(b)-n]
	}
	return b
}

func appendLower(dst, b []byte) []byte {
	for len(b) > 0 {
		if c := b[0]; c < utf8.RuneSelf {
			dst = append(dst, ascii.Lower(c))
			b = b[1:]
			continue
		}
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError {
			dst = append(dst, b[:n]...)
		} else {
			dst = utf8.AppendRune(dst, unicode.ToLower(r))
		}
		b = b[n:]
	}
	return dst
}

func appendDialled(dst, b []byte) []byte {
	base := len(dst)
	plus := false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case ascii.IsDigit(c):
			dst = append(dst, c)
		case c == '+' && len(dst) == base:
			plus = true
		case c == '(' && i+2 < len(b) && b[i+1] == '0' && b[i+2] == ')' && len(dst) > base:
			i += 2
		}
	}
	if d := dst[base:]; !plus && len(d) > 2 && d[0] == '0' && d[1] == '0' {
		n := copy(d, d[2:])
		dst = dst[:base+n]
	}
	return dst
}

// SubjectHash returns what a subject is stored under: HMAC-SHA256 over namespace, a zero byte and the normalised id,
// cut to 16 bytes. The namespace is the identifier's class; for ids that a vendor's SDK made, the catalog id too.
func SubjectHash(key *Hasher, namespace string, id []byte) [16]byte {
	var buf [96]byte
	head := append(append(buf[:0], namespace...), 0)
	mac := key.MAC(head, id)
	return [16]byte(mac[:16])
}
