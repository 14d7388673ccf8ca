package config

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
)

// rule bounds a value. It is written in a field's tag `is`, parts separated by commas:
//
//	required      the key has to be there and not empty
//	empty         the value, a text, may be empty
//	id            the value is an identifier
//	min=1 max=9   bounds, in the notation of the field's own type
//	enum=a|b      one of these
//	one=class     one of the words of a vocabulary
//	keys=class    the keys of a mapping are words of a vocabulary, or identifiers (keys=id)
//	values=class  like one, for the values of a mapping that also has keys
//
// For lists and mappings all but required and keys is about what they hold.
type rule struct {
	name     string // the key's, for messages
	required bool
	empty    bool
	id       bool
	min, max string
	enum     []string
	keys     string   // "" for any, "id" for identifiers, else the name of a vocabulary
	keyWords []string // its words
}

// field is a key of a mapping that a struct stands for.
type field struct {
	name  string
	index int
	rule  rule
	def   string // tag `default`: a scalar in YAML
	doc   string // tag `doc`: for people
}

type fields []field

func (f fields) byName(name string) (field, bool) {
	i := slices.IndexFunc(f, func(f field) bool { return f.name == name })
	if i < 0 {
		return field{}, false
	}
	return f[i], true
}

func (f fields) names() []string {
	names := make([]string, len(f))
	for i := range f {
		names[i] = f[i].name
	}
	return names
}

// Grammar is what reading needs to know of the files beside the types that they are read into.
type Grammar struct {
	Words   func(vocabulary string) []string                   // the words of a closed list that lives elsewhere
	Foreign func(of reflect.Type, key string) (is, doc string) // stand in for tags on types that have none of ours; may be nil

	cache sync.Map // reflect.Type to fields
}

// Fields returns the keys that a struct stands for, in the struct's order.
func (g *Grammar) Fields(t reflect.Type) fields {
	if cached, ok := g.cache.Load(t); ok {
		return cached.(fields)
	}
	var list fields
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
		list = append(list, field{name, i, r, f.Tag.Get("default"), doc})
	}
	g.cache.Store(t, list)
	return list
}

func (g *Grammar) rule(tag string) rule {
	var r rule
	if tag == "" {
		return r
	}
	for part := range strings.SplitSeq(tag, ",") {
		name, value, _ := strings.Cut(part, "=")
		switch name {
		case "required":
			r.required = true
		case "empty":
			r.empty = true
		case "id":
			r.id = true
		case "min":
			r.min = value
		case "max":
			r.max = value
		case "enum":
			r.enum = strings.Split(value, "|")
		case "one", "values":
			r.enum = g.Words(value)
		case "keys":
			if r.keys = value; value != "id" {
				r.keyWords = g.Words(value)
			}
		default:
			panic("BUG: unknown rule " + part)
		}
	}
	return r
}

// below is the rule for what a mapping holds.
func (r rule) below() rule {
	r.keys, r.keyWords = "", nil
	return r
}

var identifier = regexp.MustCompile(identifierPattern)

const identifierPattern = `^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`

// IsIdentifier tells whether a text is one: up to 64 letters, digits, dots, dashes and underscores, a letter or digit first.
func IsIdentifier(text string) bool { return identifier.MatchString(text) }

const identifierFault = "%q is no identifier: use up to 64 letters, digits, dots, dashes and underscores, a letter or digit first"

// fault says what is wrong with a scalar, "" where nothing is.
func (r rule) fault(v reflect.Value, text string) string {
	switch {
	case r.id && !IsIdentifier(text):
		return fmt.Sprintf(identifierFault, shortened(text))
	case r.enum != nil && !slices.Contains(r.enum, text):
		return fmt.Sprintf("%s %q is not known%s", r.name, shortened(text), Suggestion(text, r.enum))
	case r.min != "" && v.CanInt() && v.Int() < bound(v.Type(), r.min):
		return fmt.Sprintf("%s is too little: at least %s", text, r.min)
	case r.max != "" && v.CanInt() && v.Int() > bound(v.Type(), r.max):
		return fmt.Sprintf("%s is too much: at most %s", text, r.max)
	}
	return ""
}

// keyFault says what is wrong with a key of a mapping, "" where nothing is.
func (r rule) keyFault(name string) string {
	switch r.keys {
	case "":
		return ""
	case "id":
		if !IsIdentifier(name) {
			return fmt.Sprintf(identifierFault, shortened(name))
		}
	default:
		if !slices.Contains(r.keyWords, name) {
			return fmt.Sprintf("%s %q is not known%s", r.keys, shortened(name), Suggestion(name, r.keyWords))
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
