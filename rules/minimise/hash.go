package minimise

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// hash writes SHA-256 in hex of the value as vendors normalise it for matching: e-mail addresses trimmed and in lower case, phone numbers
// as the digits of E.164, birth dates as digits, the rest trimmed and in lower case. What is such a hash already passes.
func (a *Action) hash(dst []byte, v Value) ([]byte, Outcome) {
	if v.Kind == BoolValue {
		return dst, Dropped
	}
	if isSHA256(v.Bytes) {
		return dst, Kept
	}
	base := len(dst)
	switch a.class {
	case hit.Phone:
		dst = pseudonym.AppendNormal(dst, pseudonym.Dialled, v.Bytes)
	case hit.BirthDate:
		for _, c := range v.Bytes {
			if isDigit(c) {
				dst = append(dst, c)
			}
		}
	case hit.Gender:
		dst = pseudonym.AppendNormal(dst, pseudonym.Mailbox, v.Bytes)
		if len(dst) > base { // vendors ask for the first letter
			dst = dst[:base+1]
		}
	default:
		dst = pseudonym.AppendNormal(dst, pseudonym.Mailbox, v.Bytes)
	}
	if len(dst) == base {
		return dst, Dropped
	}
	sum := sha256.Sum256(dst[base:])
	return hex.AppendEncode(dst[:base], sum[:]), Rewritten
}

func isSHA256(b []byte) bool {
	if len(b) != 64 {
		return false
	}
	for _, c := range b {
		if !isDigit(c) && (c|0x20 < 'a' || c|0x20 > 'f') {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c | 0x20
	}
	return c
}
