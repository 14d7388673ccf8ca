package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/config"
)

// TestNobodyIsToldToBuild: what the program says to type is the program, which need not lie beside its source.
func TestNobodyIsToldToBuild(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	pages, err := filepath.Glob("demo/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(files, pages...) {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "go run ") {
			t.Errorf("%s: it says to build the program anew: tagwarden VERB is right", name)
		}
	}
}

// TestUnreadableHit: a test whose hit cannot be read says so in words, not by the name of a call.
func TestUnreadableHit(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for file, says := range map[string]string{
		filepath.Join(folder, "none.http"):     "there is no such file or folder",
		folder:                                 "it is a folder, and no file",
		filepath.Join(folder, "\x00none.http"): "invalid argument",
	} {
		r := runTest(&terminal{now: time.Now}, nil, nil, &config.Test{File: file})
		if len(r.Failures) != 1 || r.Failures[0] != file+": "+says {
			t.Errorf("%q", r.Failures)
		}
	}
}
