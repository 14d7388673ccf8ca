package hit

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/tagwarden/tagwarden/rules/ascii"
)

// unpercent decodes a form's key or value: "%41" is "A", "+" is a space; a broken escape stands for itself
// (WHATWG URL, application/x-www-form-urlencoded parsing).
func (h *Hit) unpercent(s Span) Span {
	raw := h.Bytes(s)
	if bytes.IndexByte(raw, '%') < 0 && bytes.IndexByte(raw, '+') < 0 {
		return s
	}
	arena := h.Grow()
	from := len(arena)
	return h.Grown(AppendUnpercent(arena, raw), from)
}

// AppendUnpercent appends the decoded form of a form's key or value.
func AppendUnpercent(dst, raw []byte) []byte {
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case c == '+':
			dst = append(dst, ' ')
		case c == '%' && i+2 < len(raw) && ascii.Hex(raw[i+1]) < 16 && ascii.Hex(raw[i+2]) < 16:
			dst = append(dst, ascii.Hex(raw[i+1])<<4|ascii.Hex(raw[i+2]))
			i += 2
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// AppendUnescape appends text with its percent escapes decoded and "+" left alone, as in a cookie or a path.
func AppendUnescape(dst, raw []byte) []byte {
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		if c == '%' && i+2 < len(raw) && ascii.Hex(raw[i+1]) < 16 && ascii.Hex(raw[i+2]) < 16 {
			c = ascii.Hex(raw[i+1])<<4 | ascii.Hex(raw[i+2])
			i += 2
		}
		dst = append(dst, c)
	}
	return dst
}

// AppendPercent appends text as a form's value, escaped as encodeURIComponent does.
func AppendPercent(dst, text []byte) []byte {
	const some = 64
	var room [3 * some]byte
	for len(text) > 0 {
		n := 0
		for _, c := range text[:min(some, len(text))] { // no branches: which bytes are escaped is hard to predict
			p := &percent[c]
			copy(room[n:n+3], p[:3])
			n += int(p[3])
		}
		dst = append(dst, room[:n]...)
		text = text[min(some, len(text)):]
	}
	return dst
}

// percent is what stands for a byte, and how long that is.
var percent = func() (t [256][4]byte) {
	const (
		plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.!~*'()"
		upper = "0123456789ABCDEF"
	)
	for c := range t {
		t[c] = [4]byte{'%', upper[c>>4], upper[c&15], 3}
	}
	for _, c := range []byte(plain) {
		t[c] = [4]byte{c, 0, 0, 1}
	}
	return t
}()

// unescape decodes the inside of a JSON string that is known to be valid (RFC 8259,
// section 7). Lone surrogates become U+FFFD.
func (h *Hit) unescape(s Span) Span {
	raw := h.Bytes(s)
	if bytes.IndexByte(raw, '\\') < 0 {
		return s
	}
	arena := h.Grow()
	from := len(arena)
	for i := 0; i < len(raw); i++ {
		if plain := bytes.IndexByte(raw[i:], '\\'); plain != 0 {
			if plain < 0 {
				plain = len(raw) - i
			}
			arena = append(arena, raw[i:i+plain]...)
			i += plain - 1
			continue
		}
		if i+1 >= len(raw) {
			arena = append(arena, raw[i])
			break
		}
		i++
		switch raw[i] {
		case 'b':
			arena = append(arena, '\b')
		case 'f':
			arena = append(arena, '\f')
		case 'n':
			arena = append(arena, '\n')
		case 'r':
			arena = append(arena, '\r')
		case 't':
			arena = append(arena, '\t')
		case 'u':
			r := rune4(raw[i+1:])
			i += 4
			if utf16.IsSurrogate(r) {
				second := rune(-1)
				if i+2 < len(raw) && raw[i+1] == '\\' && raw[i+2] == 'u' {
					second = rune4(raw[i+3:])
				}
				if full := utf16.DecodeRune(r, second); full != utf8.RuneError {
					r = full
					i += 6
				} else {
					r = utf8.RuneError
				}
			}
			arena = utf8.AppendRune(arena, r)
		default:
			arena = append(arena, raw[i])
		}
	}
	return h.Grown(arena, from)
}

func rune4(raw []byte) rune {
	if len(raw) < 4 {
		return utf8.RuneError
	}
	var r rune
	for _, c := range raw[:4] {
		r = r<<4 | rune(ascii.Hex(c)&15)
	}
	return r
}

// AppendJSON appends text as a JSON string with its quotes; bytes that are not UTF-8 become U+FFFD. What needs no
// escape is copied in one go.
func AppendJSON(dst, text []byte) []byte {
	const lower = "0123456789abcdef"
	dst = append(dst, '"')
	for len(text) > 0 {
		plain := plainEnd(text)
		dst, text = append(dst, text[:plain]...), text[plain:]
		if len(text) == 0 {
			break
		}
		c := text[0]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRune(text)
			dst, text = utf8.AppendRune(dst, r), text[n:]
			continue
		}
		text = text[1:]
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', lower[c>>4], lower[c&15])
		}
	}
	return append(dst, '"')
}

// plainEnd returns where the first byte of a text stands that cannot be copied into a JSON string as it is: a quote, a
// backslash, a control byte, DEL, or part of a character outside ASCII.
func plainEnd(text []byte) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	i := 0
	for ; i+8 <= len(text); i += 8 {
		// The lowest bit is exact that is set: what is subtracted from a byte is borrowed of those above it alone.
		word := binary.LittleEndian.Uint64(text[i:])
		quote, back, del := word^'"'*ones, word^'\\'*ones, word^0x7f*ones
		found := (quote-ones)&^quote | (back-ones)&^back | (del-ones)&^del | (word-' '*ones)&^word | word
		if found &= highs; found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
	}
	for i < len(text) && text[i] != '"' && text[i] != '\\' && text[i] >= ' ' && text[i] < 0x7f {
		i++
	}
	return i
}
