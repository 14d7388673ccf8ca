package strict

import (
	"cmp"
	"encoding"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
)

// Rule bounds a value. It is written in a field's tag `is`, parts separated by commas:
//
//	required      the key has to be there and not empty
//	empty         the value, a text, may be empty
//	id            the value is an identifier
//	min=1 max=9   bounds, in the notation of the field's own type
//	enum=a|b      one of these
//	one=class     one of the words of a vocabulary
//	keys=class    the keys of a mapping are words of a vocabulary, or identifiers (keys=id)
//	values=class  like one, for the values of a mapping that also has keys
//	text          a mapping of texts may be one text instead, which is then its value under the key ""
//
// For lists and mappings all but required and keys is about what they hold.
type Rule struct {
	name     string // the key's, for messages
	Required bool
	empty    bool
	Text     bool // of a mapping: one text may stand for it
	ID       bool
	Min, Max string
	Enum     []string
	Keys     string   // "" for any, "id" for identifiers, else the name of a vocabulary
	KeyWords []string // its words
}

// Field is a key of a mapping that a struct stands for.
type Field struct {
	Name    string
	Index   int
	Rule    Rule
	Default string // tag `default`: a scalar in YAML
	Doc     string // tag `doc`: for people
}

// said is what a message that names the key goes on with.
func (f *Field) said() string {
	if f.Doc == "" {
		return ""
	}
	return ": " + f.Doc
}

// Fields are the keys of a mapping, in the struct's order.
type Fields []Field

// ByName finds a key.
func (f Fields) ByName(name string) (Field, bool) {
	i := slices.IndexFunc(f, func(f Field) bool { return f.Name == name })
	if i < 0 {
		return Field{}, false
	}
	return f[i], true
}

func (f Fields) names() []string {
	names := make([]string, len(f))
	for i := range f {
		names[i] = f[i].Name
	}
	return names
}

// Grammar is what reading needs to know of the files beside the types that they are read into.
type Grammar struct {
	Words func(vocabulary string) []string // the words of a closed list that lives elsewhere
	// stand in for tags on types that have none of ours; may be nil
	Foreign func(of reflect.Type, key string) (is, doc string)
	// reads types of other packages that have a form of their own; may be nil
	Read func(d *Decoder, node *yaml.Node, into any) bool

	cache sync.Map // reflect.Type to fields
}

// Fields returns the keys that a struct stands for, in the struct's order.
func (g *Grammar) Fields(t reflect.Type) Fields {
	if cached, ok := g.cache.Load(t); ok {
		return cached.(Fields)
	}
	var list Fields
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if name == "" || name == "-" {
			continue
		}
		is, doc := f.Tag.Get("is"), f.Tag.Get("doc")
		if g.Foreign != nil {
			otherIs, otherDoc := g.Foreign(t, name)
			is, doc = cmp.Or(is, otherIs), cmp.Or(doc, otherDoc)
		}
		r := g.rule(is)
		r.name = name
		list = append(list, Field{name, i, r, f.Tag.Get("default"), doc})
	}
	g.cache.Store(t, list)
	return list
}

func (g *Grammar) rule(tag string) Rule {
	var r Rule
	if tag == "" {
		return r
	}
	for part := range strings.SplitSeq(tag, ",") {
		name, value, _ := strings.Cut(part, "=")
		switch name {
		case "required":
			r.Required = true
		case "empty":
			r.empty = true
		case "text":
			r.Text = true
		case "id":
			r.ID = true
		case "min":
			r.Min = value
		case "max":
			r.Max = value
		case "enum":
			r.Enum = strings.Split(value, "|")
		case "one", "values":
			r.Enum = g.Words(value)
		case "keys":
			if r.Keys = value; value != "id" {
				r.KeyWords = g.Words(value)
			}
		default:
			panic("BUG: unknown rule " + part)
		}
	}
	return r
}

// Below is the rule for what a mapping holds.
func (r Rule) Below() Rule {
	r.Keys, r.KeyWords, r.Text = "", nil, false
	return r
}

var identifier = regexp.MustCompile(IdentifierPattern)

// IdentifierPattern is what an identifier looks like.
const IdentifierPattern = `^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`

// IsIdentifier tells whether a text is one: up to 64 letters, digits, dots, dashes and
// underscores, a letter or digit first.
func IsIdentifier(text string) bool { return identifier.MatchString(text) }

const identifierFault = "%q is no identifier: use up to 64 letters, digits, dots, dashes and underscores, a letter " +
	"or digit first"

// fault says what is wrong with a scalar, "" where nothing is.
func (r Rule) fault(v reflect.Value, text string) string {
	switch {
	case r.ID && !IsIdentifier(text):
		return fmt.Sprintf(identifierFault, Shortened(text))
	case r.Enum != nil && !slices.Contains(r.Enum, text):
		return fmt.Sprintf("%s %q is not known%s", r.name, Shortened(text), Suggestion(text, r.Enum))
	case r.Min != "" && v.CanInt() && v.Int() < bound(v.Type(), r.Min):
		return fmt.Sprintf("%s is too little: at least %s", text, r.Min)
	case r.Max != "" && v.CanInt() && v.Int() > bound(v.Type(), r.Max):
		return fmt.Sprintf("%s is too much: at most %s", text, r.Max)
	}
	return ""
}

// keyFault says what is wrong with a key of a mapping, "" where nothing is.
func (r Rule) keyFault(name string) string {
	switch r.Keys {
	case "":
		return ""
	case "id":
		if !IsIdentifier(name) {
			return fmt.Sprintf(identifierFault, Shortened(name))
		}
	default:
		if !slices.Contains(r.KeyWords, name) {
			return fmt.Sprintf("%s %q is not known%s", r.Keys, Shortened(name), Suggestion(name, r.KeyWords))
		}
	}
	return ""
}

// bound reads a bound in the notation of the type that it bounds.
func bound(t reflect.Type, text string) int64 {
	v := reflect.New(t)
	if own, ok := reflect.TypeAssert[encoding.TextUnmarshaler](v); ok {
		if err := own.UnmarshalText([]byte(text)); err != nil {
			panic("BUG: " + err.Error())
		}
		return v.Elem().Int()
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return n
}
