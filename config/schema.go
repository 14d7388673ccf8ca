package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/catalog"
)

// kinds are the files that have a schema.
var kinds = []struct {
	name, title string
	of          reflect.Type
}{
	{"server", "tagwarden.yaml: the operator's server file", reflect.TypeFor[Server]()},
	{"purposes", "policy/purposes.yaml", reflect.TypeFor[Purposes]()},
	{"activities", "policy/activities.yaml", reflect.TypeFor[Activities]()},
	{"profiles", "policy/profiles.yaml", reflect.TypeFor[Profiles]()},
	{"detectors", "policy/detectors.yaml: detectors of the site's own", reflect.TypeFor[Detectors]()},
	{"promises", "policy/promises.yaml: what must never happen", reflect.TypeFor[Promises]()},
	{"assessment", "policy/assessments/<id>.yaml: a legitimate interest assessment", reflect.TypeFor[basis.Assessment]()},
	{"revocations", "policy/revocations.yaml: assessments that were taken back", reflect.TypeFor[Revocations]()},
	{"approved", "policy/assessments/.history/<id>-v<n>.yaml: a version that was approved, kept by lia approve",
		reflect.TypeFor[Approved]()},
	{"tests", "policy/tests/*.yaml", reflect.TypeFor[Tests]()},
	{"vendor", "policy/vendors/<id>.yaml: a vendor of the user's own", reflect.TypeFor[catalog.File]()},
}

// SchemaKinds lists what [Schema] knows: server, purposes, activities, profiles, detectors, promises, assessment,
// revocations, approved, tests, vendor.
func SchemaKinds() []string {
	names := make([]string, len(kinds))
	for i := range kinds {
		names[i] = kinds[i].name
	}
	return names
}

// Schema renders the JSON Schema (draft 2020-12) of a kind of file, indented. It is made from
// the types that the files are read into.
func Schema(kind string) ([]byte, error) {
	for _, k := range kinds {
		if k.name != kind {
			continue
		}
		s := &schemas{defs: map[string]any{}}
		root := s.structure(k.of)
		root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
		root["$id"] = "urn:tagwarden:schema:" + kind
		root["title"] = k.title
		if len(s.defs) > 0 {
			root["$defs"] = s.defs
		}
		var out bytes.Buffer
		encoder := json.NewEncoder(&out)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(root); err != nil {
			panic("BUG: a schema is no JSON: " + err.Error())
		}
		return out.Bytes(), nil
	}
	return nil, fmt.Errorf("no kind of file %q%s", kind, strict.Suggestion(kind, SchemaKinds()))
}

// schemas renders types; structs below the root stand under $defs, so that they may hold themselves.
type schemas struct{ defs map[string]any }

// ownSchema is a type whose form in YAML is its own.
type ownSchema interface{ schema() map[string]any }

// ownSchemaOf is the schema of a type whose form is its own, nil of any other.
func ownSchemaOf(t reflect.Type) map[string]any {
	if t == reflect.TypeFor[basis.Text]() { // whose package knows no files
		return new(Text).schema()
	}
	if own, ok := reflect.TypeAssert[ownSchema](reflect.New(t)); ok {
		return own.schema()
	}
	return nil
}

func (s *schemas) structure(t reflect.Type) map[string]any {
	properties := map[string]any{}
	required := []string{}
	for _, f := range FieldsOf(t) {
		property := s.of(t.Field(f.Index).Type, f.Rule)
		if f.Doc != "" {
			property["description"] = f.Doc
		}
		if f.Default != "" {
			property["default"] = defaultValue(f.Default)
		}
		if f.Rule.Required {
			required = append(required, f.Name)
		}
		properties[f.Name] = property
	}
	out := map[string]any{"type": "object", "additionalProperties": false, "properties": properties}
	if len(required) > 0 {
		out["required"] = required
	}
	return out
}

func defaultValue(text string) any {
	var value any
	if err := yaml.Unmarshal([]byte(text), &value); err != nil {
		panic("BUG: default " + text + " is no YAML: " + err.Error())
	}
	return value
}

