package visitor

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestWords: every language says the same things, about the same {names}, and nothing that no page says.
func TestWords(t *testing.T) {
	names := regexp.MustCompile(`\{[a-z]+\}`)
	english := spoken()["en"]
	for _, lang := range Languages() {
		w := spoken()[lang]
		if !slices.Equal(slices.Sorted(maps.Keys(w.Texts)), slices.Sorted(maps.Keys(english.Texts))) || w.Name == "" {
			t.Errorf("%s: its keys are not those of English", lang)
		}
		for key, text := range w.Texts {
			if text == "" || strings.TrimSpace(text) != text && key != "colon" {
				t.Errorf("%s: %s says nothing, or begins or ends with a blank", lang, key)
			}
			a, b := names.FindAllString(text, -1), names.FindAllString(english.Texts[key], -1)
			if slices.Sort(a); !slices.Equal(a, slices.Sorted(slices.Values(b))) {
				t.Errorf("%s: %s fills in %v, English %v", lang, key, a, b)
			}
		}
	}
	unspaced := regexp.MustCompile("[^\u00a0\u202f][:;?!](\\s|$)|«[^\u00a0]|[^\u00a0]»")
	for key, text := range spoken()["fr"].Texts {
		if found := unspaced.FindString(text); found != "" {
			t.Errorf("fr: %s: a space that does not break stands in front of the mark in %q", key, found)
		}
	}
	for key, text := range english.Texts {
		for _, lang := range []string{"de", "fr"} {
			// What is short may take half as much again and a few letters.
			if said := spoken()[lang].Texts[key]; len([]rune(said)) > len([]rune(text))*3/2+16 {
				t.Errorf("%s: %s is much longer than in English: %q", lang, key, said)
			}
		}
	}
	said := used(t)
	for all := range whens(1 << UntilOptOut << 1) {
		said["do_"+all.key()] = true
	}
	for key := range english.Texts {
		whole, _ := strings.CutSuffix(strings.TrimSuffix(key, "_hint"), "_title")
		if !said[key] && !said[whole] {
			t.Errorf("%s is said nowhere", key)
		}
	}
}

// used are the keys that templates and code name: in quotes, and behind a prefix where that is made.
func used(t *testing.T) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := filepath.Glob("pages/*.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range slices.Concat(files, pages) {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`"([a-z_]+)"`).FindAllSubmatch(text, -1) {
			for _, prefix := range []string{"", "done_", "group_", "when_"} {
				all[prefix+string(m[1])] = true
			}
		}
	}
	return all
}

// TestSayNothing: a key that is not there is a bug, and found by the tests of pages.
func TestSayNothing(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("there is no panic")
		}
	}()
	spoken()["en"].Say("no such key")
}

func TestChooseLanguage(t *testing.T) {
	site := &Site{Languages: []Language{{Tag: "de"}, {Tag: "en"}, {Tag: "fr"}}}
	for _, c := range []struct{ asked, accepted, want string }{
		{"", "", "de"},
		{"fr", "en", "fr"},
		{"es", "en", "en"},
		{"", "en-GB,en;q=0.9,de;q=0.8", "en"},
		{"", "es, fr;q=0.3, en;q=0.7", "en"},
		{"", "fr-CA", "fr"},
		{"", "en;q=0, fr;q=0.1", "fr"},
		{"", "*", "de"},
		{"", "es", "de"},
		{"", "en;q=x", "de"},
		{"", "\x00\xff,,,;;q=", "de"},
		{"", strings.Repeat("en,", 200), "de"},
		{"../../etc", "en", "en"},
	} {
		if got := site.choose(c.asked, c.accepted).Tag; got != c.want {
			t.Errorf("%q, %q: %s, not %s", c.asked, c.accepted, got, c.want)
		}
	}
}

// TestFilesAreEmbedded: what lies in the folders is what the binary holds.
func TestFilesAreEmbedded(t *testing.T) {
	found := 0
	err := fs.WalkDir(pageFiles, ".", func(_ string, d fs.DirEntry, err error) error {
		if !d.IsDir() {
			found++
		}
		return err
	})
	if err != nil || found < 6 {
		t.Errorf("%d files, %v", found, err)
	}
}
