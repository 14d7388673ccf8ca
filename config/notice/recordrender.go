package notice

import (
	"bytes"
	"cmp"
	"html/template"
	"slices"
	"strconv"
	"strings"
	texttemplate "text/template"
	"unicode"

	"github.com/tagwarden/tagwarden/rules/catalog"
)

// RecordFormats are the forms in which a record can be written.
func RecordFormats() []string { return []string{"csv", "html", "md", "json"} }

// recordRow is one heading of an entry, with its letter in Art. 30(1) where it has one, and what is said under it.
type recordRow struct {
	Key     string // of texts and columns
	Letter  string
	Heading string
	Values  []TextPart
}

// itemOf are the items of Art. 30(1) by heading.
var itemOf = map[string]string{
	"purposes": "b", "subjects": "c", "data": "c", "recipients": "d", "transfers": "e", "erasure": "f", "measures": "g",
}

// rows are an entry's headings in the order of Art. 30(1), and what else it says.
func (r *Record) rows(e *Entry) []recordRow {
	plain := func(texts ...string) (parts []TextPart) {
		for _, text := range texts {
			if text != "" {
				parts = append(parts, TextPart{Text: text})
			}
		}
		return parts
	}
	var purposes []TextPart
	for _, p := range e.Purposes {
		purposes = append(purposes, p.Title)
		if p.Description.Text != "" {
			purposes = append(purposes, p.Description)
		}
	}
	var promises []TextPart
	for _, p := range e.Promises {
		promises = append(promises, p.Says)
	}
	laws := e.Laws
	if !e.Own {
		laws = []string{e.BasisName + ", " + e.Article}
	}
	if e.Reference != "" {
		laws = append(laws, r.said.say("reference", "reference", e.Reference))
	}
	assessment := ""
	if e.Assessment != nil {
		assessment = r.assessmentText(e.Assessment)
	}
	rows := []recordRow{
		{Key: "purposes", Values: purposes},
		{Key: "legal_basis", Values: plain(laws...)},
		{Key: "assessment", Values: plain(assessment)},
		{Key: "subjects", Values: plain(e.Subjects...)},
		{Key: "data", Values: plain(r.categories(e)...)},
		{Key: "recipients", Values: plain(e.Recipients...)},
		{Key: "transfers", Values: plain(e.Transfer)},
		{Key: "erasure", Values: plain(e.Retention...)},
		{Key: "measures", Values: plain(r.measureTexts(e)...)},
		{Key: "scope", Values: plain(e.Scope...)},
		{Key: "promises", Values: promises},
	}
	for i := range rows {
		rows[i].Letter, rows[i].Heading = itemOf[rows[i].Key], r.said.Texts[rows[i].Key]
	}
	return slices.DeleteFunc(rows, func(row recordRow) bool { return len(row.Values) == 0 })
}

// categories are the classes of data that leave, each once. Of what a constant stands for nothing leaves.
func (r *Record) categories(e *Entry) []string {
	if e.Own {
		return e.Described
	}
	var all []string
	for i := range e.Data {
		if d := &e.Data[i]; d.Measure != "replaced" && !slices.Contains(all, d.named()) {
			all = append(all, d.named())
		}
	}
	if len(all) == 0 {
		return []string{r.said.Texts["data_none"]}
	}
	return all
}

// measureTexts are the measures, each with the classes that it is about: "shortened: time (timestamp)".
func (r *Record) measureTexts(e *Entry) []string {
	all := make([]string, len(e.Measures))
	for i, m := range e.Measures {
		all[i] = m.Name
		if len(m.Of) > 0 {
			all[i] += r.said.Texts["colon"] + strings.Join(m.Of, ", ")
		}
	}
	return all
}

// marked is a text, with its language behind it where that is not the record's.
func (r *Record) marked(p TextPart) string {
	if p.Lang == "" {
		return p.Text
	}
	return p.Text + " " + r.said.say("only_in", "language", r.words.tongue(p.Lang))
}

