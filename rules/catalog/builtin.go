package catalog

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"

	"github.com/tagwarden/tagwarden/rules/hit"
)

//go:embed vendors/*.yaml
var vendors embed.FS

//go:embed names.yaml
var wellKnown []byte

// documents are the embedded files, each taken apart when it is first asked for. They are never changed: what is
// decoded from them is.
var documents = func() map[string]func() *yaml.Node {
	all := map[string]func() *yaml.Node{}
	for _, id := range BuiltinIDs() {
		all[id] = sync.OnceValue(func() *yaml.Node {
			text, _ := BuiltinText(id)
			document := new(yaml.Node)
			if err := yaml.Unmarshal(text, document); err != nil {
				panic(fmt.Sprintf("BUG: vendors/%s.yaml: %v", id, err)) // a test reads every file
			}
			return document
		})
	}
	return all
}()

// Builtin returns the file of a vendor that comes with the product. Each call makes a new one, so that the caller may
// change it.
func Builtin(id string) (*File, bool) {
	document, ok := documents[id]
	if !ok {
		return nil, false
	}
	f := new(File)
	if err := document().Decode(f); err != nil {
		panic(fmt.Sprintf("BUG: vendors/%s.yaml: %v", id, err)) // a test reads every file, strictly
	}
	return f, true
}

// Builtins lists the files of the vendors that come with the product, in the order of their ids. They are not to be
// changed.
func Builtins() []*File { return builtins() }

var builtins = sync.OnceValue(func() (all []*File) {
	for _, id := range BuiltinIDs() {
		f, _ := Builtin(id)
		all = append(all, f)
	}
	return all
})

// BuiltinText returns the text of a vendor file that comes with the product.
func BuiltinText(id string) ([]byte, bool) {
	text, err := vendors.ReadFile("vendors/" + id + ".yaml")
	return text, err == nil
}

// BuiltinIDs lists the vendors that come with the product, sorted.
func BuiltinIDs() []string {
	entries, err := vendors.ReadDir("vendors")
	if err != nil {
		panic("BUG: the embedded folder cannot be read: " + err.Error())
	}
	ids := make([]string, len(entries))
	for i, e := range entries {
		ids[i] = strings.TrimSuffix(e.Name(), path.Ext(e.Name()))
	}
	return ids
}

// Parse reads a vendor file strictly: an unknown key is an error that names its line.
func Parse(text []byte) (*File, error) {
	f := new(File)
	if err := strict(text, f); err != nil {
		return nil, err
	}
	return f, nil
}

// Names returns the well-known names of members ("email", "phone") and what they stand for. The caller may change the
// map.
func Names() map[string]hit.Class { return maps.Clone(names()) }

var names = sync.OnceValue(func() map[string]hit.Class {
	var file struct {
		Names map[string]string `yaml:"names"`
	}
	if err := strict(wellKnown, &file); err != nil {
		panic("BUG: names.yaml: " + err.Error()) // a test reads it
	}
	names := make(map[string]hit.Class, len(file.Names))
	for name, class := range file.Names {
		c, ok := hit.ParseClass(class)
		if !ok {
			panic(fmt.Sprintf("BUG: names.yaml: %s: %q is no class", name, class))
		}
		names[name] = c
	}
	return names
})

// NamesText returns the text of names.yaml: it is part of what decides.
func NamesText() []byte { return wellKnown }

func strict(text []byte, into any) error {
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(into); err != nil {
		return err
	}
	if err := d.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return errors.New("a second document follows: one is right")
	}
	return nil
}
