package notice

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/strict"
)

// Record is the record of processing (GDPR Art. 30(1)): an entry for each activity, whether it takes place now or not.
// Its JSON is fixed: members may be added, none taken away.
type Record struct {
	Lang       string     `json:"lang"`
	At         string     `json:"as_of"`             // day
	Changed    string     `json:"changed,omitempty"` // day of the last change of the files, as far as known
	Policy     string     `json:"policy"`            // digest
	Controller Controller `json:"controller"`
	Joint      []string   `json:"joint_controllers"` // who determines purposes and means together with the controller
	Entries    []Entry    `json:"activities"`
	Unstated   []Unstated `json:"unstated"` // what the law asks for and the files do not say

	words *recordWords
}

// Entry is one activity.
type Entry struct {
	ID         string            `json:"id"`
	InForce    bool              `json:"in_force"`
	State      string            `json:"state"` // in words
	Purposes   []Purpose         `json:"purposes"`
	Subjects   []string          `json:"data_subjects"`
	Data       []RecordData      `json:"data"`
	Recipient  Recipient         `json:"recipient"`
	Recipients []string          `json:"recipient_details"` // in words
	Transfer   string            `json:"transfer"`
	Retention  []string          `json:"erasure"`
	Measures   []RecordMeasure   `json:"measures"`
	Basis      string            `json:"basis"` // as policies name it
	BasisName  string            `json:"basis_name"`
	Article    string            `json:"article"`
	Reference  string            `json:"reference,omitempty"`
	Assessment *RecordAssessment `json:"assessment,omitempty"`
	Scope      []string          `json:"scope"`
}

// RecordData is a class of data, and what is done to it before it is passed on.
type RecordData struct {
	Class   string `json:"class"`
	Field   string `json:"field,omitempty"` // the vendor's name, where one field is treated in a way of its own
	Label   string `json:"label"`
	Measure string `json:"measure"` // key of the words: unchanged, searched, pseudonymised ...
	Done    string `json:"done"`    // in words
}

// RecordMeasure is a security measure (Art. 32(1)): what it is, and the classes of data that it is about, if it is about
// certain ones.
type RecordMeasure struct {
	Name string   `json:"name"`
	Of   []string `json:"of,omitempty"`
}

// RecordAssessment is the assessment that an activity rests on.
type RecordAssessment struct {
	ID       string `json:"id"`
	Title    string `json:"title"`
	Version  int    `json:"version"`
	State    string `json:"state"`
	ReviewBy string `json:"review_by"`
	Approved string `json:"approved,omitempty"` // by whom, and when where that is kept
}

// Unstated is something that Art. 30(1) asks for and the files do not say, with the key that would say it.
type Unstated struct {
	Activity string `json:"activity,omitempty"`
	What     string `json:"what"` // heading of the record
	Write    string `json:"write"`
}

// RecordOf says which record is wanted.
type RecordOf struct {
	Lang     string
	At       time.Time            // as things stand then
	Changed  time.Time            // when the files were changed last; zero where nobody knows
	Approved map[string]time.Time // by assessment: when its version was approved, where that is kept
}

// Art30 makes the record of processing.
func Art30(l *config.Loaded, of RecordOf) (*Record, error) {
	w, ok := wordsIn(of.Lang)
	if !ok {
		return nil, fmt.Errorf("there is no record in %q%s", strict.Shortened(of.Lang), strict.Suggestion(of.Lang, Languages()))
	}
	words := recordWordsIn(of.Lang)
	b := &recordBuilder{
		builder: builder{loaded: l, words: w, lang: of.Lang, sites: l.Policy.Sites(), at: of.At},
		said:    words, approved: of.Approved,
	}
	r := &Record{
		Lang: of.Lang, At: day(of.At), Policy: l.Policy.Digest(), Controller: Controller(l.Server.Controller),
		Joint: []string{}, Unstated: []Unstated{}, words: words,
	}
	if !of.Changed.IsZero() {
		r.Changed = day(of.Changed)
	}
	for i, a := range l.Policy.Activities() {
		r.Entries = append(r.Entries, b.entry(a, &l.Activities[i]))
	}
	r.Unstated = append(r.Unstated, b.unstated...)
	return r, nil
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// Complete tells whether all that the law asks for is stated.
func (r *Record) Complete() bool { return len(r.Unstated) == 0 }

// String writes what is missing: "activity X: time limits for erasure (f): write retention: 14 months ...".
func (u Unstated) String() string {
	what := u.What + ": " + u.Write
	if u.Activity == "" {
		return what
	}
	return "activity " + u.Activity + ": " + what
}

// Stopped counts the entries that do not take place.
func (r *Record) Stopped() int {
	n := 0
	for i := range r.Entries {
		if !r.Entries[i].InForce {
			n++
		}
	}
	return n
}

// Title is the heading of an entry: its purposes, and who receives.
func (e *Entry) Title() string {
	titles := make([]string, len(e.Purposes))
	for i, p := range e.Purposes {
		titles[i] = p.Title.Text
	}
	return cmp.Or(strings.Join(titles, "; "), e.ID)
}

// labels lists the labels of classes by what is done to them, in the order of the measures.
func (e *Entry) labels(measure string) []string {
	var all []string
	for _, d := range e.Data {
		if d.Measure == measure && !slices.Contains(all, d.named()) {
			all = append(all, d.named())
		}
	}
	return all
}

// named is the label with the class's code: "browser identifier (client_id)".
func (d *RecordData) named() string { return d.Label + " (" + d.code() + ")" }

// code is the class as policies write it, or the vendor's field: "client_id".
func (d *RecordData) code() string { return cmp.Or(d.Field, d.Class) }
