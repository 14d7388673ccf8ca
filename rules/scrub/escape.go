package scrub

import (
	"encoding/binary"
	"unicode/utf8"
)

// maxLayers bounds how often escapes are resolved: "%252540" needs three.
const maxLayers = 4

// escaped tells whether the value holds anything that unescape would resolve.
func escaped(value []byte) bool {
	for i, c := range value {
		if c == '%' || c == '&' || c == '\\' || c >= 0x80 {
			if _, n := unit(value[i:]); n > 0 {
				return true
			}
		}
	}
	return false
}

// unescape resolves escapes, layer by layer. It appends to dst the text and, for each of its bytes and its end, where that came from
// in src (4 bytes each), and returns both as slices.
func unescape(dst, src []byte) (grown, text, offsets []byte) {
	base, n := len(dst), len(src)
	dst = append(dst, src...)
	for i := range n + 1 {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(i))
	}
	text, offsets = dst[base:base+n], dst[base+n:]
	for range maxLayers {
		m := layer(text, offsets)
		if m == len(text) {
			break
		}
		text = text[:m]
	}
	return dst, text, offsets
}

// origin says where in the source the text's byte i came from.
func origin(offsets []byte, i int) int {
	if offsets == nil {
		return i
	}
	return int(binary.LittleEndian.Uint32(offsets[4*i:]))
}

// layer resolves one layer of escapes in place and returns the text's new length.
func layer(text, offsets []byte) int {
	j := 0
	for i := 0; i < len(text); {
		r, n := rune(text[i]), 1
		if c := text[i]; c == '%' || c == '&' || c == '\\' || c >= 0x80 {
			if u, m := unit(text[i:]); m > 0 {
				r, n = u, m
			}
		}
		from := binary.LittleEndian.Uint32(offsets[4*i:])
		end := j
		switch {
		case r < 0: // nothing takes its place
		case r < 0x100 && (n == 1 || text[i] == '%'):
			text[end] = byte(r)
			end++
		default:
			end += utf8.EncodeRune(text[j:i+n], r)
		}
		for ; j < end; j++ {
			binary.LittleEndian.PutUint32(offsets[4*j:], from)
		}
		i += n
	}
	copy(offsets[4*j:4*j+4], offsets[4*len(text):4*len(text)+4])
	return j
}

// unit resolves the escape at the text's start: what it stands for (a byte for "%41"; -1 for characters without width) and its
// length, 0 where there is none.
func unit(text []byte) (rune, int) {
	switch c := text[0]; {
	case c == '%':
		if len(text) >= 3 && isHex(text[1]) && isHex(text[2]) {
			return rune(hexValue(text[1])<<4 | hexValue(text[2])), 3
		}
	case c == '&':
		return entity(text)
	case c == '\\':
		return backslash(text)
	case c >= 0x80:
		return folded(text)
	}
	return 0, 0
}

// backslash resolves an escape of JSON (RFC 8259, section 7) or JavaScript.
func backslash(text []byte) (rune, int) {
	if len(text) < 2 {
		return 0, 0
	}
	digits := 0
	switch text[1] {
	case 'n', 'r', 't':
		return ' ', 2
	case '/', '"', '\\', '\'':
		return rune(text[1]), 2
	case 'u':
		digits = 4
	case 'x':
		digits = 2
	default:
		return 0, 0
	}
	if len(text) < 2+digits {
		return 0, 0
	}
	var r rune
	for _, c := range text[2 : 2+digits] {
		v := hexValue(c)
		if v < 0 {
			return 0, 0
		}
		r = r<<4 | rune(v)
	}
	return plain(r), 2 + digits
}

var entities = []struct {
	name string
	r    rune
}{
	{"commat;", '@'}, {"period;", '.'}, {"plus;", '+'}, {"num;", '#'}, {"amp;", '&'}, {"quot;", '"'}, {"apos;", '\''}, {"lt;", '<'},
	{"gt;", '>'}, {"nbsp;", ' '}, {"lowbar;", '_'}, {"hyphen;", '-'}, {"dash;", '-'}, {"colon;", ':'}, {"sol;", '/'}, {"equals;", '='},
	{"percnt;", '%'}, {"Tab;", ' '}, {"NewLine;", ' '}, {"lpar;", '('}, {"rpar;", ')'}, {"comma;", ','},
}

// entity resolves a character reference of HTML; the semicolon may be missing behind numbers, as browsers have it.
func entity(text []byte) (rune, int) {
	if len(text) < 4 {
		return 0, 0
	}
	if text[1] != '#' {
		for _, e := range entities {
			if len(text) > len(e.name) && string(text[1:1+len(e.name)]) == e.name {
				return e.r, 1 + len(e.name)
			}
		}
		return 0, 0
	}
	i, radix := 2, rune(10)
	if text[2]|0x20 == 'x' {
		i, radix = 3, 16
	}
	var r rune
	start := i
	for ; i < len(text) && i-start < 8; i++ {
		v := hexValue(text[i])
		if v < 0 || rune(v) >= radix {
			break
		}
		if r = r*radix + rune(v); r > utf8.MaxRune {
			return 0, 0
		}
	}
	if i == start {
		return 0, 0
	}
	if i < len(text) && text[i] == ';' {
		i++
	}
	if utf8.RuneLen(r) > i {
		return 0, 0
	}
	return plain(r), i
}

// folded resolves characters outside ASCII that people read as ASCII.
func folded(text []byte) (rune, int) {
	switch text[0] {
	case 0xC2, 0xD9, 0xDB, 0xE2, 0xE3, 0xEF:
	default:
		return 0, 0
	}
	r, n := utf8.DecodeRune(text)
	if r == utf8.RuneError {
		return 0, 0
	}
	if p := plain(r); p != r {
		return p, n
	}
	return 0, 0
}

// plain returns the ASCII character that r is another form of, -1 where r has no width, else r.
func plain(r rune) rune {
	switch {
	case r >= 0xFF01 && r <= 0xFF5E:
		return r - 0xFF01 + '!'
	case r >= 0x0660 && r <= 0x0669:
		return r - 0x0660 + '0'
	case r >= 0x06F0 && r <= 0x06F9:
		return r - 0x06F0 + '0'
	case r >= 0x2010 && r <= 0x2015:
		return '-'
	case r == 0x00A0, r >= 0x2000 && r <= 0x200A, r == 0x202F, r == 0x3000:
		return ' '
	case r == 0x3002, r == 0xFF61:
		return '.'
	case r == 0x00AD, r >= 0x200B && r <= 0x200F, r == 0x2060, r == 0xFEFF:
		return -1
	}
	return r
}
