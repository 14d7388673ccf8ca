package catalog

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/tagwarden/tagwarden/rules/hit"
)

// pairs makes the names known by which the elements of a list are told apart: {"key": "url.full",
// "value": {"stringValue": "..."}} is the field url.full, whatever is in its value. The name itself says
// nothing that the field's own does not say.
func (b *builder) pairs(at int32, f Field, place string) error {
	if f.Class != hit.Container.String() || len(f.Open) > 0 {
		return fmt.Errorf("%s: pairs: a list of pairs is a container, and is not opened", place)
	}
	if len(f.Fields) == 0 {
		return fmt.Errorf("%s: %w", place, errors.New("pairs: fields are missing: name those that are known, and * for the "+
			"others"))
	}
	b.states[at].pair, b.states[at].pairs = f.Pairs, map[string]int32{}
	for _, name := range slices.Sorted(maps.Keys(f.Fields)) {
		info, err := newFieldInfo(name, f.Fields[name])
		if err != nil {
			return fmt.Errorf("%s.%s: %w", place, name, err)
		}
		label, err := newFieldInfo(f.Pairs, Field{Class: hit.Technical.String()})
		if err != nil {
			return err
		}
		label.label = true
		pair, key, value := b.state(), b.state(), b.state()
		b.states[key].field = int32(len(b.fields))
		b.states[value].field, b.states[value].deep = int32(len(b.fields)+1), true
		b.fields = append(b.fields, label, info)
		if f.Pairs == listPairs {
			b.states[pair].head, b.states[pair].elem = key, value
		} else {
			b.states[pair].exact, b.states[pair].star = map[string]int32{f.Pairs: key}, value
		}
		if err := b.table(pair, f.Beside, place+".beside"); err != nil {
			return err
		}
		if name == "*" {
			b.states[at].other = pair
		} else {
			b.states[at].pairs[name] = pair
		}
	}
	return nil
}

// pair finds where an element of a list of pairs leads by the name in it. What has no name, or two,
// leads nowhere: nothing of it is known.
func (r *reading) pair(i int32, s *state) (to int32, free bool) {
	h := r.h
	name := r.pairName(i, s)
	if name == hit.None {
		return 0, false
	}
	text := h.Text(name)
	if to, ok := s.pairs[string(text)]; ok {
		return to, false
	}
	if s.other != 0 {
		value := r.v.states[s.other].star
		if s.pair == listPairs {
			value = r.v.states[s.other].elem
		}
		if r.v.Fields[r.v.states[value].field].Names && r.v.names != nil {
			n := &h.Nodes[i]
			n.Alias, n.Many = r.v.names.Read(r.container(n.Parent), text, false)
		}
	}
	return s.other, true
}

// listPairs says that pairs are lists of two, ["colour", "red"].
const listPairs = "[]"

// pairName finds what names a pair: a text, in the one member of that name or at the head of the list.
func (r *reading) pairName(i int32, s *state) (name int32) {
	h := r.h
	if s.pair == listPairs {
		name = h.Nodes[i].First
		if h.Nodes[i].Kind != hit.Array || name == hit.None || h.Nodes[name].Kind != hit.String {
			return hit.None
		}
		return name
	}
	name = hit.None
	if h.Nodes[i].Kind != hit.Object {
		return name
	}
	for c := h.Nodes[i].First; c != hit.None; c = h.Nodes[c].Next {
		if string(h.Bytes(h.KeySpan(c))) != s.pair {
			continue
		}
		if name != hit.None || h.Nodes[c].Kind != hit.String {
			return hit.None
		}
		name = c
	}
	return name
}
