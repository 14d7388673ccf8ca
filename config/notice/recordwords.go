package notice

import (
	"bytes"
	"cmp"
	"embed"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

//go:embed record
var recordFiles embed.FS

// recordWords is what the record of processing says in one language (record/<language>.yaml), to controllers and
// authorities: in the third person, where the notice speaks to visitors.
type recordWords struct {
	Texts      map[string]string     `yaml:"texts"`
	Columns    map[string]string     `yaml:"columns"`
	Measures   map[string]string     `yaml:"measures"`   // by measureKeys
	Treatments map[string]string     `yaml:"treatments"` // by minimiser, where its own words are for visitors
	Subjects   map[string]string     `yaml:"subjects"`
	Validity   map[string]string     `yaml:"validity"`
	Bases      map[string]basisWords `yaml:"bases"`
	Safeguards map[string]string     `yaml:"safeguards"` // by [config.Safeguard.Key]
	Named      map[string]string     `yaml:"named"`      // safeguards, by the name that an assessment gives
	Classes    map[string]string     `yaml:"classes"`
	Own        map[string]ownWords   `yaml:"own"`
	Device     map[string]string     `yaml:"device"`
}

// everyRecord are the words of every language, read once.
var everyRecord = sync.OnceValue(func() map[string]*recordWords {
	all := map[string]*recordWords{}
	for _, lang := range Languages() {
		text, err := recordFiles.ReadFile("record/" + lang + ".yaml")
		w := new(recordWords)
		if err == nil {
			d := yaml.NewDecoder(bytes.NewReader(text))
			d.KnownFields(true)
			err = d.Decode(w)
		}
		if err != nil {
			panic("BUG: notice/record/" + lang + ".yaml: " + err.Error()) // a test reads it
		}
		all[lang] = w
	}
	return all
})

// recordWordsIn are the words of a language of [Languages]. They are never changed.
func recordWordsIn(lang string) *recordWords { return everyRecord()[lang] }

// ClassLabel is what a class of data is called in the record of processing, in a language of [Languages].
func ClassLabel(lang string, c hit.Class) string { return recordWordsIn(lang).Classes[c.String()] }

// DoneWords says what becomes of a value, as the record of processing does, in a language of [Languages].
func DoneWords(lang string, action *minimise.Action) string {
	return recordWordsIn(lang).done(lang, action)
}

// done says what becomes of a value: in the minimiser's words, unless those are for visitors.
func (w *recordWords) done(lang string, action *minimise.Action) string {
	return cmp.Or(w.Treatments[action.Kind().String()], action.Effect(lang))
}

// measureKeys name the measures in the words, in the order in which the record lists them.
var measureKeys = [minimise.NumMeasures]string{
	minimise.Unchanged:     "unchanged",
	minimise.Searched:      "searched",
	minimise.Pseudonymised: "pseudonymised",
	minimise.Hashed:        "hashed",
	minimise.Truncated:     "truncated",
	minimise.Generalised:   "generalised",
	minimise.Shared:        "shared",
	minimise.Listed:        "listed",
	minimise.Replaced:      "replaced",
}

// say fills a text.
func (w *recordWords) say(key string, pairs ...string) string { return fill(w.Texts[key], pairs...) }

// basis is what is said of a basis; explicit of a consent that was asked for exactly this.
func (w *recordWords) basis(b basis.Basis, explicit bool) basisWords {
	if explicit && b == basis.Consent {
		return w.Bases["explicit_consent"]
	}
	return w.Bases[b.String()]
}

// safeguard is what makes a transfer lawful, in words where it is known by a name.
func (w *recordWords) safeguard(name string) string {
	if known, ok := config.SafeguardCalled(name); ok {
		return w.Safeguards[known.Key]
	}
	return name
}

// named puts safeguards that an assessment names into words; one that has none stays as it is written.
func (w *recordWords) named(names []string) []string {
	all := make([]string, len(names))
	for i, name := range names {
		all[i] = cmp.Or(w.Named[name], joined(name))
	}
	return all
}

// subject is a category of people in the record's own words, where an assessment names it in English by one that is
// known, in the singular or in the plural; "" where it does not.
func (w *recordWords) subject(relationship basis.Text) string {
	said, _ := relationship.In("en")
	name := strings.ToLower(said)
	return cmp.Or(w.Subjects[name], w.Subjects[strings.TrimSuffix(name, "s")])
}
