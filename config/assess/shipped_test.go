package assess

import (
	"bytes"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/config"
)

// approvalSection is what differs from one init to the next: the digest, and the key.
var approvalSection = regexp.MustCompile(
	`(?s)\n## (Approval|Freigabe|Approbation|Approved versions|Freigegebene Versionen|` +
		`Versions approuvées)\n.*?(\n## |$)`)

// TestShipped: what each assessment that is shipped says in each language, as people
// read it. `go test -update` writes it.
func TestShipped(t *testing.T) {
	t.Parallel()
	for _, name := range append(config.Examples(), "") {
		made, err := config.InitExample(name, t.TempDir(), nil, noon)
		if err != nil {
			t.Fatal(err)
		}
		loaded, err := config.Load(made.Server)
		if err != nil {
			t.Fatal(err)
		}
		if name == "" {
			name = "init"
		}
		for _, id := range loaded.Policy.Assessments().IDs() {
			for _, lang := range Languages() {
				d, err := NewDossier(loaded, id, Of{Lang: lang, At: noon})
				if err != nil {
					t.Fatal(err)
				}
				d.State, d.Stops = "", false // of the approval, which is another matter
				for _, form := range []struct {
					ending string
					render func() ([]byte, error)
				}{{"md", d.Markdown}, {"html", d.HTML}} {
					text, err := form.render()
					if err != nil {
						t.Fatal(err)
					}
					if form.ending == "html" {
						readsAlone(t, text)
						continue
					}
					asShipped(t, name+"-"+id+"."+lang+"."+form.ending, approvalSection.ReplaceAll(text, []byte("$2")))
				}
			}
		}
	}
}

// asShipped compares a text with the file of it.
func asShipped(t *testing.T, name string, text []byte) {
	t.Helper()
	path := filepath.Join("testdata", "shipped", name)
	if *update {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want, err := os.ReadFile(path); err != nil || !bytes.Equal(want, text) {
		t.Errorf("%s: %v: it reads otherwise:\n%s", name, err, text)
	}
}

// readsAlone: a page needs nothing else, and says its language.
func readsAlone(t *testing.T, page []byte) {
	t.Helper()
	if regexp.MustCompile(`(?i)(src|href)=|url\(|@import|<script`).Match(page) ||
		!bytes.Contains(page, []byte(`<html lang="`)) {
		t.Errorf("the page needs something else:\n%.600s", page)
	}
	if strings.Contains(html.UnescapeString(string(page)), "<no value>") {
		t.Error("a value is missing")
	}
}