// of renders a type under the rule of the field that holds it.
func (s *schemas) of(t reflect.Type, r strict.Rule) map[string]any {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if own := ownSchemaOf(t); own != nil {
		return own
	}
	if out := ofText(t); out != nil {
		return out
	}
	switch t.Kind() {
	case reflect.Struct:
		name := t.Name()
		if _, done := s.defs[name]; !done {
			s.defs[name] = nil // stands for what is being made, where the type holds itself
			s.defs[name] = s.structure(t)
		}
		return map[string]any{"$ref": "#/$defs/" + name}
	case reflect.Map:
		return s.mapping(t, r)
	case reflect.Slice:
		inner := r
		inner.Required = false
		out := map[string]any{"type": "array", "items": s.of(t.Elem(), inner)}
		if r.Required {
			out["minItems"] = 1
		}
		return out
	default:
		return scalarSchema(t, r)
	}
}

func (s *schemas) mapping(t reflect.Type, r strict.Rule) map[string]any {
	inner := r.Below()
	inner.Required = false
	out := map[string]any{"type": "object", "additionalProperties": s.of(t.Elem(), inner)}
	switch r.Keys {
	case "":
	case "id":
		out["propertyNames"] = map[string]any{"pattern": strict.IdentifierPattern}
	default:
		out["propertyNames"] = map[string]any{"enum": r.KeyWords}
	}
	if r.Required {
		out["minProperties"] = 1
	}
	if r.Text {
		inner.Required = r.Required
		return map[string]any{"oneOf": []any{s.of(t.Elem(), inner), out}}
	}
	return out
}

func scalarSchema(t reflect.Type, r strict.Rule) map[string]any {
	if t.Kind() == reflect.Bool {
		return map[string]any{"type": "boolean"}
	}
	if t.Kind() == reflect.Int {
		out := map[string]any{"type": "integer"}
		for key, bound := range map[string]string{"minimum": r.Min, "maximum": r.Max} {
			if n, err := strconv.Atoi(bound); err == nil {
				out[key] = n
			}
		}
		return out
	}
	out := map[string]any{"type": "string"}
	switch {
	case r.Enum != nil:
		out["enum"] = r.Enum
	case r.ID:
		out["pattern"] = strict.IdentifierPattern
	case r.Required:
		out["pattern"] = `\S`
	}
	return out
}

// ofText renders the types that are read from a text of their own, nil for others.
func ofText(t reflect.Type) map[string]any {
	pattern, example := "", ""
	switch t {
	case reflect.TypeFor[Rate]():
		return map[string]any{"type": "number", "minimum": leastRate, "maximum": mostRate, "examples": []any{50, 0.5}}
	case reflect.TypeFor[Size]():
		pattern, example = `^[0-9]+(B|KiB|MiB|GiB)$`, "1MiB"
	case reflect.TypeFor[Memory]():
		pattern, example = `^[0-9]+(B|KiB|MiB|GiB|%)$`, "50%"
	case reflect.TypeFor[Percent]():
		pattern, example = `^[0-9]+%$`, "50%"
	case reflect.TypeFor[Duration]():
		pattern, example = `^[0-9]+(ms|s|m|h|d)$`, "24h"
	case reflect.TypeFor[basis.Period]():
		pattern, example = `^[0-9]+ ?(years?|months?|weeks?|days?|hours?|minutes?|d|h|m)$`, "13 months"
	case reflect.TypeFor[Lifetime]():
		pattern, example = lifetimePattern, "13 months"
	case reflect.TypeFor[basis.Day]():
		pattern, example = `^[0-9]{4}-[0-9]{2}-[0-9]{2}$`, "2027-05-04"
	case reflect.TypeFor[Moment]():
		pattern, example = `^[0-9]{4}-[0-9]{2}-[0-9]{2}T`, "2026-12-01T12:00:00Z"
	case reflect.TypeFor[CIDR]():
		pattern, example = `^[0-9A-Fa-f:.]+(/[0-9]+)?$`, "10.0.0.0/8"
	default:
		return nil
	}
	return map[string]any{"type": "string", "pattern": pattern, "examples": []any{example}}
}
