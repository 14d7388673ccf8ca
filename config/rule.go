package config

import (
	"encoding"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/tagwarden/tagwarden/rules/catalog"
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
	keys     string
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

// catalogPackage has the types of vendor files, in which "" stands for what is not known.
var catalogPackage = reflect.TypeFor[catalog.File]().PkgPath()

// catalogRules stand in for tags `is` on the types of vendor files, which say in words what they take.
var catalogRules = map[reflect.Type]map[string]string{
	reflect.TypeFor[catalog.File]():         {"id": "required", "name": "required", "hosts": "required", "endpoints": "required"},
	reflect.TypeFor[catalog.Field]():        {"class": "one=class"},
	reflect.TypeFor[catalog.CookieFile]():   {"name": "required", "class": "required,one=class"},
	reflect.TypeFor[catalog.EndpointFile](): {"id": "required", "methods": "required", "path": "required", "relay": "min=400,max=599"},
	reflect.TypeFor[catalog.InsteadFile]():  {"query": "required", "status": "required"},
}

// catalogDocs stand in for tags `doc` on the types of vendor files, for keys that say what is done beside what a hit holds.
var catalogDocs = map[reflect.Type]map[string]string{
	reflect.TypeFor[catalog.EndpointFile](): {
		"kind":    "events (or nothing); answer: the SDK is asked for the vendor's answer, which goes back to it; opaque: allowed or refused whole.",
		"answer":  "What the SDK needs when all is well. The vendor's own answer goes back only where kind is answer.",
		"denied":  "What it gets when nothing was forwarded; like answer where not given.",
		"instead": "In place of answer and denied where the hit's query says so; the first that fits.",
		"relay":   "Statuses with which the vendor refuses a hit and the SDK acts on the body: it is handed on where it is JSON of at most 64 KiB. Of any other refusal status and Retry-After are.",
		"indices": "Where such a body counts events of the batch, by path (failed_records[].index, bad.*[]): the SDK's batch may be longer than the one that the vendor was sent. Without them no body is handed on where events were cut out.",
		"taken":   "Where the vendor's answer, JSON, says how many events it took: its status alone does not tell.",
	},
	reflect.TypeFor[catalog.InsteadFile](): {
		"query":  "A parameter as it stands in the query, such as beacon=1.",
		"status": "The status of the answer, such as 204.",
		"type":   "Its content type.",
		"body":   "Its text; gif is an image of one transparent pixel.",
	},
}

var fieldCache sync.Map // reflect.Type to fields

// fieldsOf returns the keys that a struct stands for, in the struct's order.
func fieldsOf(t reflect.Type) fields {
	if cached, ok := fieldCache.Load(t); ok {
		return cached.(fields)
	}
	var list fields
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if name == "" || name == "-" {
			continue
		}
		is := f.Tag.Get("is")
		if is == "" {
			is = catalogRules[t][name]
		}
		r := parseRule(is)
		r.name = name
		r.empty = r.empty || t.PkgPath() == catalogPackage
		doc := f.Tag.Get("doc")
		if doc == "" {
			doc = catalogDocs[t][name]
		}
		list = append(list, field{name, i, r, f.Tag.Get("default"), doc})
	}
	fieldCache.Store(t, list)
	return list
}

func parseRule(tag string) rule {
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
			r.enum = vocabulary(value)
		case "keys":
			r.keys = value
		default:
			panic("BUG: unknown rule " + part)
		}
	}
	return r
}

// below is the rule for what a mapping holds.
func (r rule) below() rule {
	r.keys = ""
	return r
}

var identifier = regexp.MustCompile(identifierPattern)

const identifierPattern = `^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`

const identifierFault = "%q is no identifier: use up to 64 letters, digits, dots, dashes and underscores, a letter or digit first"

// fault says what is wrong with a scalar, "" where nothing is.
func (r rule) fault(v reflect.Value, text string) string {
	switch {
	case r.id && !identifier.MatchString(text):
		return fmt.Sprintf(identifierFault, shortened(text))
	case r.enum != nil && !slices.Contains(r.enum, text):
		return fmt.Sprintf("%s %q is not known%s", r.name, shortened(text), suggestion(text, r.enum))
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
		if !identifier.MatchString(name) {
			return fmt.Sprintf(identifierFault, shortened(name))
		}
	default:
		if words := vocabulary(r.keys); !slices.Contains(words, name) {
			return fmt.Sprintf("%s %q is not known%s", r.keys, shortened(name), suggestion(name, words))
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
