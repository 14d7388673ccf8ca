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

// json finds JSON in a value, with as little unescaping as it takes.
func (t *decoded) json(value []byte) (gjson.Result, bool) {
	for range maxEscapes {
		if read.JSON(value) {
			return gjson.Parse(read.String(value)), true
		}
		value = t.unescape(value)
	}
	if read.JSON(value) {
		return gjson.Parse(read.String(value)), true
	}
	return gjson.Result{}, false
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
