package notice

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// said are the texts of one language, by where they stand: notices, the preference centre, and what becomes of a value.
func said(t *testing.T, lang string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for name, file := range map[string]string{
		"notice": lang + ".yaml", "centre": "../../proxy/visitor/words/" + lang + ".yaml",
	} {
		text, err := os.ReadFile(filepath.Clean(file))
		if err != nil {
			t.Fatal(err)
		}
		var tree any
		if err := yaml.Unmarshal(text, &tree); err != nil {
			t.Fatal(err)
		}
		flatten(all, name, tree)
	}
	for kind := range minimise.NumKinds {
		for key, words := range minimise.WordsOf(kind) {
			all["treatment."+kind.String()+"."+key] = words[lang]
		}
	}
	for _, title := range eventTitles() {
		all["event."+title.Names[0]] = title.In[lang]
	}
	return all
}

func flatten(all map[string]string, at string, tree any) {
	switch of := tree.(type) {
	case map[string]any:
		for key, value := range of {
			flatten(all, at+"."+key, value)
		}
	case []any:
		for i, value := range of {
			flatten(all, fmt.Sprintf("%s.%d", at, i), value)
		}
	default:
		all[at] = fmt.Sprint(of)
	}
}

var hole = regexp.MustCompile(`\{[a-z0-9_]*\}`)

// TestSameWords: each key in three languages, with the same holes, and about as long as in English.
func TestSameWords(t *testing.T) {
	t.Parallel()
	const long, ratio = 60, 1.5
	english := said(t, "en")
	for _, lang := range []string{"de", "fr"} {
		words := said(t, lang)
		for at, text := range english {
			other, there := words[at]
			if !there || strings.TrimSpace(other) == "" {
				t.Errorf("%s: %s is missing", lang, at)
				continue
			}
			here, elsewhere := hole.FindAllString(text, -1), hole.FindAllString(other, -1)
			slices.Sort(here)
			slices.Sort(elsewhere)
			if !slices.Equal(slices.Compact(here), slices.Compact(elsewhere)) {
				t.Errorf("%s: %s has the holes %v, want %v", lang, at, elsewhere, here)
			}
			a, b := float64(utf8.RuneCountInString(text)), float64(utf8.RuneCountInString(other))
			if a > long && max(a, b) > ratio*min(a, b) {
				t.Errorf("%s: %s has %.0f characters, and %.0f in English:\n%s\n%s", lang, at, b, a, text, other)
			}
		}
		for at := range words {
			if _, there := english[at]; !there {
				t.Errorf("en: %s is missing", at)
			}
		}
	}
}

// TestSigns: French has its spaces before signs and inside quotes, German and French their own quotes,
// no language three dots for an ellipsis.
func TestSigns(t *testing.T) {
	t.Parallel()
	for _, lang := range Languages() {
		for at, text := range said(t, lang) {
			if strings.HasPrefix(at, "centre.") {
				text = strings.ReplaceAll(text, "'", "’") // the typewriter's apostrophe is all that is left of it there
			}
			if fault := signFault(lang, text); fault != "" {
				t.Errorf("%s: %s: %s: %q", lang, at, fault, text)
			}
		}
	}
	for _, wrong := range [][2]string{
		{"fr", "Destinataires: nous"}, {"fr", "Destinataires : nous"}, {"fr", "ceci ; cela"}, {"fr", "vraiment?"},
		{"fr", "« oui »"},
		{"fr", "l'adresse"}, {"fr", `un "mot"`}, {"de", `ein "Wort"`}, {"de", "ein “Wort”"}, {"en", "and so on ..."},
		{"en", "this : that"},
	} {
		if signFault(wrong[0], wrong[1]) == "" {
			t.Errorf("%q passes in %s", wrong[1], wrong[0])
		}
	}
	for _, right := range [][2]string{
		{"fr", "Destinataires\u00a0: nous\u202f; «\u00a0oui\u00a0», https://shop.example l’adresse"},
		{"de", "ein „Wort“: ja; 12:30"},
		{"en", "“this”: that; it's (so) …"},
	} {
		if fault := signFault(right[0], right[1]); fault != "" {
			t.Errorf("%q: %s", right[1], fault)
		}
	}
}

// signFault says what is wrong with the signs of a text; "" where nothing is.
func signFault(lang, text string) string {
	const nbsp, narrow = '\u00a0', '\u202f'
	runes := []rune(text)
	if strings.Contains(text, "...") {
		return "three dots: … is right"
	}
	if lang != "en" && strings.ContainsRune(text, '"') || lang == "fr" && strings.ContainsRune(text, '\'') ||
		lang == "de" && strings.ContainsAny(text, "”«»") {
		return "quotes of another language"
	}
	for i, r := range runes {
		before, after := ' ', ' '
		if i > 0 {
			before = runes[i-1]
		}
		if i+1 < len(runes) {
			after = runes[i+1]
		}
		switch {
		case r == '«' && after != nbsp && after != narrow, r == '»' && before != nbsp && before != narrow:
			return "no space inside quotes"
		case !strings.ContainsRune(":;?!", r), r == ':' && after == '/', r == ':' && unicode.IsDigit(before) &&
			unicode.IsDigit(after):
		case lang == "fr" && r == ':' && before != nbsp && before != narrow && len(runes) > 1:
			return "no U+00A0 before the colon"
		case lang == "fr" && r != ':' && before != nbsp && before != narrow && i > 0:
			return "no U+202F before " + string(r)
		case lang != "fr" && before == ' ' && i > 0:
			return "a space before " + string(r)
		}
	}
	return ""
}

// TestNothingDisagrees: what becomes of a value stands beside kinds of data of either gender: in French it begins with
// a noun, or with what stands for any, never with a participle.
func TestNothingDisagrees(t *testing.T) {
	t.Parallel()
	nouns := []string{"transmission", "remplacement", "troncature", "arrondi", "retrait", "aucune", "uniquement"}
	for kind := range minimise.NumKinds {
		for key, words := range minimise.WordsOf(kind) {
			text := words["fr"]
			first, _, _ := strings.Cut(text, " ")
			goesOn := strings.IndexFunc(text, unicode.IsLetter) > 0 // behind another
			if !goesOn && !slices.Contains(nouns, first) {
				t.Errorf("%v.%s begins with %q, which may have to agree: %s", kind, key, first, text)
			}
		}
	}
}

// TestEventTitles: every name that the product gives an event has words, each name one meaning.
func TestEventTitles(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, title := range eventTitles() {
		for _, lang := range Languages() {
			if title.In[lang] == "" {
				t.Errorf("%v: nothing in %s", title.Names, lang)
			}
		}
		if len(title.In) != len(Languages()) {
			t.Errorf("%v: %d languages", title.Names, len(title.In))
		}
		for _, name := range title.Names {
			if known[name] {
				t.Errorf("%s stands there twice", name)
			}
			known[name] = true
		}
	}
	for _, f := range catalog.Builtins() {
		for _, name := range eventNames(f) {
			if !known[name] {
				t.Errorf("%s: event %s has no words: add it to events.yaml", f.ID, name)
			}
		}
	}
}

// eventNames are the names that a vendor's file gives events itself.
func eventNames(f *catalog.File) []string {
	var names []string
	add := func(rules []catalog.NameRule) {
		for _, r := range rules {
			if r.Is != "" {
				names = append(names, r.Is)
			}
			for _, name := range r.Map {
				names = append(names, name)
			}
		}
	}
	add(f.Event)
	for i := range f.Endpoints {
		add(f.Endpoints[i].Event)
	}
	return names
}
