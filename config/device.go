package config

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// Device is what an activity says of visitors' devices: none, that nothing is stored there or read from there; or a
// list of what is, in place of what the vendor's catalog entry says of the same name, and beside the rest of it.
type Device struct {
	Said   bool // the key is there
	Stores []Stored
}

// Stored is something that is kept on a visitor's device, or read from it.
type Stored struct {
	Name    string   `yaml:"name" is:"required" doc:"Its name there, _ga_<container>: what differs is in angle brackets."`
	Kind    string   `yaml:"kind" is:"required,one=stored" doc:"What it is; read: nothing is kept, the device itself is asked; none: what the catalog says of that name is not kept here."`
	Period  Lifetime `yaml:"period" doc:"How long it stays there."`
	Readers []string `yaml:"readers" doc:"Who reads it, as visitors are told. Default: the recipient's script on the site's pages."`
}

// notStored is the kind that takes back what the catalog says of a name.
const notStored = "none"

// FromNode reads the word or the list.
func (v *Device) FromNode(d *strict.Decoder, node *yaml.Node) {
	switch {
	case node.Kind == yaml.ScalarNode && node.Value == "none":
		v.Said = true
	case node.Kind == yaml.SequenceNode && len(node.Content) > 0:
		v.Said = true
		d.Into(node, &v.Stores)
		for i := range v.Stores {
			s := &v.Stores[i]
			if !hasKey(node.Content[i], "period") && s.Kind != "" && s.Kind != catalog.StoreRead && s.Kind != notStored {
				d.Fail(node.Content[i], "missing key \"period\": how long it stays there: 13 months, session or until_deleted")
			}
		}
	case node.Kind == yaml.SequenceNode:
		d.Fail(node, "the list is empty: write none where nothing is kept on the device or read from it")
	default:
		d.Fail(node, "%s stands where none is wanted, or a list of what is kept on the device: [{ name: _ga, kind: cookie, "+
			"period: 2 years }]", strict.Describe(node))
	}
}

func hasKey(node *yaml.Node, name string) bool {
	key, _ := strict.Child(node, name)
	return key != nil
}

func (v *Device) schema() map[string]any {
	text := map[string]any{"type": "string", "minLength": 1}
	properties := map[string]any{
		"name": text, "kind": map[string]any{"enum": vocabulary("stored")},
		"readers": map[string]any{"type": "array", "items": text},
		"period":  map[string]any{"type": "string", "pattern": lifetimePattern, "examples": []string{"13 months"}},
	}
	return map[string]any{"oneOf": []any{map[string]any{"const": "none"}, map[string]any{
		"type": "array", "minItems": 1, "items": map[string]any{
			"type": "object", "additionalProperties": false, "required": []string{"name", "kind"}, "properties": properties,
		},
	}}}
}

// Lifetime is how long something stays on a device: a span of time, or one of two words.
type Lifetime struct {
	Period       basis.Period
	Session      bool // until the browser, or its tab, is closed
	UntilDeleted bool // until the visitor deletes it
}

const lifetimePattern = `^(session|until_deleted|[0-9]+ ?(years?|months?|weeks?|days?|hours?|minutes?|d|h|m))$`

// UnmarshalText reads "13 months", session or until_deleted.
func (l *Lifetime) UnmarshalText(text []byte) error {
	switch string(text) {
	case catalog.StoreSession:
		*l = Lifetime{Session: true}
	case catalog.StoreUntilDeleted:
		*l = Lifetime{UntilDeleted: true}
	default:
		period, err := basis.ParsePeriod(string(text))
		if err != nil {
			return fmt.Errorf("%w, or as session or until_deleted", err)
		}
		*l = Lifetime{Period: period}
	}
	return nil
}

// MarshalText writes what UnmarshalText reads.
func (l Lifetime) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// String writes it as UnmarshalText reads it, "" for none.
func (l Lifetime) String() string {
	switch {
	case l.Session:
		return catalog.StoreSession
	case l.UntilDeleted:
		return catalog.StoreUntilDeleted
	default:
		return l.Period.String()
	}
}

// stores are what is kept in a browser for an activity, or read there: what the vendor's catalog entry says, and what
// the activity says in its place and beside it. False where nobody says it.
func (l deviceUse) stores() (all []Stored, said bool) {
	a := l.a
	if a.Device.Said && len(a.Device.Stores) == 0 {
		return nil, true
	}
	file := l.vendors[a.Vendor]
	if a.Source != "server" && file != nil {
		all, said = storesOf(file)
	}
	for _, own := range a.Device.Stores {
		all = slices.DeleteFunc(all, func(s Stored) bool {
			return s.Name == own.Name && (own.Kind == notStored || s.Kind == own.Kind)
		})
		if own.Kind != notStored {
			all = append(all, own)
		}
	}
	said = said || a.Device.Said || a.Source == "server"
	return all, said && (len(all) > 0 || len(l.fromDevice()) == 0)
}

// storesOf are what a catalog entry says; false where it says nothing.
func storesOf(file *catalog.File) ([]Stored, bool) {
	all := make([]Stored, 0, len(file.Stores))
	for i := range file.Stores {
		s := Stored{Name: file.Stores[i].Name, Kind: file.Stores[i].Kind}
		if text := file.Stores[i].Period; text != "" {
			if err := s.Period.UnmarshalText([]byte(text)); err != nil {
				panic("BUG: " + file.ID + ": stores: " + err.Error()) // looked at where the file is read
			}
		}
		all = append(all, s)
	}
	return all, file.Stores != nil
}

// fromDevice are the lines by which an activity passes what was kept on the device, or read from it, in whatever form.
// An id that is made of address and browser is none of it.
func (l deviceUse) fromDevice() []ProfileLine {
	return slices.DeleteFunc(l.passing(l.a), func(line ProfileLine) bool {
		return line.Spec.Kind == minimise.Derive || !deviceAccess(line, "server")
	})
}

// names are what is kept, by name, for messages.
func names(stores []Stored) string {
	var all []string
	for i := range stores {
		if !slices.Contains(all, stores[i].Name) {
			all = append(all, stores[i].Name)
		}
	}
	return strings.Join(all, ", ")
}
