package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tagwarden/tagwarden/rules/catalog"
)

// TestMarkedFilesReadAlike: a mark of the byte order before a file that people write or record
// says nothing else than the file does.
func TestMarkedFilesReadAlike(t *testing.T) {
	root := t.TempDir()
	t.Chdir(root)
	shopIn(t, "plain")
	vendor, _ := catalog.BuiltinText("plausible")
	capture := `{"method":"GET","target":"/g/collect?v=2&tid=G-1&en=x","headers":[["Host","shop.example"]],"body_base64":""}` +
		"\n"
	container := `{"exportFormatVersion":2,"containerVersion":{"container":{"publicId":"GTM-T","usageContext":["WEB"]},"tag":[]}}`
	for name, text := range map[string]string{"plausible.yaml": string(vendor), "hits.jsonl": capture,
		"gtm.json": container} {
		if err := os.WriteFile(filepath.Join("plain", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.CopyFS("marked", os.DirFS("plain")); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod("marked/root.key", 0o600); err != nil { // others could read the copy
		t.Fatal(err)
	}
	marked := 0
	err := filepath.WalkDir("marked", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !slices.Contains([]string{".yaml", ".http", ".har", ".jsonl", ".json"}, filepath.Ext(path)) {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		marked++
		return os.WriteFile(path, append([]byte("\xef\xbb\xbf"), text...), 0o600)
	})
	if err != nil || marked < 10 {
		t.Fatalf("%d files were marked: %v", marked, err)
	}
	for _, words := range [][]string{
		{"check"},
		{"test"},
		{"explain", "--hit", "policy/tests/hits/ga4-page-view.http", "--format", "json"},
		{"replay", "--host", "shop.example", "sample.har"},
		{"replay", "hits.jsonl"},
		{"diff", "tagwarden.yaml", "tagwarden.yaml", "--traffic", "sample.har", "--host", "shop.example"},
		{"scan", "sample.har", "hits.jsonl"},
		{"catalog", "check", "plausible.yaml"},
		{"import", "gtm", "gtm.json"},
	} {
		t.Chdir(filepath.Join(root, "plain"))
		want := endedBy(t, words...)
		t.Chdir(filepath.Join(root, "marked"))
		if got := endedBy(t, words...); got != want {
			t.Errorf("%v ended with %d, want %d:\n%s%s\nwant\n%s%s", words, got.code, want.code, got.out,
				got.errs, want.out, want.errs)
		}
	}
}
