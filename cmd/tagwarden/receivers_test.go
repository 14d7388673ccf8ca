package main_test

import (
	"cmp"
	"go/ast"
	"maps"
	"slices"
	"strings"
	"testing"
)

// widest is how many methods a type may have. Any method may touch any field: beyond this nobody sees any more which
// does.
const widest = 30

// TestReceiversAreNarrow: no type of ours has more methods than a reader can hold together.
func TestReceiversAreNarrow(t *testing.T) {
	methods := map[string]int{}
	for _, f := range sources(t) {
		if f.isTest {
			continue
		}
		for _, d := range f.syntax.Decls {
			if method, ok := d.(*ast.FuncDecl); ok && method.Recv != nil {
				methods[f.folder+"."+receiver(method.Recv.List[0].Type)]++
			}
		}
	}
	byWidth := slices.SortedFunc(maps.Keys(methods), func(a, b string) int {
		return cmp.Or(methods[b]-methods[a], strings.Compare(a, b))
	})
	for i, of := range byWidth {
		if i < 10 {
			t.Logf("%3d methods: %s", methods[of], of)
		}
		if methods[of] > widest {
			t.Errorf("%s has %d methods, %d at most: what of it is not its own is a type apart", of, methods[of], widest)
		}
	}
	if methods["proxy.hitContext"] < 10 {
		t.Error("the methods of proxy.hitContext were not counted: this test looks in the wrong place")
	}
}

// receiver is the name of a method's type, without pointer and type parameters.
func receiver(of ast.Expr) string {
	switch of := of.(type) {
	case *ast.StarExpr:
		return receiver(of.X)
	case *ast.ParenExpr:
		return receiver(of.X)
	case *ast.IndexExpr:
		return receiver(of.X)
	case *ast.IndexListExpr:
		return receiver(of.X)
	case *ast.Ident:
		return of.Name
	}
	return ""
}
