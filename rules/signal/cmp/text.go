package cmp

import (
	"bytes"
	"encoding/base64"
	"time"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/rules/ascii"
	"github.com/tagwarden/tagwarden/rules/signal/read"
)

// maxEscapes is how many times a value may be percent-encoded: by the platform, and once more by a server that copied it.
const maxEscapes = 2

// unescape takes one layer of percent-encoding off. A plus stays (base64 has it), and so does what is no escape. Where there is nothing
// to do, the value itself comes back.
func (s *Scratch) unescape(value []byte) []byte {
	if bytes.IndexByte(value, '%') < 0 {
		return value
	}
	start := len(s.text)
	for i := 0; i < len(value); i++ {
		c := value[i]
		if c == '%' && i+2 < len(value) && ascii.Hex(value[i+1]) < 16 && ascii.Hex(value[i+2]) < 16 {
			c = ascii.Hex(value[i+1])<<4 | ascii.Hex(value[i+2])
			i += 2
		}
		s.text = append(s.text, c)
	}
	if len(s.text)-start == len(value) {
		return value
	}
	return s.text[start:len(s.text):len(s.text)]
}

// plain takes all percent-encoding off. It is for values whose text cannot hold an escape of its own.
func (s *Scratch) plain(value []byte) []byte {
	for range maxEscapes {
		value = s.unescape(value)
	}
	return value
}

// json finds JSON in a value, with as little unescaping as it takes.
func (s *Scratch) json(value []byte) (gjson.Result, bool) {
	for range maxEscapes {
		if read.JSON(value) {
			return gjson.Parse(read.String(value)), true
		}
		value = s.unescape(value)
	}
	if read.JSON(value) {
		return gjson.Parse(read.String(value)), true
	}
	return gjson.Result{}, false
}

// object finds a JSON object.
func (s *Scratch) object(value []byte) (gjson.Result, bool) {
	found, ok := s.json(value)
	return found, ok && found.IsObject()
}

// base64 decodes either alphabet, padded or not.
func (s *Scratch) base64(value []byte) ([]byte, bool) {
	value = s.plain(value)
	encoding := base64.RawStdEncoding
	if bytes.ContainsAny(value, "-_") {
		encoding = base64.RawURLEncoding
	}
	padded := len(value)
	value = bytes.TrimRight(value, "=")
	if padded -= len(value); padded > 2 || padded > 0 && (padded+len(value))%4 != 0 || bytes.ContainsAny(value, "\r\n") {
		return nil, false // the decoder itself skips line ends
	}
	start := len(s.text)
	var err error
	s.text, err = encoding.AppendDecode(s.text, value)
	return s.text[start:len(s.text):len(s.text)], err == nil && len(s.text) > start
}

// instant reads a time as JavaScript's toISOString writes it, RFC 3339.
func instant(text []byte) (milli int64, ok bool) {
	if len(text) > len("2006-01-02T15:04:05.000000000+00:00") {
		return 0, false
	}
	t, err := time.Parse(time.RFC3339, read.String(text)) // which takes hours of one digit as well
	return t.UnixMilli(), err == nil && text[len("2006-01-02T15")] == ':' && t.UnixMilli() > 0
}

// millis reads a time as JavaScript's Date.now gives it.
func millis(text []byte) (milli int64, ok bool) {
	if len(text) == 0 || len(text) > 15 {
		return 0, false
	}
	for _, c := range text {
		if !ascii.IsDigit(c) {
			return 0, false
		}
		milli = milli*10 + int64(c-'0')
	}
	return milli, milli > 0
}

// when reads a member that holds a time, in either form; null is none.
func (s *Scratch) when(member gjson.Result) {
	var milli int64
	ok := member.Type == gjson.Null
	switch member.Type {
	case gjson.String:
		milli, ok = instant(read.Bytes(member.Str))
	case gjson.Number:
		milli, ok = millis(read.Bytes(member.Raw))
	default:
	}
	if !ok {
		s.malformed() // how old the choice is would not be known
		return
	}
	s.at(milli)
}

// bools says the members of an object whose values are true or false.
func (s *Scratch) bools(list List, object gjson.Result) {
	if !object.IsObject() {
		s.malformed()
		return
	}
	object.ForEach(func(key, value gjson.Result) bool {
		s.mustBe(value.IsBool())
		s.say(list, read.Bytes(key.Str), voteOf(value.Type == gjson.True))
		return true
	})
}

// ids says every string of an array.
func (s *Scratch) ids(list List, array gjson.Result, v vote) {
	if !array.IsArray() {
		s.malformed()
		return
	}
	array.ForEach(func(_, value gjson.Result) bool {
		s.mustBe(value.Type == gjson.String)
		s.say(list, read.Bytes(value.Str), v)
		return true
	})
}
