package config

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules/basis"
)

// checkWhen compiles a condition and reports its faults where they stand in the file.
func (c activityCheck) checkWhen(a *Activity, at []any) {
	_, faults := compileWhen(a.When)
	if len(faults) == 0 && a.Basis == basis.LegitimateInterest.String() {
		c.law().condition(a, at)
	}
	node := c.activities.Find(at)
	for _, fault := range faults {
		line, column := whenPlace(c.activities, node, fault)
		c.faults = append(c.faults, strict.Fault{File: c.activities.Name, Line: line, Column: column,
			Msg: "when: " + fault.msg})
	}
}

// whenPlace turns a place in a condition into one in the file. In a text that YAML folds or
// escapes the place is that of the whole.
func whenPlace(doc *strict.Document, node *yaml.Node, fault whenFault) (line, column int) {
	lines := strings.Split(string(doc.Text), "\n")
	if node.Style == yaml.LiteralStyle {
		if i := node.Line + fault.line - 1; i < len(lines) {
			indent := len(lines[i]) - len(strings.TrimLeft(lines[i], " "))
			return i + 1, indent + fault.column + 1
		}
		return node.Line, node.Column
	}
	start := node.Column
	if node.Style != 0 {
		start++ // behind the quote
	}
	if fault.line != 1 || node.Line > len(lines) {
		return node.Line, node.Column
	}
	if text := []rune(lines[node.Line-1]); start-1 <= len(text) && strings.HasPrefix(string(text[start-1:]), node.Value) {
		return node.Line, start + fault.column
	}
	return node.Line, node.Column
}
