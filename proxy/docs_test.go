package proxy_test

import (
	"os"
	"regexp"
	"slices"
	"testing"
)

// TestDocsNameTheTests: each row of the table on the page `unknown` about what others let through names a test that
// is there, and each such test has a row.
func TestDocsNameTheTests(t *testing.T) {
	names := func(file, pattern string) []string {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, found := range regexp.MustCompile(pattern).FindAllStringSubmatch(string(text), -1) {
			all = append(all, found[1])
		}
		slices.Sort(all)
		return all
	}
	rows, tests := names("../cmd/tagwarden/docs/unknown.md", "\\| `(TestLaw\\w+)` \\|\n"),
		names("law_test.go", `\nfunc (TestLaw\w+)\(`)
	if len(rows) == 0 || !slices.Equal(rows, tests) {
		t.Errorf("the page has\n%q\nand the tests are\n%q", rows, tests)
	}
}
