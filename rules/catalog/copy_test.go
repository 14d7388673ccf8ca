package catalog_test

import (
	"testing"

	"github.com/tagwarden/tagwarden/rules/catalog"
)

// TestOf: a vendor is taken for what was compiled of the same file, fields and table, and of nothing else.
func TestOf(t *testing.T) {
	file, _ := catalog.Builtin("ga4")
	other, _ := catalog.Builtin("segment")
	copied := *file
	v, err := catalog.Compile(file, []string{"own"}, catalog.Names())
	if err != nil {
		t.Fatal(err)
	}
	bare, err := catalog.Compile(file, []string{"own"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !v.Of(file, []string{"own"}) || !v.Copy(catalog.Names()).Of(file, []string{"own"}) {
		t.Error("a vendor or its copy is not what it was compiled of")
	}
	for what, of := range map[string]bool{
		"another file":      v.Of(other, []string{"own"}),
		"a copied file":     v.Of(&copied, []string{"own"}),
		"no field":          v.Of(file, nil),
		"another field":     v.Of(file, []string{"owns"}),
		"one field more":    v.Of(file, []string{"own", "owns"}),
		"no table of names": bare.Of(file, []string{"own"}),
	} {
		if of {
			t.Errorf("it is taken for one of %s", what)
		}
	}
}
