package curious

import (
	"bytes"
	"html"
	"regexp"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// unpercent undoes escapes like %4a (RFC 3986, section 2.1), and leaves alone what is none. A plus stays: see fold.
func unpercent(text []byte, _ *int) [][]byte {
	if bytes.IndexByte(text, '%') < 0 {
		return nil
	}
	var out []byte
	for i := 0; i < len(text); i++ {
		if text[i] == '%' && i+2 < len(text) && digit(text[i+1]) < 16 && digit(text[i+2]) < 16 {
			if out == nil {
				out = append(make([]byte, 0, len(text)), text[:i]...)
			}
			out = append(out, digit(text[i+1])<<4|digit(text[i+2]))
			i += 2
		} else if out != nil {
			out = append(out, text[i])
		}
	}
	return [][]byte{out}
}

// digit is the value of a hexadecimal digit; 255 is none.
func digit(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10
	default:
		return 255
	}
}

// letters are the escapes of one letter in JSON strings (RFC 8259, section 7), and what they stand for.
var letters = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// unjson undoes the escapes of JSON strings, wherever they stand. Where they stand for bytes rather than characters, as
// in what was packed and written as a string, there is a second reading.
func unjson(text []byte, _ *int) [][]byte {
	if bytes.IndexByte(text, '\\') < 0 {
		return nil
	}
	all := [][]byte{unjsonAs(text, false)}
	if all[0] != nil {
		all = append(all, unjsonAs(text, true))
	}
	return all
}

// unjsonAs undoes the escapes of JSON strings as characters, or those below 256 as
// bytes; nil means that there are none.
func unjsonAs(text []byte, asBytes bool) []byte {
	var out []byte
	changed := false
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' || i+1 == len(text) {
			out = append(out, text[i])
			continue
		}
		if c := letters[text[i+1]]; c != 0 {
			out = append(out, c)
			i++
			changed = true
			continue
		}
		r, ok := unit(text[i:])
		if !ok {
			out = append(out, text[i])
			continue
		}
		changed = true
		i += 5
		if low, ok := unit(text[i+1:]); ok && utf16.IsSurrogate(r) {
			if both := utf16.DecodeRune(r, low); both != utf8.RuneError {
				r = both
				i += 6
			}
		}
		if asBytes && r < 256 {
			out = append(out, byte(r))
		} else {
			out = utf8.AppendRune(out, r)
		}
	}
	if !changed {
		return nil
	}
	return out
}

// unit reads an escape like \u004a.
func unit(text []byte) (r rune, ok bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	for _, c := range text[2:6] {
		d := digit(c)
		if d > 15 {
			return 0, false
		}
		r = r<<4 | rune(d)
	}
	return r, true
}

// unhtml undoes entities: named, decimal and hexadecimal. As with JSON, numbers may stand for characters or for bytes.
func unhtml(text []byte, _ *int) [][]byte {
	if bytes.IndexByte(text, '&') < 0 {
		return nil
	}
	after := []byte(html.UnescapeString(string(text)))
	if bytes.Equal(after, text) {
		return nil
	}
	asBytes := number.ReplaceAllFunc(text, func(entity []byte) []byte {
		digits, base := entity[2:len(entity)-1], 10
		if digits[0]|0x20 == 'x' {
			digits, base = digits[1:], 16
		}
		if n, err := strconv.ParseUint(string(digits), base, 8); err == nil {
			return []byte{byte(n)}
		}
		return entity
	})
	return [][]byte{after, []byte(html.UnescapeString(string(asBytes)))}
}

var number = regexp.MustCompile(`&#(?:[0-9]{1,6}|[xX][0-9a-fA-F]{1,6});`)

// The shortest runs of characters that are read as hex and base64: those of the shortest string that is looked for.
const (
	shortestHex    = 2 * shortest
	shortestBase64 = (4*shortest + 2) / 3
)

// unhex undoes runs of hexadecimal digits, in both ways that they can be pairs.
func unhex(text []byte, _ *int) [][]byte {
	return inRuns(text, func(c byte) bool { return digit(c) < 16 }, shortestHex, 2, func(dst, run []byte) []byte {
		for ; len(run) >= 2; run = run[2:] {
			dst = append(dst, digit(run[0])<<4|digit(run[1]))
		}
		return dst
	})
}

// sixBits are the values of the characters of base64, of both alphabets (RFC 4648, sections 4 and 5), 255 for what is
// none. A space is a plus that went through a form.
var sixBits = func() (table [256]byte) {
	for i := range table {
		table[i] = 255
	}
	for i, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") {
		table[c] = byte(i)
	}
	table['-'], table['_'], table[' '] = table['+'], table['/'], table['+']
	return table
}()

// unbase64 undoes runs of base64, from each of four characters on: where it begins inside other text cannot be seen.
func unbase64(text []byte, _ *int) [][]byte {
	return inRuns(text, func(c byte) bool { return sixBits[c] < 64 }, shortestBase64, 4, func(dst, run []byte) []byte {
		bits, n := uint32(0), 0
		for _, c := range run {
			bits, n = bits<<6|uint32(sixBits[c]), n+6
			if n >= 8 {
				n -= 8
				dst = append(dst, byte(bits>>n))
			}
		}
		return dst
	})
}

// inRuns undoes the runs of a text that consist of some characters and are not too short: all of them together from
// their first character on, from their second, and so on.
func inRuns(text []byte, is func(byte) bool, least, ways int, undo func(dst, run []byte) []byte) [][]byte {
	all := make([][]byte, ways)
	for at := 0; at < len(text); {
		end := at
		for end < len(text) && is(text[end]) {
			end++
		}
		for from := at; from < at+ways && end-from >= least; from++ {
			all[from-at] = append(undo(all[from-at], text[from:end]), '\n')
		}
		at = end + 1
	}
	return all
}
