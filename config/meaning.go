package config

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"

	"github.com/tagwarden/tagwarden/config/strict"
)

// meaningOf writes a value as YAML, so that what is written alike means the same: comments, layout and quotes are not
// kept, the order of keys is, for signals are listed and recorded in it. What is read of the text again has the same
// nodes, and is written as the same text. It is JSON but for numbers, dates and truth values as somebody wrote them.
func meaningOf(node *yaml.Node) []byte {
	w := &meaning{}
	w.node(node, 0)
	return append([]byte(w.String()), '\n')
}

// meaning is such a text.
type meaning struct{ strings.Builder }

// longestMeaning bounds such a text, in bytes. Most are about as long as what people wrote; one of a million values of
// a letter each would be longer than this.
const longestMeaning = 4 * strict.MaxFileBytes

// linesDeep is down to which level each element has a line of its own.
const linesDeep = 3

func (w *meaning) node(node *yaml.Node, depth int) {
	switch node.Kind {
	case yaml.MappingNode:
		w.between("{", "}", len(node.Content)/2, depth, func(i int) {
			key := node.Content[2*i]
			if len(key.Value) > longestSimpleKey {
				w.WriteString("? ")
			}
			w.node(key, linesDeep)
			w.WriteString(": ")
			w.node(node.Content[2*i+1], depth+1)
		})
	case yaml.SequenceNode:
		w.between("[", "]", len(node.Content), depth, func(i int) { w.node(node.Content[i], depth+1) })
	default:
		w.scalar(node)
	}
}

// longestSimpleKey bounds keys that stand without a mark in front: YAML has 1024 characters with all escapes.
const longestSimpleKey = 64

// between writes n elements in brackets.
func (w *meaning) between(opens, closes string, n, depth int, element func(i int)) {
	lineEnd := func(depth int) {
		if depth <= linesDeep && n > 0 {
			w.WriteByte('\n')
			w.WriteString(strings.Repeat(" ", depth))
		}
	}
	w.WriteString(opens)
	for i := range n {
		if i > 0 {
			w.WriteByte(',')
			if depth+1 > linesDeep {
				w.WriteByte(' ')
			}
		}
		lineEnd(depth + 1)
		element(i)
	}
	if depth+1 <= linesDeep {
		lineEnd(depth)
	}
	w.WriteString(closes)
}

// scalar writes texts in quotes, and what is none as it stands.
func (w *meaning) scalar(node *yaml.Node) {
	switch {
	case strict.IsNull(node):
		w.WriteString("null")
	case node.ShortTag() == "!!str":
		w.quoted(node.Value)
	default:
		w.WriteString(node.Value)
	}
}

// quoted writes a text as YAML and JSON have it; what they would not read in it as it stands is escaped.
func (w *meaning) quoted(text string) {
	w.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			w.WriteByte('\\')
			w.WriteRune(r)
		case r == '\n':
			w.WriteString(`\n`)
		case r == '\t':
			w.WriteString(`\t`)
		case r == ' ' || unicode.IsPrint(r) && r != unicode.ReplacementChar:
			w.WriteRune(r)
		case r > 0xffff:
			fmt.Fprintf(w, `\U%08X`, r)
		default:
			fmt.Fprintf(w, `\u%04X`, r)
		}
	}
	w.WriteByte('"')
}

// textNode, numberNode, mappingNode make what is written where a file does not say it in these words.
func textNode(text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
}

func numberNode(n int) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: strconv.Itoa(n)}
}

func mappingNode(pairs ...*yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: yaml.MappingNode, Content: pairs}
}
