package strict

import (
	"encoding"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// fromNode is a value with a form of its own, which it reads itself. It adds its faults to the decoder's.
type fromNode interface {
	FromNode(d *Decoder, node *yaml.Node)
}

// Decoder reads nodes into structs strictly: each key has to be known and stand once, each value to be of the type and
// in the bounds that the field's tag `is` gives. It goes on after a fault, so that all are found in one go.
type Decoder struct {
	grammar *Grammar
	doc     *Document
	Faults  *Faults
}

// Decode reads a document into the struct that into points to.
func (g *Grammar) Decode(doc *Document, into any, faults *Faults) {
	d := &Decoder{g, doc, faults}
	d.value(doc.Root, reflect.ValueOf(into).Elem(), Rule{})
}

// Into reads a node into what a pointer points to.
func (d *Decoder) Into(node *yaml.Node, target any) {
	d.value(node, reflect.ValueOf(target).Elem(), Rule{})
}

// value reads a node into v, whose leaves are under the rule.
func (d *Decoder) value(node *yaml.Node, v reflect.Value, r Rule) {
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	if own, ok := reflect.TypeAssert[fromNode](v.Addr()); ok {
		own.FromNode(d, node)
		return
	}
	if d.grammar.Read != nil && d.grammar.Read(d, node, v.Addr().Interface()) {
		return
	}
	if IsNull(node) {
		d.Fail(node, "the value is empty: want %s, or remove the line", Wanted(v.Type()))
		return
	}
	if text, ok := reflect.TypeAssert[encoding.TextUnmarshaler](v.Addr()); ok {
		d.text(node, text, v, r)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		d.structure(node, v)
	case reflect.Map:
		d.mapping(node, v, r)
	case reflect.Slice:
		d.list(node, v, r)
	default:
		d.scalar(node, v, r)
	}
}

func (d *Decoder) structure(node *yaml.Node, v reflect.Value) {
	if !d.want(node, yaml.MappingNode, v.Type()) {
		return
	}
	fields := d.grammar.Fields(v.Type())
	present := map[string]bool{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		name, ok := d.Key(key, present)
		if !ok {
			continue
		}
		f, known := fields.ByName(name)
		if !known {
			if hint := missingSpace(key, yaml.MappingNode); hint != "" {
				d.Fail(key, "unknown key %q%s", name, hint)
				continue
			}
			d.Fail(key, "unknown key %q%s", name, Suggestion(name, fields.names()))
			continue
		}
		d.value(value, v.Field(f.Index), f.Rule)
		switch {
		case !isEmpty(value):
		case f.Rule.Required:
			d.Fail(value, "%q is empty%s", name, f.said())
		case value.Kind == yaml.ScalarNode && !f.Rule.empty && v.Field(f.Index).Kind() == reflect.String:
			d.Fail(value, "%q is empty: write a value, or remove the line", name)
		}
	}
	for _, f := range fields {
		if present[f.Name] {
			continue
		}
		if f.Rule.Required {
			d.Fail(node, "missing key %q%s", f.Name, f.said())
		}
		d.absent(v.Field(f.Index), f)
	}
}

// absent gives a field that the file does not name its default.
func (d *Decoder) absent(v reflect.Value, f Field) {
	switch {
	case f.Default != "":
		d.value(defaultNode(f.Default), v, f.Rule)
	case v.Kind() == reflect.Struct && !f.Rule.Required:
		if _, text := reflect.TypeAssert[encoding.TextUnmarshaler](v.Addr()); text {
			return
		}
		for _, inner := range d.grammar.Fields(v.Type()) {
			d.absent(v.Field(inner.Index), inner)
		}
	}
}

// defaultNode is the node of a default, which is a scalar in YAML.
func defaultNode(text string) *yaml.Node {
	var node yaml.Node
	if err := yaml.Unmarshal([]byte(text), &node); err != nil || len(node.Content) != 1 {
		panic(fmt.Sprintf("BUG: default %q is no YAML: %v", text, err))
	}
	return node.Content[0]
}

func (d *Decoder) mapping(node *yaml.Node, v reflect.Value, r Rule) {
	if r.Text && node.Kind == yaml.ScalarNode {
		if isEmpty(node) && !r.empty && !r.Required { // which is said of a key that has to be there
			d.Fail(node, "%q is empty: write a value, or remove the line", r.name)
			return
		}
		one := reflect.New(v.Type().Elem()).Elem()
		d.value(node, one, r.Below())
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf(""), one)
		return
	}
	if !d.want(node, yaml.MappingNode, v.Type()) {
		return
	}
	v.Set(reflect.MakeMapWithSize(v.Type(), len(node.Content)/2))
	seen := map[string]bool{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		name, ok := d.Key(key, seen)
		if !ok {
			continue
		}
		if msg := r.keyFault(name); msg != "" {
			d.Fail(key, "%s", msg)
			continue
		}
		element := reflect.New(v.Type().Elem()).Elem()
		d.value(value, element, r.Below())
		v.SetMapIndex(reflect.ValueOf(name), element)
	}
}

func (d *Decoder) list(node *yaml.Node, v reflect.Value, r Rule) {
	if !d.want(node, yaml.SequenceNode, v.Type()) {
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(node.Content), len(node.Content)))
	for i, child := range node.Content {
		d.value(child, v.Index(i), r)
	}
}

