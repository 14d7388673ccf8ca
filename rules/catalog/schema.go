package catalog

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/rules/hit"
)

// schemata are the schemas of one place: of a member whose meaning another beside it says.
type schemata struct {
	object, data int32            // states of the object that holds both, and of the member
	member       string           // the member's name
	schema       string           // that of the other
	by           map[string]int32 // what is in the member, by vendor and name of the schema
}

// schemas makes known what is in a member of an object by the schema that is named beside it: {"schema":
// "iglu:vendor/name/jsonschema/1-0-0", "data": {...}}.
func (b *builder) schemas(root, at int32, name string, f Field, place string) error {
	parent, member, nested := cutLast(name)
	if !nested || f.Class != hit.Container.String() || len(f.Open) > 0 || f.Pairs != "" {
		return fmt.Errorf("%s: schema: what is in a member of an object, a container that is not opened, "+
			"is told by a schema", place)
	}
	if len(f.Schemas) == 0 {
		return fmt.Errorf("%s: %w", place, errors.New("schemas are missing: name those that are known, as vendor/name"))
	}
	object, err := b.path(root, parent)
	if err != nil {
		return fmt.Errorf("%s: %w", place, err)
	}
	s := schemata{object: object, data: at, member: member, schema: f.Schema, by: map[string]int32{}}
	for _, schema := range slices.Sorted(maps.Keys(f.Schemas)) {
		if strings.Count(schema, "/") != 1 {
			return fmt.Errorf("%s: schemas: %q is no schema: vendor/name is, without the version", place, schema)
		}
		inside := b.state()
		b.states[inside].field = b.states[at].field
		first := len(b.fields)
		if err := b.table(inside, f.Schemas[schema], place+"."+schema); err != nil {
			return err
		}
		for i := first; i < len(b.fields); i++ { // policies call them as they call those of no schema
			b.fields[i].Path = name + "." + b.fields[i].Path
		}
		s.by[schema] = inside
	}
	b.schemata = append(b.schemata, s)
	return nil
}

// cutLast takes the last member off a path.
func cutLast(name string) (parent, member string, found bool) {
	i := strings.LastIndexByte(name, '.')
	if i < 0 {
		return "", name, false
	}
	return name[:i], name[i+1:], true
}

// bySchema gives each object whose schema is known a state of its own, once all names are known that stand in it.
func (b *builder) bySchema() {
	for _, s := range b.schemata {
		known := map[string]int32{}
		for schema, inside := range s.by {
			if b.states[inside].star == 0 {
				b.states[inside].star = b.states[s.data].star
			}
			object := b.state()
			of := b.states[s.object]
			of.exact = maps.Clone(of.exact)
			of.exact[s.member] = inside
			of.schema = s.schema // what is in it is called by it
			b.states[object] = of
			known[schema] = object
		}
		b.states[s.object].schema, b.states[s.object].schemas = s.schema, known
	}
	b.schemata = nil
}

// bySchema finds where an object stands by the schema that is named in it. One that names two is nothing known; one
// whose schema nobody lists, or that names none, stands where it stood.
func (r *reading) bySchema(i, state int32) int32 {
	h, s := r.h, &r.v.states[state]
	if h.Nodes[i].Kind != hit.Object {
		return state
	}
	named := int32(hit.None)
	for c := h.Nodes[i].First; c != hit.None; c = h.Nodes[c].Next {
		if string(h.Bytes(h.KeySpan(c))) != s.schema {
			continue
		}
		if named != hit.None {
			return 0
		}
		named = c
	}
	if named == hit.None || h.Nodes[named].Kind != hit.String {
		return state
	}
	if to, ok := s.schemas[string(schemaIn(h.Text(named)))]; ok {
		return to
	}
	return state
}

// schemaBeside is what a member of an object is called by the schema that is named beside it, where nobody lists that:
// "user" of "iglu:com.acme/user/jsonschema/1-0-0"; nil where there is none.
func (r *reading) schemaBeside(i int32) []byte {
	h := r.h
	object := h.Nodes[i].Parent
	if object == hit.None || r.v.states[h.Nodes[object].State].schema == "" {
		return nil
	}
	if r.object != object { // asked for by each member
		r.object, r.schema = object, hit.Span{}
		for c := h.Nodes[object].First; c != hit.None; c = h.Nodes[c].Next {
			if string(h.Bytes(h.KeySpan(c))) == r.v.states[h.Nodes[object].State].schema && h.Nodes[c].Kind == hit.String {
				r.schema = nameIn(h, h.TextSpan(c))
			}
		}
	}
	if r.schema.Len() == 0 {
		return nil
	}
	return h.Bytes(r.schema)
}

// nameIn narrows the address of a schema to its name.
func nameIn(h *hit.Hit, s hit.Span) hit.Span {
	known := schemaIn(h.Bytes(s))
	if known == nil {
		return hit.Span{}
	}
	name := len("iglu:") + bytes.IndexByte(known, '/') + 1
	return hit.Span{Buf: s.Buf, Start: s.Start + uint32(name), End: s.Start + uint32(len("iglu:")+len(known))}
}

// schemaIn is what a schema is called whatever its version: "vendor/name" of "iglu:vendor/name/jsonschema/1-0-0"; empty
// where the text is no such address.
func schemaIn(text []byte) []byte {
	rest, ok := bytes.CutPrefix(text, []byte("iglu:"))
	if !ok {
		return nil
	}
	vendor := bytes.IndexByte(rest, '/')
	if vendor < 0 {
		return nil
	}
	name := bytes.IndexByte(rest[vendor+1:], '/')
	if name < 0 {
		return nil
	}
	return rest[:vendor+1+name]
}
