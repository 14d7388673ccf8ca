package rules

import (
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
	"slices"

	"github.com/tagwarden/tagwarden/rules/hit"
)

// ShapeID names which fields of an event were kept, changed and dropped, in hex: the same fields under the same catalog always have
// the same name, in whatever order they came. It is appended to dst.
func (j *Judgement) ShapeID(dst []byte, event int) []byte {
	text := append(j.shapeText[:0], j.Route.Recipient.ID...)
	text = append(append(text, 0), j.Policy.digest...)
	for i, word := range j.fates(event) {
		if word != 0 {
			text = binary.BigEndian.AppendUint16(text, uint16(i))
			text = binary.BigEndian.AppendUint64(text, word)
		}
	}
	j.shapeText = text
	sum := sha256.Sum256(text)
	const lower = "0123456789abcdef"
	for _, c := range sum[:8] {
		dst = append(dst, lower[c>>4], lower[c&15])
	}
	return dst
}

// Shape lists the fields that ShapeID names, as catalog and policy call them; "*" is what neither knows.
func (j *Judgement) Shape(event int) (kept, changed, dropped []string) {
	fields := j.Route.Recipient.Catalog.Fields
	shape := j.fates(event)
	words := len(shape) / 3
	names := func(fate hit.Fate) (list []string) {
		for i, word := range shape[int(fate)*words : (int(fate)+1)*words] {
			for ; word != 0; word &= word - 1 {
				name := "*"
				if field := 64*i + bits.TrailingZeros64(word); field < len(fields) {
					name = fields[field].Path
				}
				list = append(list, name)
			}
		}
		slices.Sort(list)
		return slices.Compact(list)
	}
	return names(hit.Keep), names(hit.Rewrite), names(hit.Drop)
}

// fates says what became of the fields of an event, and of those that all events share, which are gone over once: for each fate as many bits
// as the catalog has fields, and one for what nobody knows. It holds until it is asked for again.
func (j *Judgement) fates(event int) []uint64 {
	fields := len(j.Route.Recipient.Catalog.Fields)
	words := (fields + 1 + 63) / 64
	mark := func(shape []uint64, of int32) {
		j.eachLeaf(of, func(n *hit.Node, sent bool) {
			field := int(n.Field)
			if n.Field == hit.None {
				field = fields // what nobody knows
			}
			fate := n.Fate
			if !sent {
				fate = hit.Drop
			}
			shape[int(fate)*words+field/64] |= 1 << (field % 64)
		})
	}
	if len(j.shared) == 0 {
		j.shared = slices.Grow(j.shared, 3*words)[:3*words]
		clear(j.shared)
		mark(j.shared, hit.Shared)
	}
	j.shape = append(j.shape[:0], j.shared...)
	mark(j.shape, int32(event))
	return j.shape
}

// eachLeaf goes over what holds a value in an event, or in what all events share.
func (j *Judgement) eachLeaf(event int32, visit func(n *hit.Node, sent bool)) {
	h := &j.Hit
	for i := h.FirstOf(event); i != hit.None; i = h.Nodes[i].Peer {
		n := &h.Nodes[i]
		if !n.Kind.Holds() && !n.Opened && n.Kind != hit.Raw {
			visit(n, n.Fate != hit.Drop && h.Sent(i))
		}
	}
}

// EventBytes returns what leaves of one event: its own part of query or body, minimised, as it stands in what was assembled. The bytes belong
// to the Judgement, and hold until EventBytes is called again.
func (j *Judgement) EventBytes(event int) []byte {
	h := &j.Hit
	root := h.Events[event].Root
	switch root {
	case hit.None:
		return j.Out.Path
	case h.QueryRoot:
		return j.Out.Query
	}
	n := &h.Nodes[root]
	switch {
	case n.Fate == hit.Drop:
		return nil
	case !n.Dirty:
		return h.Bytes(n.Val)
	}
	if text, ok := j.assembler.Event(event, j.written); ok {
		return text
	}
	// It lies in one of several values that were wrapped, each written where the one before it was.
	j.eventText = j.assembler.Again(j.eventText[:0], h, root)
	return j.eventText
}

// written is what was assembled of query or body, before a content coding was put back around it.
func (j *Judgement) written(root int32) []byte {
	if root == j.Hit.BodyRoot && j.inner != nil {
		return j.inner
	}
	return j.out
}
