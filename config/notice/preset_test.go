package notice

import (
	"cmp"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/internal/sample"
)

// TestPresetNotices holds the notices of what `init` makes, each as people would publish it, to be read.
func TestPresetNotices(t *testing.T) {
	t.Parallel()
	for _, name := range append(config.Examples(), "") {
		loaded := sample.Preset(t, name)
		for _, lang := range Languages() {
			n, _ := noticeOf(t, loaded, "", lang)
			for _, format := range []string{"md", "html"} {
				text := rendered(t, n, format)
				golden(t, "testdata/presets/"+cmp.Or(name, "init")+"."+lang+"."+format, []byte(text))
				if got := differences(t, text, n); got != "" {
					t.Errorf("%s, %s: it is no longer true as soon as it is published: %s", name, lang, got)
				}
			}
			if len(n.Activities) == 0 || strings.Contains(rendered(t, n, "md"), "{") &&
				!strings.HasPrefix(rendered(t, n, "md"), beginMark) {
				t.Errorf("%s, %s: it says nothing, or a word is not filled in", name, lang)
			}
		}
	}
}

// TestFrenchApostrophes: what presets say in French has the apostrophe that the page around it has.
func TestFrenchApostrophes(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob("testdata/presets/*.fr.md")
	if err != nil || len(pages) == 0 {
		t.Fatal(pages, err)
	}
	straight := regexp.MustCompile(`\pL'\pL+`)
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range straight.FindAllString(string(text), -1) {
			if found != "l'Exemple" { // the name of a street, as the server file has it
				t.Errorf("%s: %s", page, found)
			}
		}
	}
}