// Key returns the name of a key and whether it may be used: it is text, or a number taken
// as text, and stands for the first time.
func (d *Decoder) Key(node *yaml.Node, seen map[string]bool) (string, bool) {
	tag := node.ShortTag()
	if node.Kind != yaml.ScalarNode || tag != "!!str" && tag != "!!int" {
		d.Fail(node, "a key is %s, where text is wanted: put it in quotes", Describe(node))
		return "", false
	}
	if fault := textFault(node.Value); fault != "" {
		d.Fail(node, "%s", fault)
		return "", false
	}
	if seen[node.Value] {
		d.Fail(node, "the key %q stands here for the second time: remove one", node.Value)
		return "", false
	}
	seen[node.Value] = true
	return node.Value, true
}

// text reads a scalar of any kind through the type's own parser.
func (d *Decoder) text(node *yaml.Node, text encoding.TextUnmarshaler, v reflect.Value, r Rule) {
	if !d.want(node, yaml.ScalarNode, v.Type()) {
		return
	}
	if err := text.UnmarshalText([]byte(node.Value)); err != nil {
		d.Fail(node, "%s", err)
		return
	}
	if msg := r.fault(v, node.Value); msg != "" {
		d.Fail(node, "%s", msg)
	}
}

func (d *Decoder) scalar(node *yaml.Node, v reflect.Value, r Rule) {
	if !d.want(node, yaml.ScalarNode, v.Type()) {
		return
	}
	tag := node.ShortTag()
	switch v.Kind() {
	case reflect.String:
		if tag != "!!str" {
			d.Fail(node, "%s stands where text is wanted: put it in quotes, as \"%s\"", Describe(node), node.Value)
			return
		}
		if fault := textFault(node.Value); fault != "" {
			d.Fail(node, "%s", fault)
			return
		}
		v.SetString(node.Value)
	case reflect.Bool:
		if tag != "!!bool" {
			d.Fail(node, "%s stands where true or false is wanted", Describe(node))
			return
		}
		v.SetBool(strings.EqualFold(node.Value, "true"))
	case reflect.Int:
		n, err := strconv.Atoi(node.Value)
		if tag != "!!int" || err != nil {
			d.Fail(node, "%s stands where a whole number is wanted", Describe(node))
			return
		}
		v.SetInt(int64(n))
	default:
		panic("BUG: config cannot read a " + v.Type().String())
	}
	if msg := r.fault(v, node.Value); msg != "" {
		d.Fail(node, "%s", msg)
	}
}

// want reports a node that is not of the kind that the type is written in.
func (d *Decoder) want(node *yaml.Node, kind yaml.Kind, t reflect.Type) bool {
	if node.Kind == kind {
		return true
	}
	d.Fail(node, "%s stands where %s is wanted%s", Describe(node), Wanted(t), missingSpace(node, kind))
	return false
}

// missingSpace says where a text shows that a space was forgotten, which makes of a key or an item a text.
func missingSpace(node *yaml.Node, wanted yaml.Kind) string {
	if node.Kind != yaml.ScalarNode || node.Style != 0 {
		return ""
	}
	if m := unspaced.FindStringSubmatch(node.Value); m != nil && wanted == yaml.MappingNode {
		return fmt.Sprintf(": a space is missing behind the colon: write %s: %s", Shortened(m[1]), Shortened(m[2]))
	}
	if len(node.Value) > 1 && node.Value[0] == '-' && wanted == yaml.SequenceNode {
		return ": a space is missing behind the dash"
	}
	return ""
}

// Fail adds a fault at a node.
func (d *Decoder) Fail(node *yaml.Node, format string, args ...any) {
	d.Faults.node(d.doc, node, format, args...)
}

// Describe names what a node is, for people.
func Describe(node *yaml.Node) string {
	if node.Kind == yaml.MappingNode {
		return "a mapping"
	}
	if node.Kind == yaml.SequenceNode {
		return "a list"
	}
	switch node.ShortTag() {
	case "!!int", "!!float":
		return "the number " + node.Value
	case "!!bool":
		return "the truth value " + node.Value
	case "!!null":
		return "nothing"
	case "!!timestamp":
		return "the date " + node.Value
	default:
		return "the text " + strconv.Quote(Shortened(node.Value))
	}
}

// Wanted names what a type is written as.
func Wanted(t reflect.Type) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
		return "one value"
	}
	switch t.Kind() {
	case reflect.Struct, reflect.Map:
		return "a mapping of keys to values"
	case reflect.Slice:
		return "a list"
	case reflect.Bool:
		return "true or false"
	case reflect.Int:
		return "a whole number"
	default:
		return "text"
	}
}

// textFault says what is wrong with a text as such.
func textFault(text string) string {
	if strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }) {
		return "the text " + strconv.Quote(Shortened(text)) + " holds control characters: remove them"
	}
	return ""
}

// Shortened is the beginning of a text, for messages.
func Shortened(text string) string {
	if runes := []rune(text); len(runes) > 60 {
		return string(runes[:60]) + "..."
	}
	return text
}

// isEmpty tells whether a value is there, but holds nothing.
func isEmpty(node *yaml.Node) bool {
	return node.Kind != yaml.ScalarNode && len(node.Content) == 0 || node.Kind == yaml.ScalarNode && !IsNull(node) &&
		strings.TrimSpace(node.Value) == ""
}
