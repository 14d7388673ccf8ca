package config

import (
	"reflect"
	"testing"

	"github.com/tagwarden/tagwarden/rules/catalog"
)

// TestCompiledVendorsAreKept: what is made of a shipped vendor file again is what was made of it at first, with
// other fields it is another, and what a policy does to its own (which fields are closed) nobody else sees. A
// file of one's own is compiled each time.
func TestCompiledVendorsAreKept(t *testing.T) {
	for _, id := range catalog.BuiltinIDs() {
		t.Run(id, func(t *testing.T) {
			file, ok := shippedFile(id)
			if !ok {
				t.Fatal("it is not shipped")
			}
			anew, err := catalog.Compile(file, nil, catalog.Names())
			if err != nil {
				t.Fatal(err)
			}
			first, err := compileVendor(file, nil, catalog.Names())
			if err != nil {
				t.Fatal(err)
			}
			for i := range first.Fields {
				first.Close(i)
			}
			again, err := compileVendor(file, nil, catalog.Names())
			if err != nil || !reflect.DeepEqual(again.Fields, anew.Fields) || !again.Of(file, nil) {
				t.Errorf("%v: made again, it is another", err)
			}
			if &first.Endpoints[0] != &again.Endpoints[0] {
				t.Error("it was compiled again")
			}
			own, _ := catalog.Builtin(id)
			if other, err := compileVendor(own, nil, catalog.Names()); err != nil || !other.Of(own, nil) || other.Of(file, nil) {
				t.Errorf("%v: a copy of the file is another file", err)
			}
			if string(shippedSaid(file)) != string(said(own)) {
				t.Error("what it says is something else")
			}
		})
	}
	file, _ := shippedFile("ga4")
	for range 2 {
		with, err := compileVendor(file, []string{"ep.plan"}, catalog.Names())
		if err != nil || with.Of(file, nil) || !with.Of(file, []string{"ep.plan"}) {
			t.Errorf("%v: with a field that a profile names it is another", err)
		}
	}
}
