package notice

import (
	"bytes"
	"html/template"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// Record is the record of processing (GDPR Art. 30(1)): a line for each activity, whether it takes place now or not.
type Record struct {
	Controller config.Controller
	Policy     string // digest
	At         time.Time
	Lines      []RecordLine
}

// RecordLine is one activity. Lists are joined by "; ".
type RecordLine struct {
	Activity   string
	State      string // in force, or why not
	Purposes   string
	Subjects   string // categories of data subjects
	Data       string // categories of data, with what is done to each
	Recipient  string
	Transfers  string
	Retention  string
	Measures   string // technical and organisational security measures, Art. 32(1)
	Basis      string
	Assessment string // id, version, state, review
	Scope      string // sites, regions, events
}

// recordColumns are the columns in the order of Art. 30(1), with what is in them.
var recordColumns = []struct {
	name string
	of   func(r *Record, l *RecordLine) string
}{
	{"activity", func(_ *Record, l *RecordLine) string { return l.Activity }},
	{"state", func(_ *Record, l *RecordLine) string { return l.State }},
	{"controller (a)", func(r *Record, _ *RecordLine) string { return list(r.Controller.Name, r.Controller.Address) }},
	{"contact (a)", func(r *Record, _ *RecordLine) string { return r.Controller.Contact }},
	{"data protection officer (a)", func(r *Record, _ *RecordLine) string { return r.Controller.DPO }},
	{"representatives (a)", func(r *Record, _ *RecordLine) string {
		of := controllerOf(&r.Controller)
		return list(behind("EU: ", of.Representative.String()), behind("UK: ", of.UKRepresentative.String()))
	}},
	{"purposes (b)", func(_ *Record, l *RecordLine) string { return l.Purposes }},
	{"data subjects (c)", func(_ *Record, l *RecordLine) string { return l.Subjects }},
	{"data (c)", func(_ *Record, l *RecordLine) string { return l.Data }},
	{"recipients (d)", func(_ *Record, l *RecordLine) string { return l.Recipient }},
	{"transfers (e)", func(_ *Record, l *RecordLine) string { return l.Transfers }},
	{"erasure after (f)", func(_ *Record, l *RecordLine) string { return l.Retention }},
	{"security measures (g)", func(_ *Record, l *RecordLine) string { return l.Measures }},
	{"basis", func(_ *Record, l *RecordLine) string { return l.Basis }},
	{"assessment", func(_ *Record, l *RecordLine) string { return l.Assessment }},
	{"scope", func(_ *Record, l *RecordLine) string { return l.Scope }},
}

// Art30 makes the record of processing as things stand at a time, in English.
func Art30(l *config.Loaded, at time.Time) *Record {
	w, _ := wordsIn("en")
	r := &Record{Controller: l.Server.Controller, Policy: l.Policy.Digest(), At: at}
	b := &builder{loaded: l, words: w, lang: "en", sites: l.Policy.Sites(), at: at}
	for i, a := range l.Policy.Activities() {
		r.Lines = append(r.Lines, b.recordLine(a, &l.Activities[i]))
	}
	r.Lines = append(r.Lines, b.ownLine())
	return r
}

func (b *builder) recordLine(a *rules.Activity, written *config.Activity) RecordLine {
	readers := b.loaded.Readers(written)
	said, to := b.words.basis(a.Basis, written.Explicit), b.recipient(a.Recipient, readers)
	line := RecordLine{
		Activity: a.ID, State: "in force", Subjects: "visitors of the sites", Basis: a.Basis.String() + ": " + said.Article + behind(", ", a.Reference),
		Recipient: list(to.Legal, to.RoleName, behind(b.words.Recipients["service"]+b.words.Texts["colon"]+" ", to.Name+" ("+strings.Join(to.Hosts, ", ")+")"),
			to.PolicyURL, to.Arrangement), Transfers: b.recordTransfer(written),
	}
	hosts, _ := b.hostsOf(written)
	if why := b.loaded.Stopped(a, b.at); why != "" {
		line.State = "does not take place: " + why
	} else if len(hosts) == 0 {
		line.State = "does not take place: no site has it"
	}
	var purposes []string
	for _, id := range a.PurposeIDs {
		p := b.purpose(id)
		purposes = append(purposes, id+": "+p.Title.Text+behind(". ", p.Description.Text))
	}
	line.Purposes = list(purposes...)
	var data []string
	for _, d := range b.data(a) {
		data = append(data, d.Class+behind(" ", d.Field)+" ("+d.Done+")")
	}
	line.Data = list(data...)
	if line.Retention = b.words.period(retention(b.loaded, a, written)); line.Retention == "" {
		line.Retention = "not stated"
	}
	of := b.loaded.Policy.Assessments().Assessment(a.Assessment)
	line.Measures = list(measures(a, of)...)
	if of != nil {
		line.Subjects = b.assessed(of, of.Balancing.Relationship)
		line.Assessment = of.ID + " version " + strconv.Itoa(of.Version) + ", " + b.loaded.Policy.Assessments().Validity(of.ID, b.at).String() + ", to be reviewed by " + of.ReviewBy.String()
	}
	scope := []string{"sites: " + strings.Join(hosts, ", "), "events: " + strings.Join(written.Events, ", ")}
	if len(written.Regions) > 0 {
		scope = append(scope, "regions: "+strings.Join(written.Regions, ", "))
	}
	line.Scope = list(append(scope, behind("when: ", written.When))...)
	return line
}

func (b *builder) recordTransfer(written *config.Activity) string {
	if t := b.transfer(written, b.loaded.Readers(written)); t != nil {
		return t.In + ": " + t.Safeguard
	}
	return "none" // where one is to be stated, and is not, there is no record (config.Loaded.Lacks)
}

// measures are the safeguards that the assessment names, and what the server and the profile do in any case.
func measures(a *rules.Activity, of *basis.Assessment) []string {
	var all []string
	if of != nil {
		all = append(all, "safeguards of the assessment: "+strings.Join(of.Safeguards, ", "))
	}
	done := func(measure minimise.Measure) string {
		var classes []string
		for _, t := range a.Treatments() {
			if name := t.Class.String(); t.Action.Kind().Measure() == measure && !slices.Contains(classes, name) {
				classes = append(classes, name)
			}
		}
		return strings.Join(classes, ", ")
	}
	all = append(all,
		"fields that no rule names are dropped",
		behind("pseudonymised: ", done(minimise.Pseudonymised)),
		behind("coarsened: ", done(minimise.Coarsened)),
		behind("cleared of personal data: ", done(minimise.Cleared)),
		"every decision recorded before anything leaves",
	)
	if encrypted(a.Recipient) {
		all = append(all, "encrypted on the way to the recipient (TLS)")
	} else {
		all = append(all, "not encrypted on the way to the recipient (its address is http:)")
	}
	return all
}

func encrypted(r *rules.Recipient) bool {
	for _, address := range r.Upstreams {
		if strings.HasPrefix(address, "http:") {
			return false
		}
	}
	return true
}

// list joins what is not empty.
func list(parts ...string) string {
	return strings.Join(slices.DeleteFunc(slices.Clone(parts), func(s string) bool { return s == "" }), "; ")
}

// CSV writes the record as RFC 4180 has it, with a line of headings, every cell in quotes.
func (r *Record) CSV() []byte {
	var out bytes.Buffer
	for i, column := range recordColumns {
		writeCell(&out, i, column.name)
	}
	out.WriteString("\r\n")
	for l := range r.Lines {
		for i, column := range recordColumns {
			writeCell(&out, i, column.of(r, &r.Lines[l]))
		}
		out.WriteString("\r\n")
	}
	return out.Bytes()
}

// writeCell writes a cell so that no spreadsheet takes it for a formula: an apostrophe stands in front of what begins like one
// (OWASP, CSV injection; the full-width forms are read likewise where East Asian text is written), and lines are joined.
func writeCell(out *bytes.Buffer, at int, text string) {
	if at > 0 {
		out.WriteByte(',')
	}
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
	if begins := strings.TrimSpace(text); begins != "" && strings.ContainsRune("=+-@|%\uff1d\uff0b\uff0d\uff20", []rune(begins)[0]) {
		text = "'" + text
	}
	out.WriteString(`"` + strings.ReplaceAll(text, `"`, `""`) + `"`)
}

// HTML writes the record as a page of its own: a section for each activity.
func (r *Record) HTML() ([]byte, error) {
	type row struct{ Name, Text string }
	t := template.Must(template.New("art30.html").Funcs(template.FuncMap{
		"rows": func(l RecordLine) (rows []row) {
			for _, column := range recordColumns {
				if text := column.of(r, &l); text != "" && column.name != "activity" {
					rows = append(rows, row{column.name, text})
				}
			}
			return rows
		},
		"day": func(at time.Time) string { return at.UTC().Format(time.DateOnly) },
	}).ParseFS(files, "art30.html"))
	var out bytes.Buffer
	err := t.Execute(&out, r)
	return out.Bytes(), err
}
