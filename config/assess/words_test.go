package assess

import (
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/notice"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// TestWords: each language says all that there is to say, by the same keys, fills in the same values,
// and takes about as much room as English.
func TestWords(t *testing.T) {
	t.Parallel()
	english, _ := wordsIn("en")
	value := regexp.MustCompile(`\{[a-z]+\}`)
	for _, lang := range Languages() {
		w, ok := wordsIn(lang)
		if !ok {
			t.Fatalf("%s: %v", lang, w)
		}
		of, base := reflect.ValueOf(*w), reflect.ValueOf(*english)
		var said, inEnglish int
		for i := range of.NumField() {
			if !of.Type().Field(i).IsExported() {
				continue
			}
			table, is := reflect.TypeAssert[map[string]string](of.Field(i))
			if !is {
				continue
			}
			name, want := of.Type().Field(i).Name, base.Field(i).Interface().(map[string]string)
			if !slices.Equal(slices.Sorted(maps.Keys(table)), slices.Sorted(maps.Keys(want))) {
				t.Errorf("%s: %s has other keys than English", lang, name)
			}
			for key, text := range table {
				values := slices.Sorted(slices.Values(value.FindAllString(text, -1)))
				if text == "" || !slices.Equal(values, slices.Sorted(slices.Values(value.FindAllString(want[key], -1)))) {
					t.Errorf("%s: %s.%s: %q fills in other values than %q", lang, name, key, text, want[key])
				}
				said, inEnglish = said+len([]rune(text)), inEnglish+len([]rune(want[key]))
			}
		}
		if 2*said > 3*inEnglish {
			t.Errorf("%s takes %d characters, English %d", lang, said, inEnglish)
		}
		for v := basis.Unapproved; v <= basis.Valid; v++ {
			has(t, lang, "validity", w.Validity, v.String())
		}
		for _, name := range config.SafeguardNames() {
			if name != config.LimitedRetention { // which says its number
				has(t, lang, "safeguard", w.Safeguards, name)
			}
		}
		for worth := config.AssuredUnknown; worth <= config.AssuredHeld; worth++ {
			has(t, lang, "worth", w.Worth, worth.String())
		}
		for kind := range minimise.NumKinds {
			has(t, lang, "treatment", w.Treatments, kind.String())
		}
		for class := hit.Unknown + 1; class < hit.NumClasses; class++ {
			if notice.ClassLabel(lang, class) == "" {
				t.Errorf("%s: class %v has no words", lang, class)
			}
		}
	}
	if _, ok := wordsIn("la"); ok {
		t.Error("there are words in Latin")
	}
}

func has(t *testing.T, lang, what string, table map[string]string, name string) {
	t.Helper()
	if table[name] == "" {
		t.Errorf("%s: no word for %s %s", lang, what, name)
	}
}

// TestFrenchSigns: in French a space that does not break stands before a sign of two parts, and inside quotes.
func TestFrenchSigns(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/shipped/*.fr.md")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	wrong := regexp.MustCompile(
		`[^\x{00a0}\x{202f}\s|-][;?!»]( |$)|[^\x{00a0}\x{202f}\s|-]:( |$)| [:;?!»]( |$)|«[^\x{00a0}\x{202f}]`)
	for _, name := range append(files, "words/fr.yaml") {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for n, line := range strings.Split(string(text), "\n") {
			if strings.HasSuffix(name, ".yaml") { // what stands behind the key
				if strings.HasPrefix(line, "#") || strings.Contains(line, ": {") || strings.Contains(line, ": [") {
					continue
				}
				_, line, _ = strings.Cut(line, ":")
			}
			if found := wrong.FindString(line); found != "" {
				t.Errorf("%s:%d: %q", name, n+1, found)
			}
		}
	}
}

func TestVague(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "says nothing", "n/a": "says nothing", "None needed.": "says nothing", "Not applicable": "says nothing",
		"There are no alternatives!": "says nothing", "Es gibt keine Alternativen.": "says nothing",
		"Il n'y a pas d'alternative.": "says nothing", "necessary": hardly, "because we must": hardly,
		"yes yes yes yes yes": hardly, "TODO: ask legal what to write": "holds a placeholder",
		"The officer said <what the officer said>":     "holds a placeholder",
		"Wird noch ergänzt, siehe später":              "holds a placeholder",
		"Motif à compléter par le service":             "holds a placeholder",
		"We looked at ... and others":                  "holds a placeholder",
		"No cookie is set and nothing stored is read.": "", "Nobody was asked for consent.": "",
		"Ein Zähler ohne Nummer zeigt das nicht.": "", "Aucun cookie n'est déposé à cette fin.": "",
	} {
		if got := vague(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
