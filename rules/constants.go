package rules

import (
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/rules/hit"
)

// constants are the values that profiles set, on their way into events.
type constants struct {
	inners [3]inner // by depth: the object that a constant was last put into
	shared []bool   // by plan and constant: it stands in what all events share
	there  []bool   // by constant of an event's plan: it stands in the event, or in what all share
}

// reset forgets the hit.
func (c *constants) reset() {
	c.inners, c.shared, c.there = [len(c.inners)]inner{}, c.shared[:0], c.there[:0]
}

// sharedConstants puts what the profiles set in place of what all events share, and notes of each constant whether it
// stood there.
func (m *minimiseState) sharedConstants() {
	c := &m.constants
	c.inners, c.shared = [len(c.inners)]inner{}, c.shared[:0]
	for _, p := range m.plans {
		at := len(c.shared)
		c.shared = slices.Grow(c.shared, len(p.set))[:at+len(p.set)]
		clear(c.shared[at:])
		m.replace(hit.Shared, p, c.shared[at:])
	}
}

// eventConstants gives an event the values that its profile sets: in place of every occurrence, or added where there is
// none.
func (m *minimiseState) eventConstants(event int32) {
	c := &m.constants
	mine, at := m.verdicts[event].Activity.plan, 0
	if len(mine.set) == 0 {
		return
	}
	for _, p := range m.plans {
		if p == mine {
			break
		}
		at += len(p.set)
	}
	c.there = append(c.there[:0], c.shared[at:at+len(mine.set)]...)
	m.replace(event, mine, c.there)
	for i, there := range c.there {
		if set := &mine.set[i]; !there {
			m.add(event, set.field, set.name, set.text)
		}
	}
}

// sets tells whether the profile gives a field of that name a value.
func (p *plan) sets(name string) bool {
	return slices.ContainsFunc(p.set, func(c constant) bool { return c.name == name })
}

// replace puts the constants of a profile in place of every occurrence of their fields in an event, or in what all
// share, in one go over it, and notes which were there.
func (m *minimiseState) replace(event int32, p *plan, there []bool) {
	if len(p.set) == 0 {
		return
	}
	h := m.hit
	for i := h.FirstOf(event); i != hit.None; i = h.Nodes[i].Peer {
		n := &h.Nodes[i]
		if n.Field == hit.None || n.Kind.Holds() || n.Opened {
			continue
		}
		if c := p.setOf[n.Field]; c != hit.None {
			h.SetEdit(i, p.set[c].text)
			there[c] = true
		}
	}
}

// add puts a field into an event that did not have it.
func (m *minimiseState) add(event, field int32, name string, text []byte) {
	h := m.hit
	at := h.Events[event].Root
	if at != hit.None && h.Nodes[at].Opened {
		at = h.Nodes[at].First
	}
	if at == hit.None || h.Nodes[at].Kind != hit.Form && h.Nodes[at].Kind != hit.Object {
		return
	}
	if h.Nodes[at].Kind == hit.Object {
		for depth := 0; ; depth++ {
			member, rest, more := strings.Cut(name, ".")
			if !more {
				break
			}
			if at = m.known(depth, at, member); at == hit.None {
				return
			}
			name = rest
		}
	}
	kind := hit.String
	if string(text) == "true" || string(text) == "false" {
		kind = hit.Bool
	}
	i := h.Make(at, []byte(name), kind)
	h.Nodes[i].Field, h.Nodes[i].Class = field, m.route.Recipient.Catalog.Fields[field].Class
	h.SetEdit(i, text)
}

// inner is an object that was looked for inside another one.
type inner struct {
	parent, node int32
	name         string
}

// known is object, which is asked once for lines that follow each other and begin alike.
func (m *minimiseState) known(depth int, at int32, name string) int32 {
	if depth >= len(m.constants.inners) {
		return m.object(at, name)
	}
	last := &m.constants.inners[depth]
	if last.parent != at || last.name != name {
		*last = inner{at, m.object(at, name), name}
	}
	return last.node
}

// object returns the object of that name below another one, and makes it where there is none.
func (m *minimiseState) object(at int32, name string) int32 {
	h := m.hit
	for c := h.Nodes[at].First; c != hit.None; c = h.Nodes[c].Next {
		m.budget.Spend(costNode)
		if string(h.Bytes(h.KeySpan(c))) != name {
			continue
		}
		if h.Nodes[c].Kind != hit.Object {
			return hit.None
		}
		h.Nodes[c].Fate = hit.Keep
		return c
	}
	c := h.Make(at, []byte(name), hit.Object)
	h.Nodes[c].Fate = hit.Keep
	return c
}
