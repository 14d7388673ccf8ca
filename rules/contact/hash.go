package contact

import (
	"bytes"
	"encoding/base64"

	"github.com/tagwarden/tagwarden/rules/ascii"
)

// AppendHash appends a hash of size bytes (32: SHA-256, 16: MD5) in hexadecimal, small letters, in whatever dress it
// comes: hexadecimal of any case, base64 of either alphabet (RFC 4648) with padding or without, the function's name in
// front (sha256:, sha256-, md5:) or 0x, blanks around it. Ok is false where the text is none, and nothing is appended.
func AppendHash(dst, text []byte, size int) (out []byte, ok bool) {
	if text = undressed(trim(text), size); len(text) == 2*size && ascii.HexDigits(text) {
		for _, c := range text {
			dst = append(dst, ascii.Lower(c))
		}
		return dst, true
	}
	digits := (size*8 + 5) / 6 // of base64, the padding aside
	if len(text) < digits || len(text) > digits+2 {
		return dst, false
	}
	if len(bytes.Trim(text[digits:], "=")) > 0 { // of padding more than is due does no harm
		return dst, false
	}
	var raw [48]byte
	var plain [48]byte
	for i, c := range text[:digits] {
		switch c {
		case '-':
			c = '+'
		case '_':
			c = '/'
		}
		plain[i] = c
	}
	if n, err := base64.RawStdEncoding.Decode(raw[:], plain[:digits]); err != nil || n != size {
		return dst, false
	}
	const hex = "0123456789abcdef"
	for _, c := range raw[:size] {
		dst = append(dst, hex[c>>4], hex[c&15])
	}
	return dst, true
}

// undressed is a text without what may stand in front of a hash.
func undressed(text []byte, size int) []byte {
	names := [...]string{"sha256", "sha-256"}
	if size == 16 {
		names = [...]string{"md5", "md-5"}
	}
	for _, name := range names {
		if ascii.HasPrefixFold(text, name) && len(text) > len(name) {
			if c := text[len(name)]; c == ':' || c == '-' || c == '=' || c == '_' || c == '$' {
				return trim(text[len(name)+1:])
			}
		}
	}
	if ascii.HasPrefixFold(text, "0x") && len(text) == 2+2*size {
		return text[2:]
	}
	return text
}
