package main_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestSkippedTestsAreThere: each test that `make race` leaves out is there, and is one alone: the detector's run skips by
// name, whatever the package.
func TestSkippedTestsAreThere(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(strings.ReplaceAll(string(text), "\\\n", " "), "\nSERIAL  := ")
	list, _, _ = strings.Cut(list, "\n")
	names := strings.Fields(list)
	if len(names) < 20 {
		t.Fatalf("%q are left out: this test looks in the wrong place", names)
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
			t.Errorf("%d tests are called %s, want 1: put the Makefile's SERIAL right, or name it otherwise", found[name], name)
		}
	}
}
