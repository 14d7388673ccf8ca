package codec

import (
	"bytes"

	"github.com/tagwarden/tagwarden/rules/ascii"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// chain reads elements of a page as PostHog writes them, the clicked one first, then those around it:
//
//	a.btn.btn-primary:attr__href="/cart"nth-child="1"text="Cart";div.page:nth-child="2"
//
// Each is a name of a tag with classes, a colon, and attributes; a quote in a value is escaped by a backslash. Names of
// classes hold colons, too: the attributes begin behind the last one in front of the first quote.
func (o *Opener) chain(parent int32, value hit.Span) error {
	root, err := o.list(parent, hit.Chain, value)
	if err != nil {
		return err
	}
	text := o.hit.Bytes(value)
	arena := o.hit.Grow()
	from := len(arena)
	tag := o.hit.Grown(append(arena, "tag"...), from)
	for at := 0; at <= len(text); {
		end, err := o.markup(root, value, text, at, tag)
		if err != nil {
			return err
		}
		at = end + 1
	}
	return nil
}

// markup reads one element, and returns where it ends: at a semicolon, or at the end of the text.
func (o *Opener) markup(chain int32, value hit.Span, text []byte, at int, tag hit.Span) (end int, err error) {
	end, quote := at, 0
	for end < len(text) && text[end] != ';' && text[end] != '"' {
		end++
	}
	if quote = end; quote == len(text) || text[quote] == ';' {
		quote = -1 // there are no attributes
	}
	if err := o.room(2); err != nil {
		return 0, err
	}
	element := o.hit.Append(chain, hit.Node{Kind: hit.Markup, Val: sub(value, at, end)})
	name := end
	if quote >= 0 {
		if name = bytes.LastIndexByte(text[at:quote], ':') + at; name < at {
			return 0, ErrMalformed
		}
	} else if end > at && text[end-1] == ':' {
		name = end - 1
	}
	i := o.hit.Append(element, hit.Node{Kind: hit.Quoted, Val: sub(value, at, name)})
	o.hit.Name(i, tag)
	if quote < 0 {
		return end, nil
	}
	for at = name + 1; at < len(text) && text[at] != ';'; {
		is := bytes.IndexByte(text[at:], '=') + at
		if is <= at || is+1 >= len(text) || text[is+1] != '"' || !isAttribute(text[at:is]) {
			return 0, ErrMalformed
		}
		end := quoteEnd(text, is+2)
		if end == len(text) {
			return 0, ErrMalformed
		}
		if err := o.room(1); err != nil {
			return 0, err
		}
		o.hit.Append(element, hit.Node{Kind: hit.Quoted, Key: sub(value, at, is), Val: sub(value, is+2, end)})
		at = end + 1
	}
	o.hit.Nodes[element].Val.End = value.Start + uint32(at)
	return at, nil
}

// quoteEnd returns where the value that begins at i ends: at a quote with no backslash in front, or at the end of the
// text.
func quoteEnd(text []byte, i int) int {
	for ; i < len(text); i++ {
		switch {
		case text[i] == '"':
			return i
		case text[i] == '\\' && i+1 < len(text) && text[i+1] == '"':
			i++
		}
	}
	return len(text)
}

// isAttribute tells whether a text is the name of an attribute: there is nothing in it that its value could begin with.
func isAttribute(b []byte) bool {
	for _, c := range b {
		if !ascii.IsAlnum(c) && c < 0x80 && bytes.IndexByte([]byte("-_.:@$#()[]*&!?+/{}|^"), c) < 0 {
			return false
		}
	}
	return len(b) > 0
}

// markup writes an element: its tag, and what is left of its attributes.
func (a *Assembler) markup(dst []byte, n *hit.Node) []byte {
	between := ":"
	for c := n.First; c != hit.None; c = a.hit.Nodes[c].Next {
		attribute := &a.hit.Nodes[c]
		if attribute.Fate == hit.Drop {
			continue
		}
		if attribute.Key.Len() == 0 {
			dst = a.value(dst, c)
			continue
		}
		dst = append(dst, between...)
		between = ""
		dst = append(append(dst, a.hit.Bytes(attribute.Key)...), `="`...)
		dst = append(a.value(dst, c), '"')
	}
	return dst
}
