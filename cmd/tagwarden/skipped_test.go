package main_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestSkippedTestsAreThere: each test that `make race` leaves out, or picks, is there, and is one alone: the detector's
// run goes by name, whatever the package.
func TestSkippedTestsAreThere(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for list, least := range map[string]int{"SERIAL": 10, "BESIDE": 5} {
		_, of, _ := strings.Cut(strings.ReplaceAll(string(text), "\\\n", " "), "\n"+list+"  := ")
		of, _, _ = strings.Cut(of, "\n")
		if len(strings.Fields(of)) < least {
			t.Fatalf("%s is %q: this test looks in the wrong place", list, of)
		}
		names = append(names, strings.Fields(of)...)
	}
	test := regexp.MustCompile(`(?m)^func (Test\w+)\(t \*testing\.T\)`)
	found := map[string]int{}
	for _, f := range sources(t) {
		for _, match := range test.FindAllStringSubmatch(f.text, -1) {
			found[match[1]]++
		}
	}
	for _, name := range names {
		if found[name] != 1 {
			t.Errorf("%d tests are called %s, want 1: put the Makefile's SERIAL or BESIDE right, or name it otherwise",
				found[name], name)
		}
	}
}
