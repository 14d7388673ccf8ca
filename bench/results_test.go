package main

import (
	"os"
	"path/filepath"
	"testing"
)

// TestPartsOfTheResultsStay: a figure that is measured anew takes the place of its own, and of no other.
func TestPartsOfTheResultsStay(t *testing.T) {
	file := filepath.Join(t.TempDir(), "RESULTS.md")
	for _, step := range []struct{ part, want string }{
		{"# a\n\none\n", "# a\n\none\n"},
		{"# b\n\n| # 2 |\n\n\n", "# a\n\none\n\n# b\n\n| # 2 |\n"},
		{"# c\n3", "# a\n\none\n\n# b\n\n| # 2 |\n\n# c\n3\n"},
		{"# b\n\n## two\n", "# a\n\none\n\n# b\n\n## two\n\n# c\n3\n"},
		{"# a\nONE\n", "# a\nONE\n\n# b\n\n## two\n\n# c\n3\n"},
	} {
		if err := writeDown(file, step.part); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(file); err != nil || string(got) != step.want {
			t.Errorf("%q, %v, wanted %q", got, err, step.want)
		}
	}
	if err := writeDown("-", "# d\n"); err != nil {
		t.Error(err)
	}
	if err := writeDown(filepath.Join(file, "x"), "# d\n"); err == nil {
		t.Error("it is written below a file")
	}
}
