package catalog

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"

	"github.com/tagwarden/tagwarden/rules/names"
)

//go:embed vendors/*.yaml
var vendors embed.FS

// decoded are the embedded files as JSON, which is read many times as fast. A test holds each against the YAML, which
// is what people write.
//
//go:embed vendors/*.json
var decoded embed.FS

// Builtin returns the file of a vendor that comes with the product. Each call makes a new one, so that the caller may
// change it.
func Builtin(id string) (*File, bool) {
	text, err := decoded.ReadFile("vendors/" + id + ".json")
	if err != nil {
		return nil, false
	}
	f := new(File)
	if err := json.Unmarshal(text, f); err != nil {
		panic(fmt.Sprintf("BUG: vendors/%s.json: %v", id, err)) // a test reads every file
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

// Names returns a table of what names of members say ("email", "kundennummer"), for vendors to be compiled with.
func Names() *names.Table { return names.New() }

// NamesText returns the text of the table of names: it is part of what decides.
func NamesText() []byte { return names.Text() }

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
