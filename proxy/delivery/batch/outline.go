package batch

import (
	"encoding/binary"
	"math/bits"

	"github.com/tagwarden/tagwarden/rules/ascii"
)

// outline is a text of JSON (RFC 8259), and where in it the values of its upper levels stand: each before those in it, in the
// order of the text. One pass over the text finds both that it is valid and what stands where.
type outline struct {
	text   []byte
	levels int // how far down values are noted; the text's own is level 0
	parts  []part
}

// part is a value of a text: from where to where it stands, and, of a member, its name as it is written, without quotes.
type part struct {
	start, end       int32
	nameFrom, nameTo int32
	after            int32 // index of the first part that is behind it, and not in it
	escapes          bool  // a name of one of its members is written with an escape
}

const (
	// deepest is how deep JSON is looked into: what is deeper travels alone.
	deepest = 100

	nowhere = -1
)

// read outlines a text. It is false where that is not one value of JSON, or too deep.
func (o *outline) read(text []byte, levels int) bool {
	o.text, o.levels, o.parts = text, levels, o.parts[:0]
	end := o.part(space(text, 0), 0, 0, 0)
	return end >= 0 && space(text, end) == len(text)
}

// reset forgets the text.
func (o *outline) reset() { o.text, o.parts = nil, o.parts[:0] }

// of is what a part is in the text.
func (o *outline) of(at int) []byte { return o.text[o.parts[at].start:o.parts[at].end] }

// first is the byte that a part begins with: it says which kind of value it is.
func (o *outline) first(at int) byte { return o.text[o.parts[at].start] }

// member finds a member of an object by its name; [nowhere] is none. It is clear where no name in the object is escaped and
// the member stands there once.
func (o *outline) member(object int, name string) (at int, clear bool) {
	if o.parts[object].escapes {
		return nowhere, false
	}
	at = nowhere
	for i := object + 1; i < int(o.parts[object].after); i = int(o.parts[i].after) {
		p := &o.parts[i]
		if string(o.text[p.nameFrom:p.nameTo]) != name {
			continue
		}
		if at >= 0 {
			return nowhere, false
		}
		at = i
	}
	return at, true
}

// only is the one element of a list; [nowhere] where it has none, or several.
func (o *outline) only(list int) int {
	after := o.parts[list].after
	if one := list + 1; one < int(after) && o.parts[one].after == after {
		return one
	}
	return nowhere
}

// part reads the value that begins at a place, notes it where its level is one that is noted, and returns where it ends, as
// all below do: [nowhere], where what stands there is none.
func (o *outline) part(i, level, nameFrom, nameTo int) (end int) {
	if level > o.levels {
		return o.value(i, level, nowhere)
	}
	at := len(o.parts)
	o.parts = append(o.parts, part{start: int32(i), nameFrom: int32(nameFrom), nameTo: int32(nameTo)})
	end = o.value(i, level, at)
	o.parts[at].end, o.parts[at].after = int32(end), int32(len(o.parts))
	return end
}

// value reads a value, whichever it is.
func (o *outline) value(i, level, at int) (end int) {
	if i >= len(o.text) {
		return nowhere
	}
	switch o.text[i] {
	case '{':
		return o.object(i, level, at)
	case '[':
		return o.list(i, level)
	case '"':
		end, _ = stringEnd(o.text, i)
		return end
	case 't':
		return wordEnd(o.text, i, "true")
	case 'f':
		return wordEnd(o.text, i, "false")
	case 'n':
		return wordEnd(o.text, i, "null")
	default:
		return numberEnd(o.text, i)
	}
}

// object reads an object, whose own part is at a place among the parts.
func (o *outline) object(i, level, at int) (end int) {
	if level >= deepest {
		return nowhere
	}
	if i = space(o.text, i+1); i < len(o.text) && o.text[i] == '}' {
		return i + 1
	}
	for {
		if i >= len(o.text) || o.text[i] != '"' {
			return nowhere
		}
		end, escaped := stringEnd(o.text, i)
		if end < 0 {
			return nowhere
		}
		if escaped && at >= 0 {
			o.parts[at].escapes = true
		}
		colon := space(o.text, end)
		if colon >= len(o.text) || o.text[colon] != ':' {
			return nowhere
		}
		var more bool
		if i, more = o.behind(o.part(space(o.text, colon+1), level+1, i+1, end-1), '}'); !more {
			return i
		}
	}
}

