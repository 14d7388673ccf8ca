package rules

import (
	"encoding/binary"

	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// Counted is a value that was judged by how many share it: whoever counts, counts it. Its bytes belong to the
// [Judgement].
type Counted struct {
	Class hit.Class
	Value []byte // alone, or together with those of other fields
	K     int    // how many were asked for
}

// Counts lists the values that events which travel were judged by the rarity of.
func (m *minimiseState) Counts() []Counted { return m.counting.counted }

// counting is what is judged by how many share it.
type counting struct {
	counted  []Counted
	combined []byte // values of several fields together

	known      bool                  // the first fields were looked for
	firstOfHit [hit.NumClasses]int32 // of what all events share
	firstOf    [hit.NumClasses]int32 // of an event, or else of the whole hit
	event      int32                 // the one that firstOf is of
}

// reset forgets the hit.
func (c *counting) reset() {
	c.counted, c.combined, c.known = hit.Recycled(c.counted), hit.Recycled(c.combined), false
}

// Rarest is the largest number of networks that any profile asks for; 0 where no activity's profile asks for any.
func (p *Policy) Rarest() int { return p.rarest }

// rarity notes a value whose action asks for its rarity, and returns it together with those of other fields where it is
// judged so; nil else.
func (c *counting) rarity(h *hit.Hit, b *budget, i int32, a *minimise.Action, by hit.Class) (together []byte) {
	k, with := a.Rarity()
	if k == 0 {
		return nil
	}
	value := h.Text(i)
	if len(with) > 0 {
		if together = c.together(h, b, i, with); together == nil {
			return nil
		}
		value = together
	}
	c.counted = append(c.counted, Counted{by, value, k})
	return together
}

// maxCombined is how long values are together that are counted. They are copied for each value that is
// judged by them: what is longer is rare.
const maxCombined = 1 << 10

// together is a value with those of other classes in its event, each with its length before it, so that none can be
// taken for another. Of a class that stands more than once the first counts. It is nil where they are too long.
func (c *counting) together(h *hit.Hit, b *budget, i int32, with []hit.Class) []byte {
	from, length := len(c.combined), len(h.Text(i))
	firsts := c.firsts(h, h.Nodes[i].Event)
	for _, class := range with {
		if first := firsts[class]; first != hit.None {
			length += len(h.Text(first))
		}
	}
	if length > maxCombined {
		return nil
	}
	b.Spend(costNode * length)
	c.combined = appendLong(c.combined, h.Text(i))
	for _, class := range with {
		c.combined = append(c.combined, byte(class))
		if first := firsts[class]; first != hit.None {
			c.combined = appendLong(c.combined, h.Text(first))
		}
	}
	return c.combined[from:len(c.combined):len(c.combined)]
}

func appendLong(dst, text []byte) []byte {
	return append(binary.BigEndian.AppendUint32(dst, uint32(len(text))), text...)
}

// firsts are the first fields of each class in an event, or else in the whole hit. They are looked for
// once an event, and once in the whole hit.
func (c *counting) firsts(h *hit.Hit, event int32) *[hit.NumClasses]int32 {
	if !c.known {
		c.known, c.event = true, hit.Shared
		c.firstOfHit = firstsIn(h, hit.Shared)
		c.firstOf = c.firstOfHit
	}
	if c.event != event {
		c.event, c.firstOf = event, firstsIn(h, event)
		for class, first := range c.firstOfHit {
			if c.firstOf[class] == hit.None {
				c.firstOf[class] = first
			}
		}
	}
	return &c.firstOf
}

func firstsIn(h *hit.Hit, event int32) (first [hit.NumClasses]int32) {
	for class := range first {
		first[class] = hit.None
	}
	for i := h.FirstOf(event); i != hit.None; i = h.Nodes[i].Peer {
		n := &h.Nodes[i]
		if !n.Kind.Holds() && !n.Opened && first[n.Class] == hit.None {
			first[n.Class] = i
		}
	}
	return first
}
