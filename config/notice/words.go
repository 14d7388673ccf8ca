package notice

import (
	"bytes"
	"embed"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
	bcp47 "golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

//go:embed *.yaml *.html notice.md
var files embed.FS

// Languages are the languages that a notice can be written in.
func Languages() []string { return []string{"en", "de", "fr"} }

// words is what notices and reports say in one language (notice/<language>.yaml).
type words struct {
	Texts      map[string]string     `yaml:"texts"`
	Rights     []string              `yaml:"rights"`
	Bases      map[string]basisWords `yaml:"bases"`
	Safeguards map[string]string     `yaml:"safeguards"` // by the name that a transfer gives, in lower case
	Periods    map[string][2]string  `yaml:"periods"`    // one, and several
	Treatments map[string]string     `yaml:"treatments"`
	Classes    map[string]string     `yaml:"classes"`

	tag bcp47.Tag
}

// basisWords is what is said of a basis.
type basisWords struct {
	Name    string `yaml:"name"`
	Article string `yaml:"article"`
	Refuse  string `yaml:"refuse"` // what a visitor can do against it
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
	if text := w.Safeguards[strings.ToLower(strings.TrimSpace(name))]; text != "" {
		return text
	}
	return name
}

// period is a span of time in words, "" for none.
func (w *words) period(p basis.Period) string {
	var parts []string
	add := func(n int, unit string) {
		switch {
		case n == 1:
			parts = append(parts, "1 "+w.Periods[unit][0])
		case n != 0:
			parts = append(parts, strconv.Itoa(n)+" "+w.Periods[unit][1])
		}
	}
	add(p.Months, "month")
	add(p.Days, "day")
	add(int(p.Clock/time.Hour), "hour")
	add(int(p.Clock%time.Hour/time.Minute), "minute")
	return strings.Join(parts, " ")
}

// action says what is done to a value.
func (w *words) action(a *minimise.Action) string {
	s, kind := a.Spec(), a.Kind()
	say := func(key string, pairs ...string) string { return fill(w.Treatments[key], pairs...) }
	switch kind {
	case minimise.Pseudonymise:
		text := say("pseudonymise." + s.Pseudonymise.Rotate)
		if s.Pseudonymise.Bits > 0 {
			text += say("pseudonymise.shared")
		}
		return text
	case minimise.Truncate:
		c := &s.Truncate
		switch {
		case c.To != "":
			return say("truncate." + c.To)
		case c.Decimals != nil:
			return say("truncate.decimals", "n", strconv.Itoa(*c.Decimals))
		case c.Chars != nil:
			return say("truncate.chars", "n", strconv.Itoa(*c.Chars))
		}
		return say("truncate.address", "v4", orZero(c.V4), "v6", orZero(c.V6))
	case minimise.Generalise:
		return say("generalise." + s.Generalise)
	case minimise.URL:
		return w.address(&s.URL)
	case minimise.Only:
		return say("only", "values", strings.Join(s.Only, ", "))
	case minimise.Rare:
		return say("rare", "n", strconv.Itoa(s.Rare.K))
	case minimise.Replace:
		return say("replace", "value", s.Replace)
	default:
		return say(kind.String())
	}
}

// address says what is left of the address of a page.
func (w *words) address(s *minimise.URLSpec) string {
	key := "url"
	switch {
	case s.Path == "none":
		key = "url.none"
	case s.Path == "first":
		key = "url.first"
	case s.IDs == "keep":
		key = "url.ids"
	case s.IDs == "cut":
		key = "url.cut"
	}
	text := w.Treatments[key]
	if len(s.Query) > 0 {
		text += fill(w.Treatments["url.query"], "names", strings.Join(s.Query, ", "))
	} else {
		text += w.Treatments["url.noquery"]
	}
	if s.Fragment == "route" {
		text += w.Treatments["url.route"]
	}
	return text
}

// orZero writes a number; what is not said of an address is dropped, which is as good as no bit of it.
func orZero(n *int) string {
	if n == nil {
		return "0"
	}
	return strconv.Itoa(*n)
}

// ActionWords says in English what an action does to a value.
func ActionWords(a *minimise.Action) string {
	w, _ := wordsIn("en")
	return w.action(a)
}
