package cnil

import (
	"bytes"
	"embed"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/tagwarden/tagwarden/config/calendar"
	"github.com/tagwarden/tagwarden/config/notice"
	"github.com/tagwarden/tagwarden/rules/hit"
)

//go:embed words
var files embed.FS

// words is what the report says in one language (words/<language>.yaml).
type words struct {
	Texts   map[string]string    `yaml:"texts"`
	States  map[string]string    `yaml:"states"`
	Lines   map[string]lineWords `yaml:"lines"`
	Reasons map[string]string    `yaml:"reasons"`

	lang string
}

// lineWords is what is said of a line.
type lineWords struct {
	Title string `yaml:"title"`
	Asks  string `yaml:"asks"`
	Look  string `yaml:"look"` // what somebody has to look up; "" where the policy shows all
}

func wordsIn(lang string) *words {
	text, err := files.ReadFile("words/" + lang + ".yaml")
	w := &words{lang: lang}
	if err == nil {
		d := yaml.NewDecoder(bytes.NewReader(text))
		d.KnownFields(true)
		err = d.Decode(w)
	}
	if err != nil {
		panic("BUG: cnil/words/" + lang + ".yaml: " + err.Error()) // a test reads it
	}
	return w
}

// fill puts values in the place of {names}.
func fill(text string, pairs ...string) string {
	for i := 0; i+1 < len(pairs); i += 2 {
		pairs[i] = "{" + pairs[i] + "}"
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// say fills a text.
func (w *words) say(key string, pairs ...string) string { return fill(w.Texts[key], pairs...) }

// reason fills what the policy shows.
func (w *words) reason(key string, pairs ...string) string { return fill(w.Reasons[key], pairs...) }

// state says how a line stands, and who answers for it.
func (w *words) state(l *Line) string {
	text := w.States[l.State]
	if a := l.Attestation; a != nil {
		text = fill(text, "by", a.By, "on", w.date(a.On), "until", w.date(a.Until))
	}
	return text
}

// class is a class in words, with its code: "browser identifier (client_id)".
func (w *words) class(c hit.Class) string {
	return notice.ClassLabel(w.lang, c) + " (" + c.String() + ")"
}

func (w *words) list(all []string) string { return strings.Join(all, w.Texts["comma"]) }

// date writes a day, 2026-11-24, as people of the language do.
func (w *words) date(day string) string { return calendar.Date(w.lang, day) }
