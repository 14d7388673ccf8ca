package codec

import (
	"bytes"
	"unsafe"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/rules/hit"
)

// json reads one JSON value (RFC 8259). Depth and number of members are bounded before anything recurses over the text; then gjson
// says whether it is valid; then one walk, which may trust that, notes every member, each occurrence of a repeated key included.
func (o *Opener) json(parent int32, value hit.Span) error {
	text := o.hit.Bytes(value)
	members, err := o.measure(text)
	if err != nil {
		return err
	}
	if err := o.room(members); err != nil {
		return err
	}
	if !gjson.Valid(unsafe.String(unsafe.SliceData(text), len(text))) {
		return ErrMalformed
	}
	o.walk(parent, value, text)
	return nil
}

// measure bounds depth and members in one pass over the text, valid or not, and counts the members, at least.
func (o *Opener) measure(text []byte) (members int, err error) {
	if len(text) == 0 {
		return 0, ErrMalformed
	}
	depth := 0
	members = 1
	room := o.Limits.Nodes - len(o.hit.Nodes)
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			i = stringEnd(text, i) - 1
		case '{', '[':
			depth++
			members++
			if depth > o.Limits.Depth {
				return 0, Over("depth")
			}
		case '}', ']':
			depth--
		case ',':
			members++
		}
		if members > room {
			return 0, Over("nodes")
		}
	}
	return members, nil
}

// stringEnd returns where the string that starts at i ends: after its closing quote, or at the end of the text.
func stringEnd(text []byte, i int) int {
	if quote := bytes.IndexByte(text[i+1:], '"'); quote >= 0 && text[i+quote] != '\\' {
		return i + quote + 2
	}
	return escapedEnd(text, i+1)
}

// escapedEnd is stringEnd for a string with escapes in it, from its inside on.
func escapedEnd(text []byte, i int) int {
	for ; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text)
}

// walk adds the nodes of a valid JSON text. It goes over the bytes once; the open containers are a chain of parents in the nodes.
func (o *Opener) walk(parent int32, value hit.Span, text []byte) {
	h := o.hit
	at, key := parent, hit.Span{}
	escape, literal := ahead{'\\', -1}, true // the next escape, and whether none is in the key
	inObject, wantKey := false, false
	for i := 0; i < len(text); {
		c := text[i]
		switch c {
		case ' ', '\t', '\n', '\r', ':':
			i++
			continue
		case ',':
			wantKey = inObject
			i++
			continue
		case '}', ']':
			i++
			n := &h.Nodes[at]
			n.Val.End = value.Start + uint32(i)
			at = n.Parent
			inObject = at != parent && h.Nodes[at].Kind == hit.Object
			wantKey = false
			continue
		}
		if wantKey {
			end := stringEnd(text, i)
			key, literal = sub(value, i+1, end-1), escape.from(text, i) >= end
			wantKey = false
			i = end
			continue
		}
		is := h.Append(at, hit.Node{Key: key, Val: sub(value, i, i)})
		n := &h.Nodes[is]
		if literal {
			n.KeyIs(key)
		}
		key, literal = hit.Span{}, true
		switch c {
		case '{', '[':
			n.Kind, inObject = hit.Object, c == '{'
			if !inObject {
				n.Kind = hit.Array
			}
			at = is
			wantKey = inObject
			i++
			continue
		case '"':
			from := i
			n.Kind, i = hit.String, stringEnd(text, i)
			if escape.from(text, from) >= i {
				n.TextIs(sub(value, from+1, i-1))
			}
		case 't', 'f':
			n.Kind, i = hit.Bool, literalEnd(text, i)
		case 'n':
			n.Kind, i = hit.Null, literalEnd(text, i)
		default:
			n.Kind, i = hit.Number, literalEnd(text, i)
		}
		n.Val.End = value.Start + uint32(i)
	}
}

func literalEnd(text []byte, i int) int {
	for ; i < len(text); i++ {
		switch text[i] {
		case ',', '}', ']', ' ', '\t', '\n', '\r':
			return i
		}
	}
	return i
}
