package cmp

import (
	"bytes"
	"encoding/base64"
	"strconv"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/rules/ascii"
	"github.com/tagwarden/tagwarden/rules/signal/read"
)

// decoded holds values whose coding was taken off. It grows, and never moves what was handed out.
type decoded struct{ text []byte }

// reset forgets every value, and leaves none of their bytes.
func (t *decoded) reset() {
	clear(t.text)
	t.text = t.text[:0]
}

// number is a number in digits.
func (t *decoded) number(n int) []byte {
	start := len(t.text)
	t.text = strconv.AppendInt(t.text, int64(n), 10)
	return t.text[start:len(t.text):len(t.text)]
}

// maxEscapes is how many times a value may be percent-encoded: by the platform, and once more by a server that copied
// it.
const maxEscapes = 2

// unescape takes one layer of percent-encoding off. A plus stays (base64 has it), and so does what is no escape. Where
// there is nothing to do, the value itself comes back.
func (t *decoded) unescape(value []byte) []byte {
	if bytes.IndexByte(value, '%') < 0 {
		return value
	}
	start := len(t.text)
	for i := 0; i < len(value); i++ {
		c := value[i]
		if c == '%' && i+2 < len(value) && ascii.Hex(value[i+1]) < 16 && ascii.Hex(value[i+2]) < 16 {
			c = ascii.Hex(value[i+1])<<4 | ascii.Hex(value[i+2])
			i += 2
		}
		t.text = append(t.text, c)
	}
	if len(t.text)-start == len(value) {
		return value
	}
	return t.text[start:len(t.text):len(t.text)]
}

// plain takes all percent-encoding off. It is for values whose text cannot hold an escape of its own.
func (t *decoded) plain(value []byte) []byte {
	for range maxEscapes {
		value = t.unescape(value)
	}
	return value
}

// json finds JSON in a value, with as little unescaping as it takes. Servers that set a
// cookie again may have put it into quotes.
func (t *decoded) json(value []byte) (gjson.Result, bool) {
	for range maxEscapes + 1 {
		if read.JSON(value) && value[0] != '"' {
			return gjson.Parse(read.String(value)), true
		}
		if inside, ok := t.unquote(value); ok && read.JSON(inside) {
			return gjson.Parse(read.String(inside)), true
		}
		value = t.unescape(value)
	}
	return gjson.Result{}, false
}

// unquote takes a text out of quotes, or of the escapes that stand for them: `"{\"a\":1}"`, `{\"a\":1}`. What cannot be
// in a cookie is there in octal digits (RFC 2109 and those who write by it): `\054`. Ok is false where no quote is
// escaped, or something is that need not be.
func (t *decoded) unquote(value []byte) (inside []byte, ok bool) {
	if !bytes.Contains(value, []byte(`\"`)) {
		return nil, false
	}
	if n := len(value); value[0] == '"' && value[n-1] == '"' {
		value = value[1 : n-1]
	}
	start := len(t.text)
	for i := 0; i < len(value); i++ {
		c := value[i]
		if c == '\\' {
			var size int
			if c, size = escaped(value[i+1:]); size == 0 {
				return nil, false
			}
			i += size
		}
		t.text = append(t.text, c)
	}
	return t.text[start:len(t.text):len(t.text)], true
}

// escaped is what stands behind a backslash, and of how many bytes: a quote, a slash, a backslash, or a byte in
// three octal digits. 0 is none of these.
func escaped(text []byte) (c byte, size int) {
	if len(text) > 0 && (text[0] == '"' || text[0] == '\\' || text[0] == '/') {
		return text[0], 1
	}
	if len(text) < 3 || text[0] > '3' {
		return 0, 0
	}
	for _, digit := range text[:3] {
		if digit < '0' || digit > '7' {
			return 0, 0
		}
		c = c<<3 | (digit - '0')
	}
	return c, 3
}

// object finds a JSON object.
func (t *decoded) object(value []byte) (gjson.Result, bool) {
	found, ok := t.json(value)
	return found, ok && found.IsObject()
}

// base64 decodes either alphabet, padded or not.
func (t *decoded) base64(value []byte) ([]byte, bool) {
	value = t.plain(value)
	encoding := base64.RawStdEncoding
	if bytes.ContainsAny(value, "-_") {
		encoding = base64.RawURLEncoding
	}
	padded := len(value)
	value = bytes.TrimRight(value, "=")
	if padded -= len(value); padded > 2 || padded > 0 && (padded+len(value))%4 != 0 || bytes.ContainsAny(value, "\r\n") {
		return nil, false // the decoder itself skips line ends
	}
	start := len(t.text)
	var err error
	t.text, err = encoding.AppendDecode(t.text, value)
	return t.text[start:len(t.text):len(t.text)], err == nil && len(t.text) > start
}
