package rules

import (
	"encoding/binary"
	"math/bits"
	"slices"

	"github.com/tagwarden/tagwarden/rules/hit"
)

// shapes are which fields of events were kept, changed and dropped.
type shapes struct {
	event  []uint64 // of the one that was asked for last
	shared []uint64 // of what all events share, once asked for
	text   []byte   // that an id is made of, of a shape or of rungs
	ids    IDs      // those that were made before; nil: nobody remembers
}

// reset forgets the hit.
func (s *shapes) reset() {
	s.event, s.shared, s.text = s.event[:0], s.shared[:0], hit.Recycled(s.text)
	s.ids = nil
}

// ShapeID names which fields of an event were kept, changed and dropped, in hex: the same fields under the same catalog
// always have the same name, in whatever order they came. It is appended to dst.
func (j *Judgement) ShapeID(dst []byte, event int) []byte {
	text := append(hit.Emptied(j.shapes.text), j.Route.Recipient.ID...)
	text = append(append(text, 0), j.Policy.digest...)
	for i, word := range j.shapes.of(&j.Hit, len(j.Route.Recipient.Catalog.Fields), event) {
		if word != 0 {
			text = binary.BigEndian.AppendUint16(text, uint16(i))
			text = binary.BigEndian.AppendUint64(text, word)
		}
	}
	j.shapes.text = text
	return j.shapes.appendID(dst)
}

// Shape lists the fields that ShapeID names, as catalog and policy call them; "*" is what neither knows.
func (j *Judgement) Shape(event int) (kept, changed, dropped []string) {
	fields := j.Route.Recipient.Catalog.Fields
	shape := j.shapes.of(&j.Hit, len(j.Route.Recipient.Catalog.Fields), event)
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

// of says what became of the fields of an event, and of those that all events share, which are gone over once: for each
// fate as many bits as the catalog has fields, and one for what nobody knows. It holds until it is asked for again.
func (s *shapes) of(h *hit.Hit, fields, event int) []uint64 {
	words := (fields + 1 + 63) / 64
	if len(s.shared) == 0 {
		s.shared = slices.Grow(s.shared, 3*words)[:3*words]
		clear(s.shared)
		mark(s.shared, h, fields, hit.Shared)
	}
	s.event = append(s.event[:0], s.shared...)
	mark(s.event, h, fields, int32(event))
	return s.event
}

// mark notes what became of what holds a value in an event, or in what all events share.
func mark(shape []uint64, h *hit.Hit, fields int, event int32) {
	words := len(shape) / 3
	for i := h.FirstOf(event); i != hit.None; i = h.Nodes[i].Peer {
		n := &h.Nodes[i]
		if n.Kind.Holds() || n.Opened || n.Kind == hit.Raw {
			continue
		}
		field, fate := int(n.Field), n.Fate
		if n.Field == hit.None {
			field = fields // what nobody knows
		}
		if fate != hit.Drop && !h.Sent(i) {
			fate = hit.Drop
		}
		shape[int(fate)*words+field/64] |= 1 << (field % 64)
	}
}

// EventBytes returns what leaves of one event: its own part of query or body, minimised, as it stands in what was
// assembled. The bytes belong to the Judgement, and hold until EventBytes is called again.
func (j *Judgement) EventBytes(event int) []byte { return j.eventBytes(&j.Hit, event) }
