package config

import (
	"bytes"
	"reflect"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/tagwarden/tagwarden/rules/catalog"
)

// TestSaidIsAll: of each vendor that comes with the program what is kept says all that its file says, and nothing else.
func TestSaidIsAll(t *testing.T) {
	t.Parallel()
	for _, id := range catalog.BuiltinIDs() {
		file, _ := catalog.Builtin(id)
		text := said(file)
		var again catalog.File
		d := yaml.NewDecoder(bytes.NewReader(text))
		d.KnownFields(true)
		if err := d.Decode(&again); err != nil {
			t.Errorf("%s: %v", id, err)
			continue
		}
		if !reflect.DeepEqual(*file, again) {
			t.Errorf("%s says\n%+v, is\n%+v", id, again, *file)
		}
	}
}

// TestSaidOfWhatNobodyWrites: a key that nobody writes is not there; no is, where it is something else than nothing.
func TestSaidOfWhatNobodyWrites(t *testing.T) {
	t.Parallel()
	no := false
	file := catalog.File{
		ID: "x", Stores: []catalog.StoreFile{}, Fields: map[string]catalog.Field{"a": {}, "b": {Names: &no}},
	}
	const want = "{\n \"fields\": {\n  \"a\": {},\n  \"b\": {\n   \"names\": false\n  }\n },\n \"id\": \"x\",\n" +
		" \"stores\": []\n}\n"
	if got := string(said(&file)); got != want {
		t.Errorf("it says\n%s, want\n%s", got, want)
	}
}
