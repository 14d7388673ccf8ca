package assess

import (
	"bytes"
	"cmp"
	"embed"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
	bcp47 "golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"github.com/tagwarden/tagwarden/config/calendar"
	"github.com/tagwarden/tagwarden/rules/basis"
)

//go:embed words/*.yaml
var wordFiles embed.FS

// Languages are the languages that an assessment can be rendered in.
func Languages() []string { return calendar.Languages() }

// words is what rendered assessments say in one language (words/<language>.yaml).
type words struct {
	Texts      map[string]string `yaml:"texts"`
	Colon      string            `yaml:"colon"` // behind a label
	Validity   map[string]string `yaml:"validity"`
	Relations  map[string]string `yaml:"relations"` // by the one word that documents have
	Levels     map[string]string `yaml:"levels"`
	Presence   map[string]string `yaml:"presence"`
	Treatments map[string]string `yaml:"treatments"`
	Safeguards map[string]string `yaml:"safeguards"`
	Worth      map[string]string `yaml:"worth"`
	Exemptions map[string]string `yaml:"exemptions"`
	Events     map[string]string `yaml:"events"`
	Readers    map[string]string `yaml:"readers"` // by the regions that recipients are told apart for

	tag bcp47.Tag
}

// wordsIn reads the words of a language; false where there are none.
func wordsIn(lang string) (*words, bool) {
	if !slices.Contains(Languages(), lang) {
		return nil, false
	}
	text, err := wordFiles.ReadFile("words/" + lang + ".yaml")
	w := &words{tag: bcp47.MustParse(lang)}
	if err == nil {
		d := yaml.NewDecoder(bytes.NewReader(text))
		d.KnownFields(true)
		err = d.Decode(w)
	}
	if err != nil {
		panic("BUG: assess/words/" + lang + ".yaml: " + err.Error()) // a test reads it
	}
	return w, true
}

// say is a text with values in the place of {names}.
func (w *words) say(key string, pairs ...string) string {
	for i := 0; i+1 < len(pairs); i += 2 {
		pairs[i] = "{" + pairs[i] + "}"
	}
	return strings.NewReplacer(pairs...).Replace(w.Texts[key])
}

// day writes a day in words: 4 May 2027.
func (w *words) day(d basis.Day) string {
	if d.IsZero() {
		return ""
	}
	return calendar.Date(w.tag.String(), d.String())
}

// date writes the day of a time, in UTC.
func (w *words) date(at time.Time) string { return calendar.Day(w.tag.String(), at) }

// period is a span of time in words, "" for none.
func (w *words) period(p basis.Period) string { return calendar.Period(w.tag.String(), p) }

// country is the name of a country.
func (w *words) country(code string) string {
	if code == "UK" {
		code = "GB"
	}
	region, err := bcp47.ParseRegion(code)
	if err != nil {
		return code
	}
	return cmp.Or(display.Regions(w.tag).Name(region), code)
}

// tongue is the name of a language.
func (w *words) tongue(lang string) string {
	tag, err := bcp47.Parse(lang)
	if err != nil {
		return lang
	}
	return cmp.Or(display.Languages(w.tag).Name(tag), lang)
}

// named is what a table calls something, or the name that it has in the files.
func named(table map[string]string, name string) string { return cmp.Or(table[name], name) }

// events are names of events in words, and beginnings of names.
func (w *words) events(names []string) string {
	said := make([]string, len(names))
	for i, name := range names {
		said[i] = named(w.Events, name)
		if beginning, begins := strings.CutSuffix(name, "*"); begins {
			said[i] = w.say("activity_event_beginning", "text", beginning)
		}
	}
	return strings.Join(said, ", ")
}
