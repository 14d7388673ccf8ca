package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestPagesAreWrittenTogether: pages link to one another, so that a folder gets all of them, or stays as it was.
func TestPagesAreWrittenTogether(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pages := []pageFile{{filepath.Join(dir, "notice.de.html"), []byte("de")},
		{filepath.Join(dir, "notice.en.html"), []byte("en")}}
	if err := writePages(dir, pages); err != nil || lying(t, dir) != "notice.de.html=de notice.en.html=en" {
		t.Fatalf("%v, %s", err, lying(t, dir))
	}
	pages[0].text, pages[1].text = []byte("de 2"), []byte("en 2")
	if err := writePages(dir, pages); err != nil || lying(t, dir) != "notice.de.html=de 2 notice.en.html=en 2" {
		t.Errorf("%v, %s", err, lying(t, dir))
	}
	// The second one cannot be: the first stays away.
	dir = t.TempDir()
	pages = []pageFile{{filepath.Join(dir, "notice.de.html"), []byte("de")},
		{filepath.Join(dir, "notice.en.html"), []byte("en")}}
	if err := os.Mkdir(pages[1].path, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := writePages(dir, pages); err == nil || !strings.Contains(err.Error(), "notice.en.html is a folder") ||
		lying(t, dir) != "notice.en.html/" {
		t.Errorf("%v, %s", err, lying(t, dir))
	}
	dir = t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, ".notice.begun"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := writePages(dir, pages); err == nil || !strings.Contains(err.Error(), "take it away where none does") ||
		lying(t, dir) != ".notice.begun/" {
		t.Errorf("%v, %s", err, lying(t, dir))
	}
}

// lying is what lies in a folder.
func lying(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		if e.IsDir() {
			all = append(all, e.Name()+"/")
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, e.Name()+"="+string(text))
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}
