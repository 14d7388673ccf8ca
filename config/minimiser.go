package config

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// Minimise is what a profile says of a class or a field: the name of a minimiser alone (`keep`), or a mapping of one
// name to its parameters (`{ truncate: { v4: 16, v6: 32 } }`) or to its main one (`{ truncate: hour }`).
type Minimise struct {
	Spec   minimise.Spec
	faulty bool // reported already: nothing more is to be said of it
}

// FromNode reads the word or the mapping.
func (m *Minimise) FromNode(d *strict.Decoder, node *yaml.Node) {
	m.faulty = true
	before := len(*d.Faults)
	switch {
	case node.Kind == yaml.MappingNode && len(node.Content) == 2:
		m.name(d, node.Content[0])
		if len(*d.Faults) == before {
			m.parameters(d, node.Content[0].Value, node.Content[1])
		}
	case node.Kind == yaml.ScalarNode && !strict.IsNull(node):
		m.name(d, node)
		if example := wordFault(m.Spec.Kind); len(*d.Faults) == before && example != "" {
			d.Fail(node, "%s does not stand alone: write it as { %s: %s }", node.Value, node.Value, example)
		}
	default:
		d.Fail(node, "%s stands where a minimiser is wanted: write its name, as keep, or one name with its parameters, as "+
			"{ truncate: hour }", strict.Describe(node))
	}
	m.faulty = len(*d.Faults) > before
}

// name reads the minimiser's name.
func (m *Minimise) name(d *strict.Decoder, node *yaml.Node) {
	kind, ok := minimise.ParseKind(node.Value)
	if node.Kind != yaml.ScalarNode || !ok {
		d.Fail(node, "minimiser %q is not known%s", strict.Shortened(node.Value),
			strict.Suggestion(node.Value, minimiserNames()))
		return
	}
	m.Spec.Kind = kind
}

// parameters reads what stands behind the name.
func (m *Minimise) parameters(d *strict.Decoder, name string, node *yaml.Node) {
	params := minimise.Params[m.Spec.Kind]
	if len(params) == 0 {
		d.Fail(node, "%s has no parameters: write the word alone", name)
		return
	}
	if node.Kind != yaml.MappingNode {
		short := slices.IndexFunc(params, func(p minimise.Param) bool { return p.Short })
		if short < 0 {
			d.Fail(node, "%s stands where parameters of %s are wanted: write them as { %s: ... }", strict.Describe(node),
				name, params[0].Name)
			return
		}
		m.parameter(d, params[short], node)
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		word, ok := d.Key(key, seen)
		if !ok {
			continue
		}
		p, known := minimise.ParamOf(m.Spec.Kind, word)
		if !known {
			d.Fail(key, "%s has no parameter %q%s", name, strict.Shortened(word), strict.Suggestion(word, paramNames(params)))
			continue
		}
		m.parameter(d, p, value)
	}
	for _, p := range params {
		if p.Required && !seen[p.Name] {
			d.Fail(node, "%s needs %q: %s", name, p.Name, p.About)
		}
	}
}

// parameter reads one value and hands it to the package that knows what it may be.
func (m *Minimise) parameter(d *strict.Decoder, p minimise.Param, node *yaml.Node) {
	before := len(*d.Faults)
	var value any
	switch p.Type {
	case minimise.Int:
		var n int
		d.Into(node, &n)
		value = n
	case minimise.Names:
		var names []string
		d.Into(node, &names)
		value = names
	case minimise.Enum, minimise.Text:
		var text string
		d.Into(node, &text)
		value = text
	}
	if len(*d.Faults) > before {
		return
	}
	if err := m.Spec.Set(p.Name, value); err != nil {
		if p.Type == minimise.Enum {
			d.Fail(node, "%s: %q is not known%s", p.Name, strict.Shortened(node.Value), strict.Suggestion(node.Value, p.Values))
			return
		}
		d.Fail(node, "%s", err)
	}
}

