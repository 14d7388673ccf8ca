package config

import (
	"encoding"
	"reflect"

	"github.com/tagwarden/tagwarden/rules/catalog"
)

// saidOf is what a value says, as JSON has it, under the keys of files. What says nothing (an empty text, no, 0) is
// left out, so that a key which a later version knows changes nothing where nobody writes it; behind a pointer no is
// something else than nothing.
func saidOf(v reflect.Value) any {
	if text, ok := reflect.TypeAssert[encoding.TextMarshaler](v); ok {
		out, err := text.MarshalText()
		if err != nil {
			panic("BUG: a value that was read cannot be written: " + err.Error())
		}
		return string(out)
	}
	if entity, ok := reflect.TypeAssert[catalog.Regional](v); ok && len(entity) == 1 && entity[""] != "" {
		return entity[""]
	}
	switch v.Kind() {
	case reflect.Pointer:
		return saidOf(v.Elem())
	case reflect.Struct:
		said := map[string]any{}
		for _, key := range FieldsOf(v.Type()) {
			if inner := v.Field(key.Index); !inner.IsZero() {
				said[key.Name] = saidOf(inner)
			}
		}
		return said
	case reflect.Map:
		said := map[string]any{}
		for _, name := range v.MapKeys() {
			said[name.String()] = saidOf(v.MapIndex(name))
		}
		return said
	case reflect.Slice:
		said := make([]any, v.Len())
		for i := range said {
			said[i] = saidOf(v.Index(i))
		}
		return said
	default:
		return v.Interface()
	}
}
