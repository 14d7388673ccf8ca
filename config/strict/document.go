package strict

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Limits on a file: what people write by hand is far below them.
const (
	MaxFileBytes = 1 << 20
	maxFileDepth = 64
)

// Document is a YAML file as nodes, with their places.
type Document struct {
	Name string // as faults show it
	Text []byte
	Root *yaml.Node // a mapping, a list or a scalar
}

// Parse reads a file that holds exactly one YAML document without anchors, aliases, merge keys and explicit tags. Where
// it cannot it adds the faults and returns nil.
func Parse(name string, text []byte, faults *Faults) *Document {
	return ParseBounded(name, text, MaxFileBytes, faults)
}

// ParseBounded is [Parse] with another bound in bytes, for what no people wrote.
func ParseBounded(name string, text []byte, most int, faults *Faults) *Document {
	doc := &Document{Name: name, Text: text}
	start := &yaml.Node{Line: 1, Column: 1}
	if len(text) > most {
		faults.unread(doc, start, "the file has %d bytes: at most %d are read", len(text), most)
		return nil
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var top, second yaml.Node
	err := decoder.Decode(&top)
	if errors.Is(err, io.EOF) || err == nil && (len(top.Content) == 0 || IsNull(top.Content[0])) {
		faults.unread(doc, start, "the file is empty: write its keys, or remove it where it may be left out")
		return nil
	}
	if err == nil {
		if err = decoder.Decode(&second); err == nil {
			faults.unread(doc, &second, secondDocument)
			return nil
		}
	}
	if !errors.Is(err, io.EOF) {
		syntaxFault(doc, err, faults)
		return nil
	}
	doc.Root = top.Content[0]
	before := len(*faults)
	plain(doc, doc.Root, 0, faults)
	if len(*faults) > before {
		return nil
	}
	return doc
}

const secondDocument = "a second document begins here: put it into a file of its own"

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)

// syntaxFault reports what is no YAML: the mistake that was made; where it is none of the usual ones what the library
// says, which knows the line at best.
func syntaxFault(doc *Document, err error, faults *Faults) {
	if m := mistakeIn(doc.Text); m != nil {
		faults.unread(doc, &yaml.Node{Line: m.line, Column: m.column}, "%s", m.msg)
		return
	}
	node, msg := &yaml.Node{Line: 1, Column: 1}, err.Error()
	if m := yamlLine.FindStringSubmatch(msg); m != nil {
		if line, err := strconv.Atoi(m[1]); err == nil {
			if node.Line = line; strings.HasPrefix(m[2], "did not find expected") {
				node.Line++ // the library's parser counts lines from 0
			}
		}
		msg = m[2]
	}
	faults.unread(doc, node, "no YAML: %s: check quotes, colons and indentation here and in the line above",
		strings.ToValidUTF8(msg, "?"))
}

// plain reports what makes YAML hard to read for people, or a bomb for machines.
func plain(doc *Document, node *yaml.Node, depth int, faults *Faults) {
	switch {
	case node.Kind == yaml.AliasNode:
		faults.node(doc, node, "aliases are not read: write out what *%s stands for", node.Value)
		return
	case node.Anchor != "":
		faults.node(doc, node, "anchors are not read: remove &%s and write its value out wherever it is used", node.Anchor)
	case node.Style&yaml.TaggedStyle != 0:
		faults.node(doc, node, "tags are not read: remove %s", node.Tag)
	case node.Tag == "!!merge":
		faults.node(doc, node, "merge keys are not read: write out what << would merge")
		return
	}
	if depth > maxFileDepth {
		faults.node(doc, node, "more than %d levels deep", maxFileDepth)
		return
	}
	for _, child := range node.Content {
		plain(doc, child, depth+1, faults)
	}
}

// IsNull tells whether a node holds nothing, or null.
func IsNull(node *yaml.Node) bool { return node.Kind == yaml.ScalarNode && node.ShortTag() == "!!null" }

// Find returns the value that a path of keys (string) and indexes (int) leads to, or the nearest one above it.
func (d *Document) Find(path []any) *yaml.Node {
	node := d.Root
	for _, step := range path {
		_, value := Child(node, step)
		if value == nil {
			return node
		}
		node = value
	}
	return node
}

// FindKey returns the key that a path leads to; where that is an index, or is not there, what Find returns.
func (d *Document) FindKey(path []any) *yaml.Node {
	if last := len(path) - 1; last >= 0 {
		above := d.Find(path[:last])
		if key, _ := Child(above, path[last]); key != nil {
			return key
		}
	}
	return d.Find(path)
}

// Has tells whether a path leads to a value.
func (d *Document) Has(path ...any) bool {
	node := d.Root
	for _, step := range path {
		if _, node = Child(node, step); node == nil {
			return false
		}
	}
	return true
}

// Keys returns the keys of the mapping that a path leads to, in the file's order.
func (d *Document) Keys(path ...any) []string {
	if !d.Has(path...) {
		return nil
	}
	node := d.Find(path)
	if node.Kind != yaml.MappingNode {
		return nil
	}
	keys := make([]string, 0, len(node.Content)/2)
	for i := 0; i+1 < len(node.Content); i += 2 {
		keys = append(keys, node.Content[i].Value)
	}
	return keys
}

// Children names the children of the value that a path leads to: its keys, or what its elements have for an id.
func (d *Document) Children(path []any) []string {
	node := d.Find(path)
	if node.Kind != yaml.SequenceNode {
		return d.Keys(path...)
	}
	names := make([]string, len(node.Content))
	for i, element := range node.Content {
		if _, id := Child(element, "id"); id != nil {
			names[i] = id.Value
		}
	}
	return names
}

// Child takes one step from a node: key is nil for an index, value where there is no such child.
func Child(node *yaml.Node, step any) (key, value *yaml.Node) {
	switch step := step.(type) {
	case string:
		if node.Kind != yaml.MappingNode {
			return nil, nil
		}
		for i := 0; i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == step {
				return node.Content[i], node.Content[i+1]
			}
		}
	case int:
		if node.Kind == yaml.SequenceNode && step >= 0 && step < len(node.Content) {
			return nil, node.Content[step]
		}
	}
	return nil, nil
}

// Path is a way into a document: keys (string) and indexes (int).
func Path(list ...any) []any { return list }
