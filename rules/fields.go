package rules

import (
	"slices"
	"strconv"
	"strings"

	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// FieldNotes say what became of every field of a hit that was judged and that nobody explains, but for Why and Found.
// Their cost is linear in the hit's bytes.
func (j *Judgement) FieldNotes() []FieldNote {
	t := &Trace{brief: true}
	t.fields(&j.readState, &j.minimiseState, &j.Out)
	return t.Fields
}

// fields notes what became of every field. It does nothing where nobody asked.
func (t *Trace) fields(r *readState, m *minimiseState, out *Outgoing) {
	if t == nil {
		return
	}
	h := &r.Hit
	at := places{}
	for i := int32(0); int(i) < len(h.Nodes); i++ {
		n := &h.Nodes[i]
		if n.Kind.Holds() && n.First != hit.None || n.Opened || n.Parent == hit.None && n.Kind != hit.Raw {
			continue
		}
		note := FieldNote{Event: int(n.Event), Path: pathOf(h, i, at), Class: n.Class, Action: "drop"}
		note.Rule, note.Name = m.ruleOf(n), "*"
		if known := r.Route.Recipient.Catalog.Fields; n.Field >= 0 && int(n.Field) < len(known) {
			note.Name = known[n.Field].Path
		}
		if !n.Made {
			note.Before = string(h.Text(i))
		}
		a, _ := m.action(n.Event, n.Field, n.Class, n.Alias)
		if !n.Made && !t.brief {
			value := minimise.Value{Class: n.Class, Format: m.route.Recipient.idField(n.Field).format,
				Bytes: []byte(note.Before), Kind: kindOf(n.Kind)}
			note.Found = a.Found(value, m.consented(n.Event), r.Policy.detectors)
			if in := m.route.Recipient.idField(n.Field); n.Fate == hit.Drop {
				if note.Why = a.WhyDropped(value); a != nil && in.exact && made(n.Class) && !in.format.Fits(value.Bytes) {
					note.Why = "the vendor refuses an id that is not of the form " + in.format.String()
				}
				if own, _ := m.action(n.Event, n.Field, n.Class, hit.Unknown); a == nil && own != nil {
					note.Why = "it is taken for " + n.Alias.String() + ", too, and no line names that"
				}
			}
		}
		switch n.Fate {
		case hit.Drop:
		case hit.Keep:
			note.Action, note.After = "keep", note.Before
		case hit.Rewrite:
			note.Action, note.After = "set", string(h.Bytes(n.Edit))
			if n.Downgraded {
				if note.Action = "lower"; n.Made {
					note.Action = "state"
				}
				note.Rule = "what the catalog says that " + m.route.Recipient.Catalog.File.ID + " is told (state)"
			} else if a != nil && !n.Made {
				note.Action = a.Rewrites().String()
			}
		}
		note.Sent = n.Fate != hit.Drop && h.Sent(i)
		if !note.Sent {
			note.Action, note.After = "drop", ""
		}
		t.Fields = append(t.Fields, note)
	}
	t.headers(r, m, out.Headers)
}

// ruleOf is the line that decided what becomes of a field.
func (m *minimiseState) ruleOf(n *hit.Node) string {
	plans := m.plans
	if n.Event != hit.Shared {
		v := &m.verdicts[n.Event]
		if v.Decision != Permit {
			return ""
		}
		plans = []*plan{v.Activity.plan}
	}
	a, by := m.action(n.Event, n.Field, n.Class, n.Alias)
	for _, p := range plans {
		if of, _ := p.action(n.Field, n.Class, n.Alias); of == a {
			return p.line(n, by)
		}
	}
	return ""
}

func (p *plan) line(n *hit.Node, by hit.Class) string {
	if n.Field != hit.None && p.setOf[n.Field] != hit.None {
		return p.set[p.setOf[n.Field]].line
	}
	if n.Field != hit.None && p.fieldLines[n.Field] != "" && by == n.Class {
		return p.fieldLines[n.Field]
	}
	return p.classLines[by]
}

// headers notes the headers that are sent.
func (t *Trace) headers(r *readState, m *minimiseState, headers []Header) {
	for _, header := range headers {
		n := FieldNote{
			Event: hit.Shared, Path: "header " + header.Name, Name: "header " + header.Name, Class: hit.Technical,
			Action: "keep", After: string(header.Value), Sent: true,
		}
		sent := r.Route.Endpoint.Headers
		for i := range sent {
			if sent[i].Name != header.Name {
				continue
			}
			n.Class = r.Route.Recipient.Catalog.Fields[sent[i].Field].Class
			n.Rule = m.ruleOf(&hit.Node{Event: hit.Shared, Field: sent[i].Field, Class: n.Class})
			if a, _ := m.action(hit.Shared, sent[i].Field, n.Class, hit.Unknown); a != nil {
				n.Action = a.Kind().String()
			}
		}
		if value, _ := r.Hit.Request.One(header.Name); value != nil {
			n.Before = string(value)
		}
		t.Fields = append(t.Fields, n)
	}
}

// places are the children of lists that were named last, and where in their lists they stand.
type places map[int32]listed

type listed struct {
	child int32
	place int
}

// of returns where in its list a node stands. Who asks of one after another has each counted once.
func (p places) of(h *hit.Hit, child int32) int {
	parent := h.Nodes[child].Parent
	last, ok := p[parent]
	if !ok || last.child > child {
		last = listed{child: h.Nodes[parent].First}
	}
	for last.child != child {
		last.child = h.Nodes[last.child].Next
		last.place++
	}
	p[parent] = last
	return last.place
}

// pathOf names a node for people: inside its event, or from the query ("?name") or the body.
func pathOf(h *hit.Hit, i int32, of places) string {
	var parts []string
	for at := i; at != hit.None; at = h.Nodes[at].Parent {
		n := &h.Nodes[at]
		if n.Event != hit.Shared && h.Events[n.Event].Root == at {
			break
		}
		if n.Parent == hit.None {
			if at == h.QueryRoot && n.Kind == hit.Form {
				parts = append(parts, "?")
			}
			break
		}
		switch p := &h.Nodes[n.Parent]; p.Kind {
		case hit.Object, hit.Form, hit.Item, hit.Markup:
			parts = append(parts, shownName(h.Bytes(h.KeySpan(at)), n.Free))
		case hit.Array, hit.Lines, hit.Records, hit.Chain:
			parts = append(parts, "["+strconv.Itoa(of.of(h, at))+"]")
		default: // an opened value has one root, which has no name of its own
		}
	}
	var b strings.Builder
	for _, part := range slices.Backward(parts) {
		if b.Len() > 0 && part != "" && part[0] != '[' && b.String() != "?" {
			b.WriteByte('.')
		}
		b.WriteString(part)
	}
	if b.Len() == 0 {
		return "body"
	}
	return b.String()
}
