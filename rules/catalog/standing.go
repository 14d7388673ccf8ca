package catalog

import "github.com/tagwarden/tagwarden/rules/hit"

// standing is what is asked of each node by the state that it stands in, in few bytes: states and fields are large, and
// of most nodes nothing else of theirs is looked at.
type standing struct {
	field int32 // or hit.None
	event int16 // as in the state
	class hit.Class
	apart bool // where it leads depends on what is in it or beside it: it is of a list of pairs, or has a schema
	plain bool // a leaf here is of its class, and nothing else is to be noted of it
}

// newStandings is what is known by each state.
func newStandings(states []state, fields []FieldInfo) []standing {
	all := make([]standing, len(states))
	for i := range states {
		s := &states[i]
		all[i] = standing{field: s.field, event: s.event, apart: s.pair != "" || s.schema != ""}
		if s.field != hit.None {
			all[i].class, all[i].plain = fields[s.field].Class, fields[s.field].plain()
		}
	}
	return all
}

// plain tells whether [reading.leaf] and [reading.open] note nothing of a leaf, whatever it holds.
func (f *FieldInfo) plain() bool {
	return !f.opens && !f.label && f.as == hit.Unknown && f.nameRule == hit.None && f.Signal == "" &&
		f.Stamp == hit.NoStamp && f.Class != hit.Container && !f.Class.Identifies() && len(f.Also) == 0
}

// implied is the class of a node that no name covers: a stream that nobody opens, a container
// that leads on to names, or nothing known.
func implied(n *hit.Node) hit.Class {
	if n.Kind == hit.Raw && !n.Opened {
		return hit.Recording
	}
	if n.Kind == hit.Raw || n.Kind.Holds() && n.State != 0 {
		return hit.Container
	}
	return hit.Unknown
}
