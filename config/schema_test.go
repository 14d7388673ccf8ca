package config

import (
	"bytes"
	"encoding/json"
	"path"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules/catalog"
)

func compiledSchema(t testing.TB, kind string) *jsonschema.Schema {
	t.Helper()
	text, err := Schema(kind)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	if err := c.AddResource(kind+".json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(kind + ".json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// asJSON turns YAML into what a schema is asked about, as editors do: dates are texts.
func asJSON(node *yaml.Node) any {
	switch node.Kind {
	case yaml.ScalarNode:
	case yaml.AliasNode:
		return asJSON(node.Alias)
	case yaml.DocumentNode:
		return asJSON(node.Content[0])
	case yaml.MappingNode:
		out := map[string]any{}
		for i := 0; i+1 < len(node.Content); i += 2 {
			out[node.Content[i].Value] = asJSON(node.Content[i+1])
		}
		return out
	case yaml.SequenceNode:
		out := []any{}
		for _, element := range node.Content {
			out = append(out, asJSON(element))
		}
		return out
	}
	switch node.ShortTag() {
	case "!!null":
		return nil
	case "!!bool":
		return strings.EqualFold(node.Value, "true")
	case "!!int", "!!float":
		if _, err := strconv.ParseFloat(node.Value, 64); err == nil {
			return json.Number(node.Value)
		}
	}
	return node.Value
}

func valid(t testing.TB, s *jsonschema.Schema, text []byte) error {
	t.Helper()
	var node yaml.Node
	if err := yaml.Unmarshal(text, &node); err != nil {
		t.Fatal(err)
	}
	return s.Validate(asJSON(&node))
}

// kindOf says which schema a file is under, "" for none.
func kindOf(name string) string {
	switch {
	case name == "tagwarden.yaml":
		return "server"
	case path.Ext(name) != ".yaml":
		return ""
	case strings.HasPrefix(name, "policy/assessments/.history/"):
		return "approved"
	case strings.HasPrefix(name, "policy/assessments/"):
		return "assessment"
	case strings.HasPrefix(name, "policy/tests/"):
		return "tests"
	case strings.HasPrefix(name, "policy/vendors/"):
		return "vendor"
	default:
		return strings.TrimSuffix(path.Base(name), ".yaml")
	}
}

// TestSchemaAccepts: every example of the design, as it stands, and every file that init writes.
func TestSchemaAccepts(t *testing.T) {
	t.Parallel()
	_, examples := archive(t, "testdata/faults/design.txtar")
	all := []map[string][]byte{examples, base(t), exampleWithKeys(t, "")}
	for _, name := range Examples() {
		all = append(all, exampleWithKeys(t, name))
	}
	for _, files := range all {
		for name, text := range files {
			if kind := kindOf(name); kind != "" && string(text) != "(removed)\n" {
				if err := valid(t, compiledSchema(t, kind), text); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
	}
}

func exampleWithKeys(t testing.TB, name string) map[string][]byte {
	t.Helper()
	files, err := exampleFiles(name, zeros{}, noon)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// zeros is a source of randomness without any.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// TestSchemaAcceptsBuiltins: a user's vendor file may be anything that a built-in one is.
func TestSchemaAcceptsBuiltins(t *testing.T) {
	t.Parallel()
	s := compiledSchema(t, "vendor")
	for _, id := range catalog.BuiltinIDs() {
		text, _ := catalog.BuiltinText(id)
		if err := valid(t, s, text); err != nil {
			t.Errorf("%s: %v", id, err)
		}
		var written any
		if err := yaml.Unmarshal(text, &written); err != nil {
			t.Fatal(err)
		}
		plain, err := yaml.Marshal(written) // built-in files may use aliases, users' own may not
		if err != nil {
			t.Fatal(err)
		}
		var faults strict.Faults
		if doc := strict.Parse(id, plain, &faults); doc != nil {
			Decode(doc, new(catalog.File), &faults)
		}
		if len(faults) > 0 {
			t.Errorf("%s:\n%v", id, faults)
		}
	}
}

// TestSchemaRefuses breaks the design's examples, one thing at a time.
func TestSchemaRefuses(t *testing.T) {
	t.Parallel()
	_, examples := archive(t, "testdata/faults/design.txtar")
	for _, test := range []struct{ name, old, with string }{
		{"tagwarden.yaml", "listen: 127", "listn: 127"},
		{"tagwarden.yaml", "version: 1", "version: 2"},
		{"tagwarden.yaml", "body: 1MiB", "body: 1MB"},
		{"tagwarden.yaml", "events: 1000", "events: 0"},
		{"tagwarden.yaml", "hosts: [shop.example, t.shop.example]", "hosts: []"},
		{"tagwarden.yaml", "catalog: ga4,", ""},
		{"tagwarden.yaml", "gpc: {}", "gcp: {}"},
		{"tagwarden.yaml", "mode: queued", "mode: swift"},
		{"tagwarden.yaml", "private: true", "private: maybe"},
		{"policy/purposes.yaml", "tcf: [8]", "tcf: [12]"},
		{"policy/purposes.yaml", "gpc: ignore", "gpc: ignored"},
		{"policy/purposes.yaml", "title: Measure the audience of our pages", "title: { english: Measure }"},
		{"policy/activities.yaml", "basis: consent", "basis: consnet"},
		{"policy/activities.yaml", "13 months", "13 moons"},
		{"policy/activities.yaml", "country: US", "country: USA"},
		{"policy/profiles.yaml", "event_name: keep", "event_nam: keep"},
		{"policy/profiles.yaml", "event_name: keep", "event_name: truncate"},
		{"policy/profiles.yaml", "generalise: origin", "generalise: orign"},
		{"policy/profiles.yaml", "v4: 16", "v4: 33"},
		{"policy/profiles.yaml", "ids: template", "id: template"},
		{"policy/profiles.yaml", `npa: "1"`, "npa: 1"},
		{"policy/assessments/LIA-2026-001.yaml", "client_id: derive", "client_id: derived"},
		{"policy/assessments/LIA-2026-001.yaml", "impact: low", "impact: none"},
		{"policy/assessments/LIA-2026-001.yaml", "retention: 14 months", ""},
		{"policy/tests/example.yaml", "deny: objection", "deny: objected"},
		{"policy/tests/example.yaml", "expect:", "expects:"},
	} {
		text := examples[test.name]
		if !bytes.Contains(text, []byte(test.old)) {
			t.Fatalf("%s has no %q", test.name, test.old)
		}
		text = bytes.Replace(text, []byte(test.old), []byte(test.with), 1)
		if err := valid(t, compiledSchema(t, kindOf(test.name)), text); err == nil {
			t.Errorf("%s with %q is accepted", test.name, test.with)
		}
	}
}

// TestEverySettingIsExplained: each key that people write says what it is for.
func TestEverySettingIsExplained(t *testing.T) {
	t.Parallel()
	seen := map[reflect.Type]bool{}
	var visit func(reflect.Type)
	visit = func(of reflect.Type) {
		for of.Kind() == reflect.Pointer || of.Kind() == reflect.Slice || of.Kind() == reflect.Map {
			of = of.Elem()
		}
		if of.Kind() != reflect.Struct || seen[of] || ofText(of) != nil {
			return
		}
		seen[of] = true
		for _, f := range FieldsOf(of) {
			if f.Doc == "" {
				t.Errorf("%v: %s is not explained", of, f.Name)
			}
			visit(of.Field(f.Index).Type)
		}
	}
	for _, k := range kinds {
		if k.name != "vendor" { // explained in rules/catalog
			visit(k.of)
		}
	}
}

func TestReference(t *testing.T) {
	t.Parallel()
	text := Reference()
	for _, want := range []string{
		"| `listen` | text | 127.0.0.1:8080 |", "### sites.<id>.signals.own[]", "| `seal` | 24h, 1s to 7d | 1h |",
		"| `truncate` | `v4` | 0 to 24 |",
		"| `review_by` | 2027-05-04 | obligatory |", "| `basis` | consent, contract,", "| `rate` | 50 |",
		"| `first` | 24h, 10ms to 1h | 500ms |",
		"| `relay` | list of 400 to 599 |  | Statuses with which the vendor refuses",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the reference has no %q", want)
		}
	}
}

func TestSchemaUnknown(t *testing.T) {
	t.Parallel()
	if _, err := Schema("sever"); err == nil || err.Error() != `no kind of file "sever": did you mean "server"?` {
		t.Errorf("%v", err)
	}
}

// TestRequiredKeysSayWhatTheyAre: a message of a key that is missing ends in what it is for.
func TestRequiredKeysSayWhatTheyAre(t *testing.T) {
	seen := map[reflect.Type]bool{}
	var walk func(of reflect.Type)
	walk = func(of reflect.Type) {
		switch of.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
			walk(of.Elem())
		case reflect.Struct:
			if seen[of] {
				return
			}
			seen[of] = true
			for _, field := range FieldsOf(of) {
				if field.Rule.Required && field.Doc == "" {
					t.Errorf("%s: what %q is, is not said", of, field.Name)
				}
				walk(of.Field(field.Index).Type)
			}
		}
	}
	for _, kind := range kinds {
		walk(kind.of)
	}
	if len(seen) < 50 {
		t.Errorf("%d types were looked at, which are too few", len(seen))
	}
}
