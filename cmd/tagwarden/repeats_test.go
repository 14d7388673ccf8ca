package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/catalog"
)

// TestDocsTellRepeats: the table of which vendor may be sent an event twice, and which cares for order, is what the
// catalog says.
func TestDocsTellRepeats(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("docs/delivery.md")
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	want.WriteString("| vendor | knows an event again by | for | order |\n|---|---|---|---|\n")
	for _, id := range catalog.BuiltinIDs() {
		file, _ := catalog.Builtin(id)
		by, within, order := "-", "-", "-"
		if of := file.Idempotency; of != nil {
			by, within = "`"+of.Field+"`", "good"
			if len(of.With) > 0 {
				by += ", with `" + strings.Join(of.With, "`, `") + "`"
			}
			if of.Hours > 0 {
				within = fmt.Sprintf("%d h", of.Hours)
			}
		}
		if file.Ordered {
			order = "kept"
		}
		fmt.Fprintf(&want, "| `%s` | %s | %s | %s |\n", id, by, within, order)
	}
	if !strings.Contains(string(text), "\n\n"+want.String()+"\n") {
		t.Errorf("the page of delivery has another table than\n%s", want.String())
	}
}
