package scrub

import (
	"unicode/utf8"

	"github.com/tagwarden/tagwarden/rules/ascii"
)

// packing is what bytes are that base64 or hex stands for.
type packing uint8

const (
	plainText packing = iota
	littleUTF16
	bigUTF16
	gzipped
	zlibbed
)

// mayPack tells by the first characters of a run whether formOf may find anything but text in UTF-8 in it.
func mayPack(run []byte) bool {
	if len(run) < minRun {
		return false
	}
	switch run[0] {
	case 'H', 'e', '/', '_', 'A', '0', '1', '7':
		return true
	}
	switch run[1] { // the first byte of UTF-16 and a zero
	case 'A', 'Q', 'g', 'w':
		return true
	}
	return run[2] == '0' && run[3] == '0'
}

// formOf tells by the first bytes of a run of base64 or hex what it stands for, where that is no text in UTF-8.
func formOf(run []byte) packing {
	var head [3]byte
	if isHexRun(run) {
		for k := range head {
			head[k] = ascii.Hex(run[2*k])<<4 | ascii.Hex(run[2*k+1])
		}
	} else {
		a, b, c, d := sextet(run[0]), sextet(run[1]), sextet(run[2]), sextet(run[3])
		if a < 0 || b < 0 || c < 0 || d < 0 {
			return plainText
		}
		head = [3]byte{byte(a<<2 | b>>4), byte(b<<4 | c>>2), byte(c<<6 | d)}
	}
	switch {
	case head[0] == 0x1f && head[1] == 0x8b && head[2] == 8:
		return gzipped
	case head[0] == 0x78 && (int(head[0])<<8|int(head[1]))%31 == 0:
		return zlibbed
	case head[0] == 0xff && head[1] == 0xfe, head[1] == 0 && printable(head[0]):
		return littleUTF16
	case head[0] == 0xfe && head[1] == 0xff, head[0] == 0 && printable(head[1]):
		return bigUTF16
	}
	return plainText
}

// isHexRun tells whether a run of eight bytes or more is hex: an even number of digits.
func isHexRun(run []byte) bool {
	if len(run)%2 != 0 {
		return false
	}
	for _, c := range run[:minRun] {
		if !isHex(c) {
			return false
		}
	}
	return isHex(run[len(run)-1])
}

// unpack appends the text that a run of base64 or hex stands for, which is in UTF-16 or compressed.
func (s *scan) unpack(dst, run []byte, form packing) ([]byte, decoded) {
	base := len(dst)
	if form == plainText {
		return dst, decodedNothing
	}
	dst = appendBytes(dst, run)
	s.spend(costDecode * len(run))
	raw := dst[base:]
	if form == littleUTF16 || form == bigUTF16 {
		n := narrowed(raw, form == bigUTF16)
		return dst[:base+n], textOf(n)
	}
	start, most := len(dst), maxUnpacked*len(run)+64
	dst = inflate(dst, raw, form, most)
	s.spend(costInflate*(len(dst)-base) + costBlock*blocksIn(len(raw)))
	text := dst[start:]
	for _, c := range text {
		if !printable(c) {
			return dst[:base], decodedNothing
		}
	}
	if len(text) >= most {
		return dst[:base], decodedTooMuch
	}
	n := copy(dst[base:], text)
	return dst[:base+n], textOf(n)
}

// textOf says that n bytes of text were decoded, or nothing.
func textOf(n int) decoded {
	if n == 0 {
		return decodedNothing
	}
	return decodedText
}

// appendBytes appends the bytes that a run of hex or base64 stands for.
func appendBytes(dst, run []byte) []byte {
	if isHexRun(run) {
		for k := 0; k+1 < len(run); k += 2 {
			a, b := ascii.Hex(run[k]), ascii.Hex(run[k+1])
			if a > 15 || b > 15 {
				break
			}
			dst = append(dst, a<<4|b)
		}
		return dst
	}
	var acc uint32
	n := 0
	for _, c := range run {
		v := sextet(c)
		if v < 0 {
			break
		}
		acc = acc<<6 | uint32(v)
		if n += 6; n >= 8 {
			n -= 8
			dst = append(dst, byte(acc>>n))
		}
	}
	return dst
}

// narrowed writes text in UTF-16 as UTF-8 in its place and returns its length: 0 where it has characters that no text
// has. Characters outside the first plane are left out: no detector starts from one.
func narrowed(raw []byte, big bool) int {
	j := 0
	for k := 0; k+1 < len(raw); k += 2 {
		r := rune(raw[k]) | rune(raw[k+1])<<8
		if big {
			r = rune(raw[k])<<8 | rune(raw[k+1])
		}
		switch {
		case r == 0xfeff || r >= 0xd800 && r < 0xe000:
		case r < 0x80:
			if !printable(byte(r)) {
				return 0
			}
			raw[j] = byte(r)
			j++
		case r < 0x800:
			j += utf8.EncodeRune(raw[j:j+2], r)
		default: // three bytes where two were
			raw[j] = '?'
			j++
		}
	}
	return j
}

// appendBase32 appends what a run of base32 (RFC 4648, section 6), in capitals or small letters, stands for; false
// where that is no text.
func appendBase32(dst, run []byte) ([]byte, bool) {
	base := len(dst)
	lower := run[0] >= 'a' || run[1] >= 'a' || run[2] >= 'a' || run[3] >= 'a'
	var acc uint32
	n := 0
	for _, c := range run {
		var v byte
		switch {
		case c >= '2' && c <= '7':
			v = c - '2' + 26
		case lower && c >= 'a' && c <= 'z':
			v = c - 'a'
		case !lower && ascii.IsUpper(c):
			v = c - 'A'
		default:
			return dst, false
		}
		acc = acc<<5 | uint32(v)
		if n += 5; n >= 8 {
			n -= 8
			b := byte(acc >> n)
			if !printable(b) {
				return dst, false
			}
			dst = append(dst, b)
		}
	}
	return dst, utf8.Valid(dst[base:])
}

// minPairs is how many pairs of hex digits with something between are read: six bytes, as in "a@b.de".
const minPairs = 6

// pairs decodes hex whose bytes stand apart, "6a:61:6e", "6a 61 6e" or "0x6a, 0x61", from a word of one byte on, and
// looks for findings inside. A row of them is read once.
func (s *scan) pairs(dst []byte, w *word) ([]byte, finding, bool) {
	if w.start < s.hex {
		return dst, finding{}, false
	}
	base := len(dst)
	var gap []byte
	k, end := w.start, w.start
	for n := 0; ; n++ {
		if k+4 <= len(s.text) && s.text[k] == '0' && s.text[k+1]|0x20 == 'x' {
			k += 2
		}
		if k+2 > len(s.text) || !isHex(s.text[k]) || !isHex(s.text[k+1]) || isWord(s.after(k+2)) {
			break
		}
		b := ascii.Hex(s.text[k])<<4 | ascii.Hex(s.text[k+1])
		if !printable(b) {
			break
		}
		dst = append(dst, b)
		k += 2
		end = k
		from := k
		for k < len(s.text) && k-from < 3 && !isWord(s.text[k]) {
			k++
		}
		if n == 0 {
			gap = s.text[from:k]
		}
		if k == from || string(gap) != string(s.text[from:k]) {
			break
		}
	}
	s.hex = end
	s.spend(costTried + 2*costDecode*(len(dst)-base))
	if len(dst)-base < minPairs || !utf8.Valid(dst[base:]) {
		return dst[:base], finding{}, false
	}
	return s.within(dst, base, span{w.start, end})
}
