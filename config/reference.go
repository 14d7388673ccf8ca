package config

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules/basis"
)

// Reference renders every setting of every file as Markdown: a section a file, a table a mapping.
func Reference() string {
	var out strings.Builder
	out.WriteString("# Settings\n")
	for _, k := range kinds {
		fmt.Fprintf(&out, "\n## %s\n", k.title)
		reference(&out, "", k.of, map[reflect.Type]bool{})
		if k.name == "profiles" {
			minimiserTable(&out)
		}
	}
	return out.String()
}

// reference writes the table of a struct, and then those of the structs that its fields hold, each once a file.
func reference(out *strings.Builder, prefix string, t reflect.Type, seen map[reflect.Type]bool) {
	if seen[t] {
		return
	}
	seen[t] = true
	if prefix != "" {
		fmt.Fprintf(out, "\n### %s\n", prefix)
	}
	out.WriteString("\n| key | form | default | meaning |\n|---|---|---|---|\n")
	for _, f := range FieldsOf(t) {
		def := f.Default
		if f.Rule.Required {
			def = "obligatory"
		}
		fmt.Fprintf(out, "| `%s` | %s | %s | %s |\n", f.Name, cell(form(t.Field(f.Index).Type, f.Rule)),
			cell(def), cell(f.Doc))
	}
	for _, f := range FieldsOf(t) {
		inner, step := t.Field(f.Index).Type, f.Name
		inner, step = within(inner, step)
		if inner.Kind() != reflect.Struct || ofText(inner) != nil || len(FieldsOf(inner)) == 0 {
			continue
		}
		if prefix != "" {
			step = prefix + "." + step
		}
		reference(out, step, inner, seen)
	}
}

// within goes into pointers, lists and mappings to what they hold.
func within(t reflect.Type, name string) (held reflect.Type, place string) {
	switch {
	case t.Kind() == reflect.Pointer:
		return within(t.Elem(), name)
	case t.Kind() == reflect.Slice:
		return within(t.Elem(), name+"[]")
	case t.Kind() == reflect.Map:
		return within(t.Elem(), name+".<id>")
	default:
		return t, name
	}
}

// form names how a value is written.
func form(t reflect.Type, r strict.Rule) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if own := ofText(t); own != nil {
		bounds := ""
		if r.Min != "" {
			bounds = ", " + r.Min + " to " + r.Max
		}
		return fmt.Sprint(own["examples"].([]any)[0]) + bounds
	}
	if t == reflect.TypeFor[Text]() || t == reflect.TypeFor[basis.Text]() {
		return "text, or a text for each language"
	}
	if ownSchemaOf(t) != nil {
		return "see there"
	}
	switch {
	case t.Kind() == reflect.Slice:
		return "list of " + form(t.Elem(), r)
	case t.Kind() == reflect.Map && r.Text:
		return "text, or mapping"
	case t.Kind() == reflect.Map, t.Kind() == reflect.Struct:
		return "mapping"
	case len(r.Enum) > 0 && len(r.Enum) <= 40:
		return strings.Join(r.Enum, ", ")
	case r.Min != "" && r.Max != "":
		return r.Min + " to " + r.Max
	case r.ID:
		return "identifier"
	default:
		return strict.Wanted(t)
	}
}

func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ").Replace(text)
}