// list reads a list.
func (o *outline) list(i, level int) (end int) {
	if level >= deepest {
		return nowhere
	}
	if i = space(o.text, i+1); i < len(o.text) && o.text[i] == ']' {
		return i + 1
	}
	for {
		var more bool
		if i, more = o.behind(o.part(i, level+1, 0, 0), ']'); !more {
			return i
		}
	}
}

// behind reads what stands behind a value in an object or a list: a comma, and then it returns where the next one begins, or
// the bracket that closes it, and then it returns where that ends.
func (o *outline) behind(i int, closes byte) (to int, more bool) {
	if i < 0 {
		return nowhere, false
	}
	if i = space(o.text, i); i >= len(o.text) {
		return nowhere, false
	}
	switch o.text[i] {
	case ',':
		return space(o.text, i+1), true
	case closes:
		return i + 1, false
	default:
		return nowhere, false
	}
}

// space returns where what is no white space begins.
func space(text []byte, i int) int {
	for i < len(text) && (text[i] == ' ' || text[i] == '\n' || text[i] == '\t' || text[i] == '\r') {
		i++
	}
	return i
}

// stringEnd reads a string that begins with its quote, and tells whether there is an escape in it.
func stringEnd(text []byte, i int) (end int, escaped bool) {
	for i = plainEnd(text, i+1); i < len(text); i = plainEnd(text, i) {
		switch text[i] {
		case '"':
			return i + 1, escaped
		case '\\':
			if i = escapeEnd(text, i); i < 0 {
				return nowhere, true
			}
			escaped = true
		default:
			return nowhere, escaped
		}
	}
	return nowhere, escaped
}

// plainEnd returns where the next byte of a string stands that is no plain text: a quote, a backslash or a control byte.
func plainEnd(text []byte, i int) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	for ; i+8 <= len(text); i += 8 {
		// The lowest bit is exact that is set: what is subtracted from a byte is borrowed of those above it alone.
		word := binary.LittleEndian.Uint64(text[i:])
		quote, back := word^'"'*ones, word^'\\'*ones
		if found := ((quote-ones)&^quote | (back-ones)&^back | (word-' '*ones)&^word) & highs; found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
	}
	for i < len(text) && text[i] != '"' && text[i] != '\\' && text[i] >= ' ' {
		i++
	}
	return i
}

// escapeEnd reads an escape in a string.
func escapeEnd(text []byte, i int) (end int) {
	if i+1 >= len(text) {
		return nowhere
	}
	switch text[i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 2
	case 'u':
		if i+6 <= len(text) && ascii.HexDigits(text[i+2:i+6]) {
			return i + 6
		}
	}
	return nowhere
}

// wordEnd reads true, false or null.
func wordEnd(text []byte, i int, word string) (end int) {
	if len(text)-i < len(word) || string(text[i:i+len(word)]) != word {
		return nowhere
	}
	return i + len(word)
}

// numberEnd reads a number.
func numberEnd(text []byte, i int) (end int) {
	if text[i] == '-' {
		i++
	}
	if i < len(text) && text[i] == '0' {
		i++
	} else if i = digitsEnd(text, i); i < 0 {
		return nowhere
	}
	if i < len(text) && text[i] == '.' {
		if i = digitsEnd(text, i+1); i < 0 {
			return nowhere
		}
	}
	if i < len(text) && (text[i] == 'e' || text[i] == 'E') {
		if i++; i < len(text) && (text[i] == '+' || text[i] == '-') {
			i++
		}
		return digitsEnd(text, i)
	}
	return i
}

// digitsEnd reads digits, at least one.
func digitsEnd(text []byte, i int) (end int) {
	from := i
	for i < len(text) && ascii.IsDigit(text[i]) {
		i++
	}
	if i == from {
		return nowhere
	}
	return i
}
