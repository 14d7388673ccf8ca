package hit_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tagwarden/tagwarden/rules/hit"
)

// FuzzJSONString: a text is written as byte by byte, as a string that the standard library reads as the same text, and
// whatever is a string for that is read here as it is there.
func FuzzJSONString(f *testing.F) {
	for c := range 256 { // at each place of eight bytes, and behind them
		f.Add([]byte(strings.Repeat("a", c%11) + string([]byte{byte(c)}) + strings.Repeat("b", c%7)))
	}
	for _, text := range []string{
		"", "Red shoes, 42", `say "yes" \ no`, "line\nline\r\tend", "Schuhe für Jürgen, 日本語 and 👟",
		"\xff\xfe broken \xe2\x82", "\u2028", "1234567\"", "12345678\x7f",
		`\u0041\ud83d\udc5f\ud83d lone \n\/\b\f`, `\\\\\"`, `\ud83d\u0041`, `a\`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		written := hit.AppendJSON([]byte("before"), text)[len("before"):]
		if want := appendByByte(nil, text); !bytes.Equal(written, want) {
			t.Fatalf("%q was written as %s, byte by byte as %s", text, written, want)
		}
		var read string
		if err := json.Unmarshal(written, &read); err != nil || read != strings.ToValidUTF8(string(text), "\ufffd") &&
			utf8.Valid(text) {
			t.Fatalf("%q was written as %s: %q, %v", text, written, read, err)
		}
		for _, wire := range [][]byte{written, append(append([]byte{'"'}, text...), '"')} {
			if json.Unmarshal(wire, &read) == nil && wire[0] == '"' && utf8.Valid(wire) {
				if got := unescaped(wire); got != read {
					t.Fatalf("%s was read as %q, and is %q", wire, got, read)
				}
			}
		}
	})
}

// unescaped is what a string of JSON says.
func unescaped(wire []byte) string {
	var h hit.Hit
	h.Request.Body = wire
	h.Begin()
	return string(h.Text(hit.Add(&h, hit.None, hit.String, hit.Span{}, h.Whole(hit.Body))))
}

// appendByByte is [hit.AppendJSON] with each byte looked at on its own.
func appendByByte(dst, text []byte) []byte {
	const lower = "0123456789abcdef"
	dst = append(dst, '"')
	for i := 0; i < len(text); {
		c := text[i]
		if c < utf8.RuneSelf {
			i++
			switch {
			case c == '"' || c == '\\':
				dst = append(dst, '\\', c)
			case c == '\n':
				dst = append(dst, '\\', 'n')
			case c == '\r':
				dst = append(dst, '\\', 'r')
			case c == '\t':
				dst = append(dst, '\\', 't')
			case c < 0x20 || c == 0x7f:
				dst = append(dst, '\\', 'u', '0', '0', lower[c>>4], lower[c&15])
			default:
				dst = append(dst, c)
			}
			continue
		}
		r, n := utf8.DecodeRune(text[i:])
		dst = utf8.AppendRune(dst, r)
		i += n
	}
	return append(dst, '"')
}
