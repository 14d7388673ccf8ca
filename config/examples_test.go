package config

import (
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/basis"
)

// TestExamples: each compiles without a warning, has tests, and its assessments are valid for a year.
func TestExamples(t *testing.T) {
	t.Parallel()
	want := "cnil-ga4 consent-only first-party-analytics fraud-prevention lifecycle-email us-opt-out"
	if got := strings.Join(Examples(), " "); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	for _, name := range Examples() {
		made, err := InitExample(name, t.TempDir(), nil, noon)
		if err != nil {
			t.Fatal(err)
		}
		loaded, err := Load(made.Server)
		if err != nil {
			t.Fatal(err)
		}
		if len(loaded.Warnings) > 0 || len(loaded.Tests) < 3 {
			t.Errorf("%s: %d tests, warnings:\n%v", name, len(loaded.Tests), loaded.Warnings)
		}
		assessments := loaded.Policy.Assessments()
		for _, id := range assessments.IDs() {
			if got := assessments.Validity(id, noon.AddDate(1, 0, 0)); got != basis.Valid {
				t.Errorf("%s: %s is %v", name, id, got)
			}
		}
		if (len(assessments.IDs()) > 0) != (made.ApproverKey != "") {
			t.Errorf("%s: %d assessments, approver's key %q", name, len(assessments.IDs()), made.ApproverKey)
		}
	}
	if _, err := InitExample("../example", t.TempDir(), nil, noon); err == nil {
		t.Error("an example outside of the folder")
	}
}
