package strict

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Fault is something wrong in a file, or worth a warning. Lines and columns count from 1;
// both are 0 where the whole file is meant.
type Fault struct {
	File         string
	Line, Column int
	Msg          string // what is wrong, and what would be right
	Unread       bool   // the file could not be read, or is no YAML: nothing more of it was looked at
}

// Error writes "file:line:column: what is wrong".
func (f Fault) Error() string {
	if f.Line == 0 {
		return f.File + ": " + f.Msg
	}
	return f.Place() + ": " + f.Msg
}

// Place writes "file:line:column".
func (f Fault) Place() string { return fmt.Sprintf("%s:%d:%d", f.File, f.Line, f.Column) }

// Faults is all that is wrong, sorted by file, line and column. It is an error.
type Faults []Fault

// Error writes a fault a line.
func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i, fault := range f {
		lines[i] = fault.Error()
	}
	return strings.Join(lines, "\n")
}

// Err sorts the faults, and is nil where there are none.
func (f Faults) Err() error {
	if len(f) == 0 {
		return nil
	}
	return f.Sorted()
}

// Sorted sorts the faults by file, line and column, and leaves out doubles.
func (f Faults) Sorted() Faults {
	slices.SortStableFunc(f, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return slices.Compact(f)
}

// File adds a fault of a whole file.
func (f *Faults) File(name, format string, args ...any) {
	*f = append(*f, Fault{File: name, Msg: fmt.Sprintf(format, args...)})
}

// node adds a fault at a node.
func (f *Faults) node(doc *Document, node *yaml.Node, format string, args ...any) {
	*f = append(*f, Fault{File: doc.Name, Line: max(node.Line, 1), Column: max(node.Column, 1),
		Msg: fmt.Sprintf(format, args...)})
}

// unread adds a fault at a node of what cannot be read because of it.
func (f *Faults) unread(doc *Document, node *yaml.Node, format string, args ...any) {
	f.node(doc, node, format, args...)
	(*f)[len(*f)-1].Unread = true
}

// Unread tells whether an error holds a fault of what could not be read.
func Unread(err error) bool {
	faults, is := errors.AsType[Faults](err)
	return is && slices.ContainsFunc(faults, func(f Fault) bool { return f.Unread })
}

// Has tells whether a fault was added at a node.
func (f *Faults) Has(doc *Document, node *yaml.Node) bool {
	return slices.ContainsFunc(*f, func(f Fault) bool {
		return f.File == doc.Name && f.Line == node.Line && f.Column == node.Column
	})
}

// At adds a fault at the value that a path leads to, or at the nearest value above it that is there.
func (f *Faults) At(doc *Document, path []any, format string, args ...any) {
	f.node(doc, doc.Find(path), format, args...)
}

// Key adds a fault at the key that a path leads to.
func (f *Faults) Key(doc *Document, path []any, format string, args ...any) {
	f.node(doc, doc.FindKey(path), format, args...)
}
