package notice

import (
	"bytes"
	"embed"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	bcp47 "golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/calendar"
	"github.com/tagwarden/tagwarden/rules/basis"
)

//go:embed *.yaml *.html *.css notice.md
var files embed.FS

// Languages are the languages that a notice can be written in.
func Languages() []string { return calendar.Languages() }

// words is what notices and reports say in one language (notice/<language>.yaml).
type words struct {
	Name       string                `yaml:"name"` // of the language, in itself
	Texts      map[string]string     `yaml:"texts"`
	Rights     []string              `yaml:"rights"`
	Bases      map[string]basisWords `yaml:"bases"`
	Safeguards map[string]string     `yaml:"safeguards"` // by [config.Safeguard.Key]
	Classes    map[string]string     `yaml:"classes"`
	Recipients map[string]string     `yaml:"recipients"` // who receives, in which role, for whom, and where one complains

	Device     map[string]string   `yaml:"device"`
	Decision   map[string]string   `yaml:"decision"`
	Own        map[string]ownWords `yaml:"own"`
	OwnTexts   map[string]string   `yaml:"own_texts"`
	Collection map[string]string   `yaml:"collection"`

	tag bcp47.Tag
}

// basisWords is what is said of a basis.
type basisWords struct {
	Name    string `yaml:"name"`
	Article string `yaml:"article"`
	Refuse  string `yaml:"refuse"` // what a visitor can do against it
}

// basis is what is said of a basis; explicit of a consent that was asked for exactly this.
func (w *words) basis(b basis.Basis, explicit bool) basisWords {
	if explicit && b == basis.Consent {
		return w.Bases["explicit_consent"]
	}
	return w.Bases[b.String()]
}

// wordsIn reads the words of a language; false where there are none.
func wordsIn(lang string) (*words, bool) {
	if !slices.Contains(Languages(), lang) {
		return nil, false
	}
	text, err := files.ReadFile(lang + ".yaml")
	w := &words{tag: bcp47.MustParse(lang)}
	if err == nil {
		d := yaml.NewDecoder(bytes.NewReader(text))
		d.KnownFields(true)
		err = d.Decode(w)
	}
	if err != nil {
		panic("BUG: notice/" + lang + ".yaml: " + err.Error()) // a test reads it
	}
	return w, true
}

// fill puts values in the place of {names}.
func fill(text string, pairs ...string) string {
	for i := 0; i+1 < len(pairs); i += 2 {
		pairs[i] = "{" + pairs[i] + "}"
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// country is the name of a country, or of a region as policies write it.
func (w *words) country(code string) string {
	if code == "UK" {
		code = "GB"
	}
	country, part, divided := strings.Cut(code, "-")
	region, err := bcp47.ParseRegion(country)
	if err != nil || country == "EEA" {
		return code
	}
	name := display.Regions(w.tag).Name(region)
	if name == "" {
		return code
	}
	if divided {
		return name + " (" + part + ")"
	}
	return name
}

// tongue is the name of a language.
func (w *words) tongue(lang string) string {
	tag, err := bcp47.Parse(lang)
	if err != nil {
		return lang
	}
	if name := display.Languages(w.tag).Name(tag); name != "" {
		return name
	}
	return lang
}

// safeguard is what makes a transfer lawful, in words where it is known by a name.
func (w *words) safeguard(name string) string {
	if known, ok := config.SafeguardCalled(name); ok {
		return w.Safeguards[known.Key]
	}
	return name
}

// day is a day in words, from 2026-11-28.
func (w *words) day(date string) string { return calendar.Date(w.tag.String(), date) }

// semicolons joins what has commas in it, as the language writes that.
func (w *words) semicolons(all []string) string { return strings.Join(all, w.Texts["semicolon"]+" ") }

// joinList joins what is listed in a line.
func joinList(all []string) string { return strings.Join(all, ", ") }

// period is a span of time in words, "" for none.
func (w *words) period(p basis.Period) string { return calendar.Period(w.tag.String(), p) }
