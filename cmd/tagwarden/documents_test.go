package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/proxy/tap"
)

// TestDocumentsNameFiguresThatAreThere: a figure that a document names is one that some part of the server counts.
func TestDocumentsNameFiguresThatAreThere(t *testing.T) {
	var source strings.Builder
	err := filepath.WalkDir(filepath.Join("..", "..", "proxy"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		source.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	named, seen := regexp.MustCompile(`\btagwarden_([a-z_]+[a-z])`), 0
	for document, text := range documents(t) {
		for _, m := range named.FindAllStringSubmatch(text, -1) {
			if m[0] == tap.Cookie { // which is no figure
				continue
			}
			if seen++; !strings.Contains(source.String(), `"`+m[1]+`"`) {
				t.Errorf("%s names %s, which nothing counts", document, m[0])
			}
		}
	}
	if seen == 0 {
		t.Error("no document names a figure")
	}
}
