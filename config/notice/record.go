package notice

import (
	"cmp"
	"slices"
	"time"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/rules/catalog"
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
	Unstated   []string   `json:"unstated"` // what the law asks for and the files do not say, each with its place

	words *words
	said  *recordWords
}

// Entry is one activity.
type Entry struct {
	ID         string            `json:"id"`
	InForce    bool              `json:"in_force"`
	State      string            `json:"state"`         // in words
	Own        bool              `json:"own,omitempty"` // what the server itself does
	Purposes   []Purpose         `json:"purposes"`
	Subjects   []string          `json:"data_subjects"`
	Data       []RecordData      `json:"data"`
	Described  []string          `json:"data_described,omitempty"` // data of what the server itself does
	Recipient  Recipient         `json:"recipient,omitzero"`
	Recipients []string          `json:"recipient_details"` // in words
	Transfer   string            `json:"transfer"`
	Retention  []string          `json:"erasure"`
	Measures   []RecordMeasure   `json:"measures"`
	Basis      string            `json:"basis,omitempty"` // as policies name it
	BasisName  string            `json:"basis_name,omitempty"`
	Article    string            `json:"article,omitempty"`
	Laws       []string          `json:"laws,omitempty"` // bases of what the server itself does
	Reference  string            `json:"reference,omitempty"`
	Assessment *RecordAssessment `json:"assessment,omitempty"`
	Scope      []string          `json:"scope"`
	Promises   []Promise         `json:"promises,omitempty"` // that are published, and may be about it
}

// RecordData is a class of data, and what is done to it before it is passed on.
type RecordData struct {
	Class   string `json:"class"`
	Field   string `json:"field,omitempty"` // the vendor's name, where one field is treated in a way of its own
	Label   string `json:"label"`
	Measure string `json:"measure"` // key of the words: unchanged, searched, pseudonymised ...
	Done    string `json:"done"`    // in words
}

// RecordMeasure is a security measure (Art. 32(1)): what it is, and the classes of data that it
// is about, if it is about certain ones.
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

// RecordOf says which record is wanted.
type RecordOf struct {
	Lang     string
	At       time.Time            // as things stand then
	Changed  time.Time            // when the files were changed last; zero where nobody knows
	Approved map[string]time.Time // by assessment: when its version was approved, where that is kept
}

// Art30 makes the record of processing: an entry for each activity, and one for what the server itself does.
func Art30(l *config.Loaded, of RecordOf) (*Record, error) {
	b, err := newRecordBuilder(l, of)
	if err != nil {
		return nil, err
	}
	r := &Record{
		Lang: of.Lang, At: day(of.At), Policy: l.Policy.Digest(), Controller: controllerOf(&l.Server.Controller),
		Joint: []string{}, Unstated: []string{}, words: b.words, said: b.said,
	}
	if !of.Changed.IsZero() {
		r.Changed = day(of.Changed)
	}
	for i, a := range l.Policy.Activities() {
		e := b.entry(a, &l.Activities[i])
		if e.Recipient.Role == catalog.RoleJoint && !slices.Contains(r.Joint, e.Recipient.Legal) {
			r.Joint = append(r.Joint, e.Recipient.Legal)
		}
		r.Entries = append(r.Entries, e)
	}
	r.Entries = append(r.Entries, b.own())
	for _, fault := range l.Lacks(func(m config.Missing) bool { return m.Of != config.ToldAlone }) {
		r.Unstated = append(r.Unstated, fault.Error())
	}
	return r, nil
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// Complete tells whether all that the law asks for is stated.
func (r *Record) Complete() bool { return len(r.Unstated) == 0 }

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
func (r *Record) Title(e *Entry) string {
	if e.Own {
		return r.said.Texts["own_title"]
	}
	titles := make([]string, len(e.Purposes))
	for i, p := range e.Purposes {
		titles[i] = p.Title.Text
	}
	to := e.Recipient.Short()
	if e.Recipient.Own {
		to = e.Recipient.Name
	}
	return cmp.Or(r.words.semicolons(titles), e.ID) + r.said.Texts["colon"] + to
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