// wordFault returns an example of the parameters of a minimiser that cannot stand alone, "" for one that can.
func wordFault(kind minimise.Kind) string {
	for _, p := range minimise.Params[kind] {
		if !p.Required && !p.Short {
			continue
		}
		switch p.Type {
		case minimise.Enum:
			return p.Values[0]
		case minimise.Int:
			return strconv.Itoa(p.Min)
		case minimise.Names:
			return "[a, b]"
		case minimise.Text:
			return `"x"`
		}
	}
	return ""
}

// minimiserNames lists the minimisers, as profiles and assessments write them.
func minimiserNames() []string {
	names := make([]string, minimise.NumKinds)
	for kind := range minimise.NumKinds {
		names[kind] = kind.String()
	}
	return names
}

func paramNames(params []minimise.Param) []string {
	names := make([]string, len(params))
	for i := range params {
		names[i] = params[i].Name
	}
	return names
}

func (m *Minimise) schema() map[string]any {
	var words []string
	forms := map[string]any{}
	for kind := range minimise.NumKinds {
		if wordFault(kind) == "" {
			words = append(words, kind.String())
		}
		if params := minimise.Params[kind]; len(params) > 0 {
			forms[kind.String()] = paramsSchema(params)
		}
	}
	return map[string]any{"oneOf": []any{
		map[string]any{"enum": words},
		map[string]any{"type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": false,
			"properties": forms},
	}}
}

func paramsSchema(params []minimise.Param) map[string]any {
	properties := map[string]any{}
	required := []string{}
	var short map[string]any
	for _, p := range params {
		property := paramSchema(p)
		properties[p.Name] = property
		if p.Required {
			required = append(required, p.Name)
		}
		if p.Short {
			short = property
		}
	}
	mapping := map[string]any{"type": "object", "additionalProperties": false, "properties": properties,
		"required": required}
	if short == nil {
		return mapping
	}
	return map[string]any{"oneOf": []any{short, mapping}}
}

func paramSchema(p minimise.Param) map[string]any {
	out := map[string]any{"description": p.About}
	switch p.Type {
	case minimise.Enum:
		out["enum"] = p.Values
	case minimise.Int:
		out["type"], out["minimum"], out["maximum"] = "integer", p.Min, p.Max
	case minimise.Text:
		out["type"] = "string"
	case minimise.Names:
		out["type"], out["items"] = "array", map[string]any{"type": "string"}
	}
	return out
}

// paramPlace is where in a profile's line an error of minimise.Compile stands: at the
// parameter that it names, where the line does.
func paramPlace(doc *strict.Document, at []any, spec minimise.Spec, err error) []any {
	if of, ok := errors.AsType[*minimise.ParamError](err); ok {
		if place := append(slices.Clone(at), spec.Kind.String(), of.Param); doc.Has(place...) {
			return place
		}
		if place := append(slices.Clone(at), spec.Kind.String()); of.Param != "" && doc.Has(place...) {
			return place
		}
	}
	return at
}

// minimiserTable is the part of the reference that is about minimisers.
func minimiserTable(out *strings.Builder) {
	out.WriteString("\n### Minimisers\n\n| minimiser | parameter | form | default | meaning |\n|---|---|---|---|---|\n")
	for kind := range minimise.NumKinds {
		params := minimise.Params[kind]
		if len(params) == 0 {
			out.WriteString("| `" + kind.String() + "` | | | | " + cell(minimise.WordsOf(kind)[""]["en"]) + " |\n")
		}
		for _, p := range params {
			out.WriteString("| `" + kind.String() + "` | `" + p.Name + "` | " + cell(paramForm(p)) + " | " + cell(p.Default) +
				" | " + cell(p.About) + " |\n")
		}
	}
}

func paramForm(p minimise.Param) string {
	switch p.Type {
	case minimise.Enum:
		return strings.Join(p.Values, ", ")
	case minimise.Int:
		return strconv.Itoa(p.Min) + " to " + strconv.Itoa(p.Max)
	case minimise.Names:
		return "list of texts"
	default:
		return "text"
	}
}
