package codec

import (
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/jsontext"
)

// json reads one JSON value (RFC 8259). One pass says whether it is valid, and no deeper and no wider than it
// may be, before anything is noted of it; then one walk, which may trust that, notes every member, each
// occurrence of a repeated key included.
func (o *Opener) json(parent int32, value hit.Span) error {
	text := o.hit.Bytes(value)
	size, fault := jsontext.Measure(text, jsontext.Size{Members: o.Limits.Nodes - len(o.hit.Nodes), Depth: o.Limits.Depth})
	switch fault {
	case jsontext.TooDeep:
		return Over("depth")
	case jsontext.TooMany:
		return Over("nodes")
	case jsontext.Malformed:
		return ErrMalformed
	}
	if err := o.room(size.Members); err != nil {
		return err
	}
	o.walk(parent, value, text)
	return nil
}

// walk adds the nodes of a valid JSON text. It goes over the bytes once; the open
// containers are a chain of parents in the nodes.
func (o *Opener) walk(parent int32, value hit.Span, text []byte) {
	h := o.hit
	at, key := parent, hit.Span{}
	literal := true // no escape is in the key
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
			end, escaped := jsontext.StringEnd(text, i)
			key, literal = sub(value, i+1, end-1), !escaped
			wantKey = false
			i = end
			continue
		}
		is := hit.Add(h, at, hit.Absent, key, sub(value, i, i))
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
			end, escaped := jsontext.StringEnd(text, i)
			if n.Kind = hit.String; !escaped {
				n.TextIs(sub(value, i+1, end-1))
			}
			i = end
		case 't', 'f':
			n.Kind, i = hit.Bool, jsontext.LeafEnd(text, i)
		case 'n':
			n.Kind, i = hit.Null, jsontext.LeafEnd(text, i)
		default:
			n.Kind, i = hit.Number, jsontext.LeafEnd(text, i)
		}
		n.Val.End = value.Start + uint32(i)
	}
}
