package main_test

import (
	"go/ast"
	"strings"
	"testing"
	"unicode/utf8"
)

// columns are how many columns a line may have.
const columns = 120

// TestLinesFit: no line of Go is wider than that, but for what stands in a literal which cannot be parted: a struct's
// tag, text as it travels, a word without a space, and what a test is about.
func TestLinesFit(t *testing.T) {
	t.Parallel()
	for _, f := range sources(t) {
		may := f.unbreakable()
		n := 0
		for line := range strings.Lines(f.text) {
			if n++; utf8.RuneCountInString(strings.TrimSuffix(line, "\n")) > columns && !may[n] {
				t.Errorf("%s:%d is wider than %d columns", f.name, n, columns)
			}
		}
	}
}

// unbreakable are the lines of a file with something on them that cannot be parted.
func (f *source) unbreakable() map[int]bool {
	may := map[int]bool{}
	allow := func(n ast.Node) {
		for line := f.set.Position(n.Pos()).Line; line <= f.set.Position(n.End()).Line; line++ {
			may[line] = true
		}
	}
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BasicLit:
			if f.isTest || strings.HasPrefix(n.Value, "`") || strings.Count(n.Value, " ") <= 2 {
				allow(n)
			}
		case *ast.ImportSpec:
			allow(n)
		}
		return true
	})
	for _, group := range f.syntax.Comments {
		for _, c := range group.List {
			if strings.HasPrefix(c.Text, "//nolint") || !strings.Contains(strings.TrimPrefix(c.Text, "// "), " ") {
				allow(c)
			}
		}
	}
	return may
}
