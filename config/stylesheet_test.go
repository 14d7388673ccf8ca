package config

import (
	"errors"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/basis"
)

// TestSheets: a site's style sheet is read with the server file, and bounded.
func TestSheets(t *testing.T) {
	t.Parallel()
	compileWith := func(file besideFile) (*Loaded, error) {
		files := base(t)
		files["tagwarden.yaml"] = []byte(strings.Replace(string(files["tagwarden.yaml"]), "hosts: [shop.example]",
			"hosts: [shop.example]\n    privacy: { css: ./blog.css }", 1))
		source := SourceOf(files)
		source.sheets = map[string]besideFile{"./blog.css": file}
		return Compile(source, basis.Past{})
	}
	loaded, err := compileWith(besideFile{content: []byte("body{}")})
	if err != nil || string(loaded.Sheet("shop")) != "body{}" || loaded.Sheet("blog") != nil {
		t.Errorf("%v", err)
	}
	if _, err := compileWith(besideFile{err: errors.New("permission denied")}); err == nil ||
		!strings.Contains(err.Error(), "cannot read the style sheet: permission denied") {
		t.Errorf("%v", err)
	}
	if _, err := compileWith(besideFile{content: make([]byte, maxSheetBytes+1)}); err == nil ||
		!strings.Contains(err.Error(), "the style sheet is longer than 64 KiB") {
		t.Errorf("%v", err)
	}
}
