package assess

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"slices"
	"strings"
	texttemplate "text/template"
	"time"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules/basis"
)

// Dossier is an assessment with everything that an auditor asks of it, in the words of one language: sections of rows,
// or of a table.
type Dossier struct {
	Lang     string
	Kind     string // what sort of document it is
	Title    Value
	State    string // of its approval
	Stops    bool   // what rests on it does not take place
	AsOf     string
	Colon    string // behind a label
	Sections []Section
}

// Section is a part of a dossier: rows, or a table with a line above it or below.
type Section struct {
	Title string
	Rows  []Row
	Head  []string // of a table's columns
	Lines [][]Value
	Below string
}

// Row is a question and its answer; an answer may be several.
type Row struct {
	Name   string
	Values []Value
}

// Value is a text, and the language that it is in where that is another than the dossier's.
type Value struct{ Text, Lang string }

// Of says which dossier is wanted.
type Of struct {
	Lang string // one of [Languages]; "" is English
	At   time.Time
}

// NewDossier gathers what there is to say of an assessment as it stands in the policy.
func NewDossier(l *config.Loaded, id string, of Of) (*Dossier, error) {
	a, ok := l.Assessments[id]
	if !ok {
		return nil, fmt.Errorf("there is no assessment %q%s", id, strict.Suggestion(id, l.Draft.Assessments.IDs()))
	}
	d, err := newDossier(l, of)
	if err != nil {
		return nil, err
	}
	validity := l.Draft.Assessments.Validity(id, of.At)
	d.a, d.around, d.digest, d.rests = a.Document, l.Surroundings(), a.Digest, l.Resting(id)
	kept, err := ReadVersion(l, id, a.Document.Version)
	if err != nil && !errors.Is(err, ErrNoVersion) {
		return nil, err
	}
	if kept != nil && !kept.same(a) {
		kept = nil // approved with this number, and with another meaning
	}
	d.State, d.Stops = d.words.Validity[validity.String()], validity != basis.Valid
	return d.write(basis.SignedBy(a.Document.Approval), kept)
}

// DossierOf gathers what there is to say of a version that was approved once.
func DossierOf(l *config.Loaded, v *Version, of Of) (*Dossier, error) {
	d, err := newDossier(l, of)
	if err != nil {
		return nil, err
	}
	d.a, d.around, d.digest, d.old, d.Stops = v.Document, v.Around, v.Digest, true, true
	state := "was_edited"
	switch {
	case v.Verified && l.Past.Void(v.Document.ID, v.Document.Version):
		state = "void"
	case v.Verified && v.Known:
		state = "was_known"
	case v.Verified:
		state = "was_unknown"
	}
	d.State = d.words.say(state)
	return d.write(v.By, v)
}

// dossier is a dossier that is being written.
type dossier struct {
	Dossier
	l      *config.Loaded
	words  *words
	at     time.Time
	a      *basis.Assessment
	around basis.Surroundings
	digest basis.Digest
	rests  []*config.Activity // that rest on it
	old    bool               // a version of the history: activities and profiles of its time are not known
}

func newDossier(l *config.Loaded, of Of) (*dossier, error) {
	if of.Lang == "" {
		of.Lang = "en"
	}
	w, ok := wordsIn(of.Lang)
	if !ok {
		return nil, fmt.Errorf("an assessment cannot be rendered in %q%s", strict.Shortened(of.Lang),
			strict.Suggestion(of.Lang, Languages()))
	}
	return &dossier{l: l, words: w, at: of.At, Dossier: Dossier{Lang: of.Lang, Colon: w.Colon}}, nil
}

// write writes the sections in the order in which a meeting goes through them.
func (d *dossier) write(by string, kept *Version) (*Dossier, error) {
	d.Kind, d.Title = d.words.say("kind"), d.said(d.a.Title)
	d.AsOf = d.words.say("as_of", "day", d.words.date(d.at))
	d.document()
	d.conclusion()
	d.steps()
	d.effects()
	d.data()
	d.safeguards()
	d.further()
	d.surroundings()
	d.approval(by, kept)
	return &d.Dossier, d.history()
}

// section adds a section of rows; rows without an answer are left out.
func (d *dossier) section(title string, rows ...Row) {
	for i := range rows {
		rows[i].Values = slices.DeleteFunc(rows[i].Values, func(v Value) bool { return v.Text == "" })
	}
	rows = slices.DeleteFunc(rows, func(r Row) bool { return len(r.Values) == 0 })
	if len(rows) > 0 {
		d.Sections = append(d.Sections, Section{Title: d.words.say(title), Rows: rows})
	}
}

// row names a row by a key of the words.
func (d *dossier) row(name string, values ...Value) Row { return Row{d.words.say(name), values} }

// said is a text of the assessment in the dossier's language. Where it is in another, that is marked.
func (d *dossier) said(t basis.Text) Value {
	text, in := t.In(d.Lang)
	if in == "" || in == d.Lang || strings.HasPrefix(in, d.Lang+"-") {
		return Value{Text: text}
	}
	return Value{text + " " + d.words.say("only_in", "language", d.words.tongue(in)), in}
}

func plain(texts ...string) []Value {
	var all []Value
	for _, text := range texts {
		all = append(all, one(text))
	}
	return all
}

func one(text string) Value {
	said, _ := basis.Text{"": text}.In("")
	return Value{Text: said}
}

//go:embed dossier.html
var dossierHTML string

//go:embed dossier.md
var dossierMarkdown string

var (
	htmlDossier     = htmltemplate.Must(htmltemplate.New("html").Parse(dossierHTML))
	markdownDossier = texttemplate.Must(texttemplate.New("md").Funcs(texttemplate.FuncMap{"plain": markdownText}).
			Parse(dossierMarkdown))
)

// HTML renders the dossier as one page that needs nothing else, reads well on a phone, and prints well.
func (d *Dossier) HTML() ([]byte, error) {
	var out bytes.Buffer
	err := htmlDossier.Execute(&out, d)
	return out.Bytes(), err
}

// Markdown renders the dossier as Markdown.
func (d *Dossier) Markdown() ([]byte, error) {
	var out bytes.Buffer
	err := markdownDossier.Execute(&out, d)
	return out.Bytes(), err
}

var markdownEscapes = strings.NewReplacer(`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`,
	"<", "&lt;", ">", "&gt;", "#", `\#`, "|", `\|`)

// markdownText is a text of a document in Markdown, where nothing in it has another meaning.
func markdownText(text string) string { return markdownEscapes.Replace(one(text).Text) }
