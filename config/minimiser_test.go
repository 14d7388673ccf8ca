package config

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/minimise"
)

// TestEachMinimiserIsDescribed: the schema and the reference have every minimiser of the table, and every parameter
// with what it means.
func TestEachMinimiserIsDescribed(t *testing.T) {
	t.Parallel()
	var schema struct {
		OneOf []struct {
			Enum       []string
			Properties map[string]any
		}
	}
	text, err := json.Marshal(new(Minimise).schema())
	if err != nil || json.Unmarshal(text, &schema) != nil || len(schema.OneOf) != 2 {
		t.Fatalf("%v: %s", err, text)
	}
	reference := Reference()
	for kind := range minimise.NumKinds {
		name, params := kind.String(), minimise.Params[kind]
		_, form := schema.OneOf[1].Properties[name]
		word := strings.Contains("|"+strings.Join(schema.OneOf[0].Enum, "|")+"|", "|"+name+"|")
		if form != (len(params) > 0) || word != (wordFault(kind) == "") {
			t.Errorf("%s: the schema has it as a word: %v, as a mapping: %v", name, word, form)
		}
		rows := []string{"| `" + name + "` | | | | "}
		if len(params) > 0 {
			rows = nil
		}
		for _, p := range params {
			rows = append(rows, "| `"+name+"` | `"+p.Name+"` | ")
		}
		for _, row := range rows {
			_, rest, found := strings.Cut(reference, "\n"+row)
			line, _, _ := strings.Cut(rest, "\n")
			line = strings.TrimSuffix(line, "|")
			if meaning := line[strings.LastIndex(line, "|")+1:]; !found || strings.TrimSpace(meaning) == "" {
				t.Errorf("the reference says nothing of %s", row)
			}
		}
	}
}
