package catalog

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"testing"
)

// TestBuiltinDecoded: the JSON of each vendor is what its YAML gives. UPDATE_GOLDEN=1 writes it anew.
func TestBuiltinDecoded(t *testing.T) {
	t.Parallel()
	for _, id := range BuiltinIDs() {
		text, _ := BuiltinText(id)
		f, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v", id, err)
			continue
		}
		want, err := json.Marshal(filled(reflect.ValueOf(f)))
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, '\n')
		name := "vendors/" + id + ".json"
		if os.Getenv("UPDATE_GOLDEN") != "" {
			if err := os.WriteFile(name, want, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(name)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what the YAML beside it gives (%v): UPDATE_GOLDEN=1 go test ./rules/catalog writes it anew", name, err)
			continue
		}
		again := new(File)
		if err := json.Unmarshal(got, again); err != nil || !reflect.DeepEqual(again, f) {
			t.Errorf("%s: read back it is another file: %v", name, err)
		}
	}
}

// filled is a value without the members of structs that say nothing: a list that is empty says that there is nothing,
// one that is nil does not.
func filled(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Pointer:
		return filled(v.Elem())
	case reflect.Struct:
		members := map[string]any{}
		for i := range v.NumField() {
			if !v.Field(i).IsZero() {
				members[v.Type().Field(i).Name] = filled(v.Field(i))
			}
		}
		return members
	case reflect.Slice, reflect.Array:
		list := make([]any, v.Len())
		for i := range list {
			list[i] = filled(v.Index(i))
		}
		return list
	case reflect.Map:
		members := map[string]any{}
		for _, key := range v.MapKeys() {
			members[key.String()] = filled(v.MapIndex(key))
		}
		return members
	default:
		return v.Interface()
	}
}
