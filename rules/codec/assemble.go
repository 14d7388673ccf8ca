package codec

import (
	"bytes"
	"slices"

	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/jsontext"
)

// Assembler writes what is kept of a hit. It keeps its buffers and compressors from hit to hit.
type Assembler struct {
	hit     *hit.Hit
	levels  []level // of opened values, the outermost first
	depth   int
	marks   []mark // by event; none where they are not wanted
	packed  appender
	writers [numSteps]compressor // made when first needed
}

// level is where the inside of an opened value is written.
type level struct {
	plain, packed, spare []byte
	values               int // that were written here
}

// mark is where an event was written: at a level (0: in no opened value), in one of the values that were written there,
// counted from 1.
type mark struct {
	level     int
	value     int
	from, end int
}

// Begin starts on a hit whose events are to be found in what is written of it (see [Assembler.Event]).
func (a *Assembler) Begin(h *hit.Hit) {
	a.marks = slices.Grow(a.marks[:0], len(h.Events))[:len(h.Events)]
	clear(a.marks)
}

// Reset forgets the last hit. Buffers that are too large are not kept. What was packed last stays in the windows of the
// compressors, which are not read before they are written anew; nothing else does.
func (a *Assembler) Reset() {
	a.hit, a.marks = nil, hit.Reused(a.marks)
	for i := range a.levels {
		l := &a.levels[i]
		l.plain, l.packed, l.spare, l.values = hit.Recycled(l.plain), hit.Recycled(l.packed), hit.Recycled(l.spare), 0
	}
}

// Event returns what was written of an event inside of an opened value since [Assembler.Begin]. ok is false where it
// stands in none, or is not there any more: the inside of a later value was written in its place.
func (a *Assembler) Event(event int) (text []byte, ok bool) {
	m := a.marks[event]
	if m.level == 0 || a.levels[m.level-1].values != m.value {
		return nil, false
	}
	return a.levels[m.level-1].plain[m.from:m.end:m.end], true
}

// Again appends a node as [Assembler.Append] did, and leaves alone what is known of where events were written.
func (a *Assembler) Again(dst []byte, h *hit.Hit, root int32) []byte {
	marks := a.marks
	a.marks = nil
	dst = a.Append(dst, h, root)
	a.marks = marks
	return dst
}

// Append appends the node as it leaves: nothing of what is dropped, rewritten text in place of what is rewritten, and
// the very bytes received of what is kept whole. Dirty must be right on every node (see [hit.Hit.Settle]).
func (a *Assembler) Append(dst []byte, h *hit.Hit, root int32) []byte {
	a.hit, a.depth = h, 0
	if root == hit.None || h.Nodes[root].Fate == hit.Drop {
		return dst
	}
	return a.value(dst, root)
}

func (a *Assembler) value(dst []byte, i int32) []byte {
	n := &a.hit.Nodes[i]
	if !n.Dirty {
		return append(dst, a.hit.Bytes(n.Val)...)
	}
	from := len(dst)
	dst = a.changed(dst, n)
	if e := int(n.Event); a.depth > 0 && e >= 0 && e < len(a.marks) && a.hit.Events[e].Root == i {
		a.marks[e] = mark{a.depth, a.levels[a.depth-1].values, from, len(dst)}
	}
	return dst
}

// changed writes a value that does not leave as it came.
func (a *Assembler) changed(dst []byte, n *hit.Node) []byte {
	switch {
	case n.Opened:
		return a.opened(dst, n)
	case n.Kind == hit.Object:
		return a.object(dst, n)
	case n.Kind == hit.Array:
		return append(a.list(append(dst, '['), n, ","), ']')
	case n.Kind == hit.Form:
		return a.pairs(dst, n, '&', "=")
	case n.Kind == hit.Item:
		return a.pairs(dst, n, '~', "")
	case n.Kind == hit.Chain:
		return a.list(dst, n, ";")
	case n.Kind == hit.Markup:
		return a.markup(dst, n)
	case n.Kind == hit.Lines || n.Kind == hit.Records:
		end := "\n"
		if bytes.Contains(a.hit.Bytes(n.Val), []byte("\r\n")) {
			end = "\r\n"
		}
		return a.list(dst, n, end)
	default:
		return appendText(dst, n.Kind, a.hit.Bytes(n.Edit))
	}
}

