package config

import (
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/basis"
)

// TestShippedAdviceIsNoted: what an example says that somebody did is noted, until it is replaced.
func TestShippedAdviceIsNoted(t *testing.T) {
	t.Parallel()
	for _, name := range append(Examples(), "") {
		made, err := InitExample(name, t.TempDir(), nil, noon)
		if err != nil {
			t.Fatal(err)
		}
		loaded, err := Load(made.Server)
		if err != nil {
			t.Fatal(err)
		}
		said := loaded.Notes.Error()
		for _, a := range loaded.Assessments {
			if !strings.Contains(said, "nobody gave it") || !strings.Contains(said, "this is the evidence") {
				t.Errorf("%s: %s: %s", name, a.Document.ID, said)
			}
		}
	}
	if isShippedAdvice(nil) || isShippedAdvice(basis.Text{"en": "Asked in May, the officer agreed."}) {
		t.Error("what somebody wrote counts as an example's")
	}
}
