package scrub

import (
	"encoding/binary"
	"unicode/utf8"

	"github.com/tagwarden/tagwarden/rules/ascii"
)

// maxLayers bounds how often escapes of different sorts are followed into each other. Those of one sort inside
// themselves ("%252540", "&amp;amp;#64;") are one layer, however deep.
const maxLayers = 4

// escaped tells whether the value holds anything that unescape would resolve, and how many places were tried.
func escaped(value []byte) (yes bool, tried int) {
	for i, c := range value {
		if flags[c]&fEscape != 0 {
			tried++
			if _, n := unit(value[i:]); n > 0 {
				return true, tried
			}
		}
	}
	return false, tried
}

// unescape resolves escapes, layer by layer. It appends to dst the text and, for each of its bytes and its
// end, where that came from in src (4 bytes each), and returns both as slices. Deep is true where escapes are
// left that lie too deep, or cost too much.
func (b *budget) unescape(dst, src []byte) (grown, text, offsets []byte, deep bool) {
	base, n := len(dst), len(src)
	dst = append(dst, src...)
	for i := range n + 1 {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(i))
	}
	text, offsets = dst[base:base+n], dst[base+n:]
	for range maxLayers {
		b.spend(costEscape * len(text))
		if b.over() {
			return dst, text, offsets, true
		}
		m := layer(text, offsets)
		if m == len(text) {
			return dst, text, offsets, false
		}
		text = text[:m]
	}
	deep, _ = escaped(text)
	return dst, text, offsets, deep
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
		if flags[text[i]]&fEscape != 0 {
			if u, m := unit(text[i:]); m > 0 {
				r, n = u, m
			}
		}
		from := binary.LittleEndian.Uint32(offsets[4*i:])
		end := j
		switch {
		case r < 0: // nothing takes its place
		case r < 0x100 && (n == 1 || text[i] == '%' && text[i+1] != 'u'):
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

// unit resolves the escape at the text's start: what it stands for (a byte for "%41"; -1 for characters without width)
// and its length, 0 where there is none. An escape that is escaped itself, in the same way, is one unit.
func unit(text []byte) (rune, int) {
	switch c := text[0]; {
	case c == '%':
		return percent(text)
	case c == '&':
		return entity(text)
	case c == '\\':
		return backslash(text)
	case c >= 0x80:
		return folded(text)
	case c == 0:
		return -1, 1
	}
	return 0, 0
}

// percent resolves an escape of URLs (RFC 3986, section 2.1), or of JavaScript's escape(): "%u0040".
func percent(text []byte) (rune, int) {
	i := 1
	for len(text) >= i+4 && text[i] == '2' && text[i+1] == '5' && isHex(text[i+2]) && isHex(text[i+3]) {
		i += 2
	}
	if len(text) >= i+2 && isHex(text[i]) && isHex(text[i+1]) {
		if r := rune(ascii.Hex(text[i])<<4 | ascii.Hex(text[i+1])); r != 0 {
			return r, i + 2
		}
		return -1, i + 2
	}
	if i == 1 && len(text) >= 6 && text[1] == 'u' {
		if r := hexRune(text[2:6]); r >= 0 {
			return plain(r), 6
		}
	}
	return 0, 0
}

// hexRune returns what hex digits stand for, -1 where something else is among them.
func hexRune(text []byte) rune {
	var r rune
	for _, c := range text {
		v := ascii.Hex(c)
		if v > 15 {
			return -1
		}
		r = r<<4 | rune(v)
	}
	return r
}

// backslash resolves an escape of JSON (RFC 8259, section 7), JavaScript or C: "\u0040", "\x40", "\100".
func backslash(text []byte) (rune, int) {
	i := 1
	for i < len(text) && text[i] == '\\' {
		i++
	}
	var c byte
	if i < len(text) {
		c = text[i]
	}
	switch c {
	case 'n', 'r', 't', 'b', 'f':
		return ' ', i + 1
	case '/', '"', '\'':
		return rune(c), i + 1
	case 'u', 'x':
		digits := 4
		if c == 'x' {
			digits = 2
		}
		if len(text) > i+digits {
			if r := hexRune(text[i+1 : i+1+digits]); r >= 0 {
				return plain(r), i + 1 + digits
			}
		}
	}
	if i == 1 && len(text) >= 4 && c >= '0' && c <= '1' && isOctal(text[2]) && isOctal(text[3]) {
		if r := rune(c-'0')<<6 | rune(text[2]-'0')<<3 | rune(text[3]-'0'); r >= ' ' {
			return r, 4
		}
	}
	if i == 1 {
		return 0, 0
	}
	return '\\', i
}

func isOctal(c byte) bool { return c >= '0' && c <= '7' }

// entityName is a name of HTML, without its "&", and the character that it stands for.
type entityName struct {
	name string
	r    rune
}

// entityIndex holds entities by the first byte of their names.
var entityIndex = func() (by [256][]entityName) {
	for _, e := range entities {
		by[e.name[0]] = append(by[e.name[0]], e)
	}
	return by
}()

var entities = []entityName{
	{"commat;", '@'}, {"period;", '.'}, {"plus;", '+'}, {"num;", '#'}, {"quot;", '"'}, {"apos;", '\''}, {"lt;", '<'},
	{"gt;", '>'}, {"nbsp;", ' '}, {"lowbar;", '_'}, {"hyphen;", '-'}, {"dash;", '-'}, {"colon;", ':'},
	{"sol;", '/'}, {"equals;", '='},
	{"percnt;", '%'}, {"Tab;", ' '}, {"NewLine;", ' '}, {"lpar;", '('}, {"rpar;", ')'}, {"comma;", ','},
}

// entity resolves a character reference of HTML.
func entity(text []byte) (rune, int) {
	i := 1
	for len(text) >= i+4 && string(text[i:i+4]) == "amp;" {
		i += 4
	}
	if r, n := reference(text[i:]); n > 0 {
		return r, i + n
	}
	if i > 1 {
		return '&', i
	}
	return 0, 0
}

// reference resolves what stands behind the "&" of a character reference; the semicolon may be
// missing behind numbers, as browsers have it.
func reference(text []byte) (rune, int) {
	if len(text) < 3 {
		return 0, 0
	}
	if text[0] != '#' {
		for _, e := range entityIndex[text[0]] {
			if len(text) >= len(e.name) && string(text[:len(e.name)]) == e.name {
				return e.r, len(e.name)
			}
		}
		return 0, 0
	}
	i, radix := 1, rune(10)
	if text[1]|0x20 == 'x' {
		i, radix = 2, 16
	}
	var r rune
	start := i
	for ; i < len(text) && i-start < 8; i++ {
		v := ascii.Hex(text[i]) // 16 where it is no digit
		if rune(v) >= radix {
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
	case 0xC2, 0xCD, 0xD8, 0xD9, 0xDB, 0xE1, 0xE2, 0xE3, 0xEF, 0xF0, 0xF3:
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
	case r < 0x80:
		if r == 0 {
			return -1
		}
	case r >= 0xFF01 && r <= 0xFF5E:
		return r - 0xFF01 + '!'
	case r >= 0x0660 && r <= 0x0669:
		return r - 0x0660 + '0'
	case r >= 0x06F0 && r <= 0x06F9:
		return r - 0x06F0 + '0'
	case r >= 0x1D7CE && r <= 0x1D7FF: // mathematical digits
		return (r-0x1D7CE)%10 + '0'
	case r >= 0x2010 && r <= 0x2015, r == 0x2212, r == 0xFE63:
		return '-'
	case r == 0x00A0, r >= 0x2000 && r <= 0x200A, r == 0x2028, r == 0x2029, r == 0x202F, r == 0x205F, r == 0x3000:
		return ' '
	case r == 0x3002, r == 0xFF61, r == 0x2024:
		return '.'
	case r == 0xFE6B:
		return '@'
	case widthless(r):
		return -1
	}
	return r
}

// widthless tells whether a character is one that nobody sees: soft hyphen, joiners, marks of
// direction, variation selectors, tags.
func widthless(r rune) bool {
	return r == 0x00AD || r == 0x034F || r == 0x061C || r == 0x180E || r >= 0x200B && r <= 0x200F ||
		r >= 0x202A && r <= 0x202E ||
		r >= 0x2060 && r <= 0x2064 || r >= 0x2066 && r <= 0x206F || r >= 0xFE00 && r <= 0xFE0F || r == 0xFEFF ||
		r >= 0xE0000 && r <= 0xE007F
}