// appendText writes decoded text as a value of the kind: a JSON literal that is still one stays
// bare, what no longer is becomes a string.
func appendText(dst []byte, k hit.Kind, text []byte) []byte {
	switch k {
	case hit.Text:
		return hit.AppendPercent(dst, text)
	case hit.Glued:
		return hit.AppendGlued(dst, text)
	case hit.Quoted:
		return hit.AppendQuoted(dst, text)
	case hit.Raw:
		return append(dst, text...)
	case hit.Number, hit.Bool, hit.Null:
		if literal(text) {
			return append(dst, text...)
		}
	default:
	}
	return hit.AppendJSON(dst, text)
}

func literal(text []byte) bool {
	return len(text) > 0 && text[0] != '"' && text[0] != '{' && text[0] != '[' &&
		jsontext.Valid(text)
}

func (a *Assembler) object(dst []byte, n *hit.Node) []byte {
	dst = append(dst, '{')
	first := true
	for c := n.First; c != hit.None; c = a.hit.Nodes[c].Next {
		member := &a.hit.Nodes[c]
		if member.Fate == hit.Drop {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(dst, '"')
		dst = append(dst, a.hit.Bytes(member.Key)...)
		dst = append(dst, '"', ':')
		dst = a.value(dst, c)
	}
	return append(dst, '}')
}

// pairs writes names with their values, a byte between each two and a text between name and value.
func (a *Assembler) pairs(dst []byte, n *hit.Node, between byte, is string) []byte {
	first := true
	for c := n.First; c != hit.None; c = a.hit.Nodes[c].Next {
		pair := &a.hit.Nodes[c]
		if pair.Fate == hit.Drop {
			continue
		}
		if !first {
			dst = append(dst, between)
		}
		first = false
		if !pair.Dirty {
			dst = append(dst, a.hit.Bytes(hit.Span{Buf: pair.Key.Buf, Start: pair.Key.Start, End: pair.Val.End})...)
			continue
		}
		dst = append(dst, a.hit.Bytes(pair.Key)...)
		dst = append(dst, is...)
		dst = a.value(dst, c)
	}
	return dst
}

func (a *Assembler) list(dst []byte, n *hit.Node, between string) []byte {
	first := true
	for c := n.First; c != hit.None; c = a.hit.Nodes[c].Next {
		if a.hit.Nodes[c].Fate == hit.Drop {
			continue
		}
		if !first {
			dst = append(dst, between...)
		}
		first = false
		dst = a.value(dst, c)
	}
	return dst
}

// opened writes a value whose inside has changed: the inside, wrapped again as it was, as text of the value's kind.
func (a *Assembler) opened(dst []byte, n *hit.Node) []byte {
	if a.depth == len(a.levels) {
		a.levels = append(a.levels, level{})
	}
	at := a.depth
	a.levels[at].values++
	a.depth++
	inner := hit.Emptied(a.levels[at].plain)
	if n.First != hit.None && a.hit.Nodes[n.First].Fate != hit.Drop {
		inner = a.value(inner, n.First)
	}
	a.depth--
	l := &a.levels[at]
	l.plain = inner
	for i := int(n.Wrap.N) - 1; i >= 0; i-- {
		l.spare = layers[n.Wrap.Steps[i]].on(a, hit.Emptied(l.spare), inner, n.Wrap.Steps[i])
		inner = l.spare
		l.packed, l.spare = l.spare, l.packed
	}
	return appendText(dst, n.Kind, inner)
}
