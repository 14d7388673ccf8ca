package config

import (
	"reflect"
	"testing"

	"github.com/tagwarden/tagwarden/config/strict"
)

// TestLoadedKeepsNoPlaces: a configuration in force holds neither the documents that it was read
// from as nodes, nor the state of reading.
func TestLoadedKeepsNoPlaces(t *testing.T) {
	t.Parallel()
	seen := map[reflect.Type]string{}
	var walk func(of reflect.Type, path string)
	walk = func(of reflect.Type, path string) {
		if _, done := seen[of]; done {
			return
		}
		seen[of] = path
		switch of.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Array:
			walk(of.Elem(), path)
		case reflect.Map:
			walk(of.Key(), path)
			walk(of.Elem(), path)
		case reflect.Struct:
			for f := range of.Fields() {
				walk(f.Type, path+"."+f.Name)
			}
		default:
		}
	}
	walk(reflect.TypeFor[Loaded](), "Loaded")
	for _, of := range []reflect.Type{reflect.TypeFor[strict.Document](), reflect.TypeFor[reading]()} {
		if path, held := seen[of]; held {
			t.Errorf("%s holds a %s", path, of)
		}
	}
	if _, held := seen[reflect.TypeFor[Site]()]; !held {
		t.Error("the walk misses what is there")
	}
}