// who are controller, representatives and data protection officer: Art. 30(1)(a).
func (r *Record) who() []recordRow {
	c, none := &r.Controller, r.said.Texts["not_stated"]
	var rows []recordRow
	add := func(key string, texts ...string) {
		texts = slices.DeleteFunc(texts, func(s string) bool { return s == "" })
		if len(texts) > 0 {
			rows = append(rows, recordRow{Key: key, Letter: "a", Heading: r.said.Texts[key],
				Values: []TextPart{{Text: strings.Join(texts, ", ")}}})
		}
	}
	add("controller", cmp.Or(c.Name, none), c.Address)
	add("contact", cmp.Or(c.Contact, none))
	add("representative", c.Representative.String())
	add("uk_representative", c.UKRepresentative.String())
	add("dpo", c.DPO)
	add("joint", r.words.semicolons(r.jointOnce()))
	return rows
}

// jointOnce are the joint controllers, each once: one that another's line names for some of the visitors stands there.
func (r *Record) jointOnce() []string {
	return slices.DeleteFunc(slices.Clone(r.Joint), func(one string) bool {
		return slices.ContainsFunc(r.Joint, func(other string) bool { return other != one && strings.Contains(other, one) })
	})
}

// recordColumns are the columns of the table, in the order of Art. 30(1), with what is in them.
var recordColumns = []string{
	"activity", "state", "controller", "contact", "joint", "representative", "uk_representative", "dpo", "purposes",
	"subjects", "data", "recipients", "transfers",
	"erasure", "measures", "legal_basis", "assessment", "scope", "promises",
}

// cells are an entry's values by column.
func (r *Record) cells(e *Entry) map[string]string {
	cells := map[string]string{"activity": e.ID, "state": e.State}
	for _, row := range append(r.who(), r.rows(e)...) {
		if row.Key == "joint" {
			continue // the record's are those of all activities
		}
		texts := make([]string, len(row.Values))
		for i, p := range row.Values {
			texts[i] = r.marked(p)
		}
		cells[row.Key] = r.words.semicolons(texts)
	}
	if e.Recipient.Role == catalog.RoleJoint {
		cells["joint"] = e.Recipient.Legal
	}
	return cells
}

// Render writes the record as a table for spreadsheets (csv), as a page of its own (html), as Markdown (md) or as JSON.
func (r *Record) Render(format string) ([]byte, error) {
	var out bytes.Buffer
	functions := map[string]any{
		"say": r.said.say,
		"who": r.who, "rows": func(e Entry) []recordRow {
			return r.rows(&e)
		}, "marked": r.marked, "str": strconv.Itoa, "date": r.words.day, "title": func(e Entry) string { return r.Title(&e) },
		"only": func(lang string) string { return r.said.say("only_in", "language", r.words.tongue(lang)) },
		"code": func(d RecordData) string { return d.code() },
	}
	switch format {
	case "json":
		return indented(r)
	case "csv":
		return r.csv(), nil
	case "md":
		functions["md"] = markdown
		t := texttemplate.Must(texttemplate.New("record.md").Funcs(functions).ParseFS(recordFiles, "record/record.md"))
		err := t.Execute(&out, r)
		return manyBlank.ReplaceAll(out.Bytes(), []byte("\n\n")), err
	default:
		t := template.Must(template.New("record.html").Funcs(functions).ParseFS(recordFiles, "record/record.html"))
		err := t.Execute(&out, r)
		return manyBlank.ReplaceAll(out.Bytes(), []byte("\n\n")), err
	}
}

// csv writes the record as RFC 4180 has it, with a line of headings, every cell in quotes.
func (r *Record) csv() []byte {
	var out bytes.Buffer
	for i, column := range recordColumns {
		writeCell(&out, i, r.said.Columns[column])
	}
	out.WriteString("\r\n")
	for i := range r.Entries {
		cells := r.cells(&r.Entries[i])
		for i, column := range recordColumns {
			writeCell(&out, i, cells[column])
		}
		out.WriteString("\r\n")
	}
	return out.Bytes()
}

// writeCell writes a cell so that no spreadsheet takes it for a formula: an apostrophe stands in front of what begins
// like one (OWASP, CSV injection; the full-width forms are read likewise where East Asian text is written), and lines
// are joined.
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
	if begins := strings.TrimSpace(text); begins != "" &&
		strings.ContainsRune("=+-@|%\uff1d\uff0b\uff0d\uff20", []rune(begins)[0]) {
		text = "'" + text
	}
	out.WriteString(`"` + strings.ReplaceAll(text, `"`, `""`) + `"`)
}
