package batch

import "github.com/tagwarden/tagwarden/rules/jsontext"

// outline is a text of JSON (RFC 8259), and where in it the values of its upper levels stand: each before those in it,
// in the order of the text. One pass over the text finds both that it is valid and what stands where.
type outline struct {
	text   []byte
	levels int // how far down values are noted; the text's own is level 0
	parts  []part
}

// part is a value of a text: from where to where it stands, and, of a member, its
// name as it is written, without quotes.
type part struct {
	start, end       int32
	nameFrom, nameTo int32
	after            int32 // index of the first part that is behind it, and not in it
	escapes          bool  // a name of one of its members is written with an escape
}

const (
	// deepest is how deep JSON is looked into: what is deeper travels alone.
	deepest = 100

	nowhere = jsontext.Nowhere
)

// read outlines a text. It is false where that is not one value of JSON, or too deep.
func (o *outline) read(text []byte, levels int) bool {
	o.text, o.levels, o.parts = text, levels, o.parts[:0]
	end := o.part(jsontext.Space(text, 0), 0, 0, 0)
	return end >= 0 && jsontext.Space(text, end) == len(text)
}

// reset forgets the text.
func (o *outline) reset() { o.text, o.parts = nil, o.parts[:0] }

// of is what a part is in the text.
func (o *outline) of(at int) []byte { return o.text[o.parts[at].start:o.parts[at].end] }

// first is the byte that a part begins with: it says which kind of value it is.
func (o *outline) first(at int) byte { return o.text[o.parts[at].start] }

// member finds a member of an object by its name; [nowhere] is none. It is clear where no name in the object is
// escaped and the member stands there once.
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

// part reads the value that begins at a place, notes it where its level is one that is noted, and returns where it
// ends, as all below do: [nowhere], where what stands there is none.
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
	default:
		return jsontext.LeafEnd(o.text, i)
	}
}

// object reads an object, whose own part is at a place among the parts.
func (o *outline) object(i, level, at int) (end int) {
	if level >= deepest {
		return nowhere
	}
	if i = jsontext.Space(o.text, i+1); i < len(o.text) && o.text[i] == '}' {
		return i + 1
	}
	for {
		if i >= len(o.text) || o.text[i] != '"' {
			return nowhere
		}
		end, escaped := jsontext.StringEnd(o.text, i)
		if end < 0 {
			return nowhere
		}
		if escaped && at >= 0 {
			o.parts[at].escapes = true
		}
		colon := jsontext.Space(o.text, end)
		if colon >= len(o.text) || o.text[colon] != ':' {
			return nowhere
		}
		var more bool
		if i, more = o.behind(o.part(jsontext.Space(o.text, colon+1), level+1, i+1, end-1), '}'); !more {
			return i
		}
	}
}

// list reads a list.
func (o *outline) list(i, level int) (end int) {
	if level >= deepest {
		return nowhere
	}
	if i = jsontext.Space(o.text, i+1); i < len(o.text) && o.text[i] == ']' {
		return i + 1
	}
	for {
		var more bool
		if i, more = o.behind(o.part(i, level+1, 0, 0), ']'); !more {
			return i
		}
	}
}

// behind reads what stands behind a value in an object or a list: a comma, and then it returns where the next one
// begins, or the bracket that closes it, and then it returns where that ends.
func (o *outline) behind(i int, closes byte) (to int, more bool) {
	if i < 0 {
		return nowhere, false
	}
	if i = jsontext.Space(o.text, i); i >= len(o.text) {
		return nowhere, false
	}
	switch o.text[i] {
	case ',':
		return jsontext.Space(o.text, i+1), true
	case closes:
		return i + 1, false
	default:
		return nowhere, false
	}
}
