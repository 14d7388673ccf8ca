package rules

import (
	"bytes"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// Left is something that left of a hit, and with which events.
type Left struct {
	Leaving
	Events []LeftEvent // that it left with: its own, or of the whole request all that stayed
}

// LeftEvent is an event that travelled.
type LeftEvent struct {
	Name     string
	Activity *Activity
}

// Left lists what left of a hit that was judged: of what [OutflowsOf] says may leave what did, each value by
// itself.
func (j *Judgement) Left() (all []Left) {
	if !j.Out.Forward {
		return nil
	}
	l := leftOf{j: j, fields: j.Route.Recipient.Catalog.Fields, at: places{}}
	for e := range j.Verdicts {
		if v := &j.Verdicts[e]; v.Decision == Permit {
			l.stayed = append(l.stayed, LeftEvent{j.Hit.EventName(int32(e)), v.Activity})
		}
	}
	for i := range j.Hit.Nodes {
		n := &j.Hit.Nodes[i]
		if !n.Kind.Holds() && !n.Opened && n.Parent != hit.None && n.Fate != hit.Drop && j.Hit.Sent(int32(i)) {
			of := l.node(int32(i))
			all = append(append(all, of), l.parts(&of, int32(i))...)
		}
	}
	if root := j.Hit.BodyRoot; root != hit.None && j.Hit.Nodes[root].Kind == hit.Raw && !j.Hit.Nodes[root].Opened &&
		len(j.Out.Body) > 0 {
		all = append(all, Left{Leaving{Field: "body", Classes: ClassesOf(hit.Recording), By: ByStream,
			Action: l.action(j.Hit.Nodes[root].Event, hit.None, hit.Recording, hit.Unknown)}, l.of(j.Hit.Nodes[root].Event)})
	}
	all = l.headers(all)
	if name := j.Route.Endpoint.Carry.Query; name != "" && l.isCarried(name) {
		all = append(all, l.address(name))
	}
	if !j.Route.Endpoint.Path.Literal() {
		all = append(all, Left{pathLeaving(), l.stayed})
	}
	return all
}

// leftOf is what listing needs.
type leftOf struct {
	j      *Judgement
	fields []catalog.FieldInfo
	at     places
	stayed []LeftEvent
}

// of are the events that something of one, or of the whole request, left with.
func (l *leftOf) of(event int32) []LeftEvent {
	if event == hit.Shared {
		return l.stayed
	}
	return []LeftEvent{{l.j.Hit.EventName(event), l.j.Verdicts[event].Activity}}
}

// plans are those by which such a thing was treated.
func (l *leftOf) plans(event int32) []*plan {
	if event == hit.Shared {
		return l.j.plans
	}
	return []*plan{l.j.Verdicts[event].Activity.plan}
}

func (l *leftOf) action(event, field int32, class, alias hit.Class) *minimise.Action {
	a, _ := l.j.action(event, field, class, alias)
	return a
}

// node is a value of query or body.
func (l *leftOf) node(i int32) Left {
	n := &l.j.Hit.Nodes[i]
	of := Leaving{Field: pathOf(&l.j.Hit, i, l.at), Classes: ClassesOf(n.Class), Around: n.Event == hit.Shared}
	if n.Field != hit.None {
		f := &l.fields[n.Field]
		if of.Classes |= classesOf(f); strings.ContainsAny(f.Path, "*{") {
			of.Field = unplaced(of.Field)
		} else {
			of.Field = f.Path
		}
	}
	if n.Alias != hit.Unknown {
		of.Classes |= ClassesOf(n.Alias)
	}
	switch {
	case n.Downgraded:
		of.By = ByState
	case n.Field != hit.None && slices.ContainsFunc(l.plans(n.Event), func(p *plan) bool {
		return p.setOf[n.Field] != hit.None
	}):
		of.By, of.Classes = BySet, l.ownClasses(n.Field)
	case n.Made && n.Class == hit.IP:
		of.By, of.Action = ByCarry, l.action(n.Event, hit.None, hit.IP, hit.Unknown)
	default:
		of.Action = l.action(n.Event, n.Field, n.Class, n.Alias)
	}
	return Left{of, l.of(n.Event)}
}

// parts are the parameters of addresses that left in a value.
func (l *leftOf) parts(of *Left, i int32) (all []Left) {
	may := of.Action.Parameters()
	if len(may) == 0 {
		return nil
	}
	in := minimise.ParametersIn(l.j.asItLeaves(i))
	for _, p := range may {
		if slices.Contains(in, p.Class) {
			part := *of
			part.Classes, part.Action = ClassesOf(p.Class), p.Action
			all = append(all, part)
		}
	}
	return all
}

// ownClasses is what the endpoint's own fields of a field's name are, whatever the value was that a constant stands in
// place of. One that an event did not have is put into it by that name, which may be one of other endpoints, too.
func (l *leftOf) ownClasses(field int32) (set Classes) {
	e := l.j.Route.Endpoint
	if field >= e.First && field < e.End {
		return classesOf(&l.fields[field])
	}
	for i := e.First; i < e.End; i++ {
		if l.fields[i].Path == l.fields[field].Path {
			set |= classesOf(&l.fields[i])
		}
	}
	return set
}

// unplaced is a path without the places of elements in their lists, and without where it begins.
func unplaced(path string) string {
	var b strings.Builder
	path = strings.TrimPrefix(path, "?.")
	for {
		before, rest, found := strings.Cut(path, "[")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		inside, behind, closed := strings.Cut(rest, "]")
		if b.WriteByte('['); !closed || strings.Trim(inside, "0123456789") != "" {
			path = rest
			continue
		}
		b.WriteByte(']')
		path = behind
	}
}

// headers adds those that were sent.
func (l *leftOf) headers(all []Left) []Left {
	endpoint := l.j.Route.Endpoint
	for _, header := range l.j.Out.Headers {
		of := Leaving{Field: "header " + header.Name, Around: true, By: ByConstant}
		switch header.Name {
		case "Sec-GPC":
			of.Classes = ClassesOf(hit.ConsentSignal)
		case endpoint.Carry.Header:
			all = append(all, l.address(of.Field))
			continue
		}
		for i := range endpoint.Headers {
			info := &endpoint.Headers[i]
			if info.Name != header.Name {
				continue
			}
			if of.Classes = classesOf(&l.fields[info.Field]); info.Value == "" {
				of.By = ByAction
				of.Action = l.action(hit.Shared, info.Field, l.fields[info.Field].Class, hit.Unknown)
			}
		}
		if of.Classes != 0 {
			all = append(all, Left{of, l.stayed})
		}
	}
	return all
}

// isCarried tells whether the visitor's address was handed on in the query, which the hit did not hold.
func (l *leftOf) isCarried(name string) bool {
	h := &l.j.Hit
	for c := h.Nodes[h.QueryRoot].First; c != hit.None; c = h.Nodes[c].Next {
		if h.Nodes[c].Fate != hit.Drop && string(h.Bytes(h.KeySpan(c))) == name {
			return false
		}
	}
	return bytes.Contains(append([]byte{'&'}, l.j.Out.Query...), []byte("&"+name+"="))
}

// address is the visitor's address, as it was handed on.
func (l *leftOf) address(name string) Left {
	return Left{Leaving{Field: name, Classes: ClassesOf(hit.IP), Action: l.action(hit.Shared, hit.None,
		hit.IP, hit.Unknown),
		By: ByCarry, Around: true}, l.stayed}
}
