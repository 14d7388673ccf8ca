package visitor

import (
	"bytes"
	"embed"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
	bcp47 "golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"github.com/tagwarden/tagwarden/config/calendar"
)

//go:embed words
var wordFiles embed.FS

// Languages are the languages that the pages can speak.
func Languages() []string { return calendar.Languages() }

// words is what the pages say in one language (words/<language>.yaml).
type words struct {
	Name  string            `yaml:"name"` // of the language, in itself
	Texts map[string]string `yaml:"texts"`

	tag bcp47.Tag
}

// spoken are the words of every language, read when they are first asked for.
var spoken = sync.OnceValue(readWords)

func readWords() map[string]*words {
	all := map[string]*words{}
	for _, lang := range Languages() {
		text, err := wordFiles.ReadFile("words/" + lang + ".yaml")
		w := &words{tag: bcp47.MustParse(lang)}
		if err == nil {
			d := yaml.NewDecoder(bytes.NewReader(text))
			d.KnownFields(true)
			err = d.Decode(w)
		}
		if err != nil {
			panic("BUG: words/" + lang + ".yaml: " + err.Error()) // a test reads it
		}
		all[lang] = w
	}
	return all
}

// wordsIn returns the words of a language, English where there are none.
func wordsIn(lang string) *words {
	if w := spoken()[lang]; w != nil {
		return w
	}
	return spoken()["en"]
}

// Say returns a text, with values in the place of {names}.
func (w *words) Say(key string, pairs ...string) string {
	text, ok := w.Texts[key]
	if !ok {
		panic("BUG: there are no words for " + key)
	}
	if len(pairs) == 0 {
		return text
	}
	replaced := make([]string, len(pairs))
	for i, p := range pairs {
		if replaced[i] = p; i%2 == 0 {
			replaced[i] = "{" + p + "}"
		}
	}
	return strings.NewReplacer(replaced...).Replace(text)
}

// Only says in which language alone a text is to be had.
func (w *words) Only(lang string) string {
	name := lang
	if tag, err := bcp47.Parse(lang); err == nil {
		if n := display.Languages(w.tag).Name(tag); n != "" {
			name = n
		}
	}
	return w.Say("only_in", "language", name)
}

// longestAccepted bounds how much of Accept-Language is read.
const longestAccepted = 256

// choose picks one of the site's languages: the one that was asked for, else the first that the
// browser accepts, else the site's own.
func (s *Site) choose(asked, accepted string) *Language {
	if l := s.language(asked); l != nil {
		return l
	}
	if len(accepted) <= longestAccepted {
		tags, _, err := bcp47.ParseAcceptLanguage(accepted) // the most wanted first
		for i := 0; err == nil && i < len(tags); i++ {
			base, _ := tags[i].Base()
			if l := s.language(base.String()); l != nil {
				return l
			}
		}
	}
	return &s.Languages[0]
}
