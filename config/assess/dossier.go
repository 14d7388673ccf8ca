package assess

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"maps"
	"slices"
	"strconv"
	"strings"
	texttemplate "text/template"
	"time"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules/basis"
)

// Dossier is an assessment with everything that an auditor asks of it, in sections of rows.
type Dossier struct {
	Title    string
	State    string // of its approval
	Sections []Section
}

// Section is a part of a dossier.
type Section struct {
	Title string
	Rows  []Row
}

// Row is a question and its answer; an answer may be several.
type Row struct {
	Name   string
	Values []string
}

// NewDossier gathers what there is to say of an assessment as it stands in the policy.
func NewDossier(l *config.Loaded, id string, now time.Time) (*Dossier, error) {
	a, ok := l.Assessments[id]
	if !ok {
		return nil, fmt.Errorf("there is no assessment %q%s", id, strict.Suggestion(id, l.Draft.Assessments.IDs()))
	}
	validity := l.Draft.Assessments.Validity(id, now)
	d := &dossier{l: l, a: a.Document, around: l.Surroundings(), digest: a.Digest}
	kept, err := ReadVersion(l, id, a.Document.Version)
	if err != nil && !errors.Is(err, ErrNoVersion) {
		return nil, err
	}
	if kept != nil && !kept.same(a) {
		kept = nil // approved with this number, and with another meaning
	}
	return d.write(now, fmt.Sprintf("%s: %s", validity, validity.Says()), basis.SignedBy(a.Document.Approval), kept,
		l.Resting(id))
}

// DossierOf gathers what there is to say of a version that was approved once.
func DossierOf(l *config.Loaded, v *Version, now time.Time) (*Dossier, error) {
	d := &dossier{l: l, a: v.Document, around: v.Around, digest: v.Digest, old: true}
	state := "not verified: the file of the history is not what was signed"
	switch {
	case v.Verified && l.Past.Void(v.Document.ID, v.Document.Version):
		state = "was approved, and is void: it was revoked, or a later version came into force"
	case v.Verified && v.Known:
		state = "was approved: an approver's signature over it was verified"
	case v.Verified:
		state = "was approved with a key that is none of the approvers' today; the signature was verified"
	}
	return d.write(now, state, v.By, v, nil)
}

// dossier is a dossier that is being written.
type dossier struct {
	Dossier
	l      *config.Loaded
	a      *basis.Assessment
	around basis.Surroundings
	digest basis.Digest
	old    bool // a version of the history: activities and profiles of its time are not known
}

func (d *dossier) section(title string, rows ...Row) {
	rows = slices.DeleteFunc(rows, func(r Row) bool {
		return len(r.Values) == 0 || len(r.Values) == 1 && r.Values[0] == ""
	})
	if len(rows) > 0 {
		d.Sections = append(d.Sections, Section{title, rows})
	}
}

// said is a text in the dossier's language.
func (d *dossier) said(t basis.Text) string {
	text, _ := t.In("en")
	return text
}

func row(name string, values ...string) Row { return Row{name, values} }

func (d *dossier) write(now time.Time, state, by string, kept *Version, rests []*config.Activity) (*Dossier, error) {
	a := d.a
	d.Title, d.State = d.said(a.Title), state
	left := fmt.Sprintf("%s (%d days from %s)", a.ReviewBy, basis.DayOf(now).DaysUntil(a.ReviewBy), basis.DayOf(now))
	d.section("The document",
		row("Id", a.ID), row("Version", strconv.Itoa(a.Version)), row("Owner", a.Owner),
		row("Controller", d.controller()...),
		row("Holds from", a.Decided.String()), row("Review by", left), row("State", state))
	d.approval(by, kept)
	d.section("Purposes", d.purposes()...)
	d.section("Recipients", d.recipients()...)
	d.section("Activities that rest on it", d.activities(rests)...)
	d.section("Step one: the interest", row("What", d.said(a.Interest.What)), row("Who gains what by it", d.said(a.Interest.Benefit)),
		row("If we did not", d.said(a.Interest.IfWeDidNot)))
	d.section("Step two: necessity", row("Why", d.said(a.Necessity.Why)), row("Alternatives", d.said(a.Necessity.Alternatives)),
		row("Minimised", d.said(a.Necessity.Minimised)))
	b := &a.Balancing
	d.section("Step three: the balance",
		row("Relationship", d.said(b.Relationship)), row("Expected", d.said(b.Expected)), row("Impact", b.Impact),
		row("Children", b.Children),
		row("Special categories", b.SpecialCategories), row("Transparency", d.said(b.Transparency)),
		row("Safeguards", a.Safeguards...))
	var data []Row
	for _, class := range slices.Sorted(maps.Keys(a.Data)) {
		data = append(data, row(class, a.Data[class]))
	}
	d.section("Data, and the loosest thing that may be done to them", data...)
	d.section("Further", row("Data protection impact assessment", a.DPIA), row("Retention", a.Retention.String()),
		row("How visitors object", d.said(a.Objection.How)), row("Compelling grounds", d.said(a.Objection.CompellingGrounds)))
	return &d.Dossier, d.history()
}

func (d *dossier) controller() []string {
	c := &d.l.Server.Controller
	return slices.DeleteFunc([]string{c.Name, c.Address, c.Contact, c.DPO}, func(s string) bool { return s == "" })
}

// approval says who approved it, when, and over what.
func (d *dossier) approval(by string, kept *Version) {
	rows := []Row{row("Signed by", by)}
	if kept != nil {
		rows = append(rows, row("On", kept.At.UTC().Format(time.RFC3339)), row("Public key", kept.Key),
			row("Despite", kept.Despite...), row("Because", kept.Because))
	}
	rows = append(rows, row("Digest of its meaning", d.digest.String()))
	if r := d.l.RevocationOf(d.a.ID, d.a.Version); r != nil {
		who := r.By
		if who == "" {
			who = "not signed"
		}
		rows = append(rows, row("Revoked", r.At.UTC().Format(time.RFC3339), r.Because, who))
	}
	d.section("Approval", rows...)
}

func (d *dossier) purposes() []Row {
	var rows []Row
	for _, id := range d.a.Purposes {
		texts := d.around.Purposes[id]
		var values []string
		for _, lang := range slices.Sorted(maps.Keys(texts.Title)) {
			text := texts.Title[lang]
			if more := texts.Description[lang]; more != "" {
				text += ": " + more
			}
			if lang != "" {
				text += " (" + lang + ")"
			}
			values = append(values, text)
		}
		rows = append(rows, row(id, values...))
	}
	return rows
}

func (d *dossier) recipients() []Row {
	var rows []Row
	for _, id := range d.a.Recipients {
		values := slices.Clone(d.around.Hosts[id])
		if vendor := vendorOf(d.l, id); vendor != nil && !d.old {
			where := "at a place of the controller's choice"
			if vendor.Catalog.Country != "" {
				where = "country " + vendor.Catalog.Country
			}
			values = append(values, vendor.Catalog.Name+", "+where)
		}
		rows = append(rows, row(id, values...))
	}
	return rows
}

func (d *dossier) activities(rests []*config.Activity) []Row {
	var rows []Row
	for _, a := range rests {
		values := []string{"to " + a.Vendor + ", for " + strings.Join(a.Purposes, ", "),
			"events " + strings.Join(a.Events, ", "), "profile " + a.Profile}
		if a.Transfer != nil {
			values = append(values, "transfer to "+a.Transfer.Country+" under "+a.Transfer.Safeguard.String())
		}
		if a.Exemption != "" {
			values = append(values, "exemption "+a.Exemption)
		}
		rows = append(rows, row(a.ID, values...))
	}
	return rows
}

// history lists the versions that were approved.
func (d *dossier) history() error {
	versions, err := Versions(d.l, d.a.ID)
	if err != nil {
		return err
	}
	var rows []Row
	for _, n := range versions {
		v, err := ReadVersion(d.l, d.a.ID, n)
		if err != nil {
			return err
		}
		said := "signature verified"
		if !v.Verified {
			said = "the signature is not over what the file holds"
		}
		rows = append(rows, row("Version "+strconv.Itoa(n), v.At.UTC().Format(time.RFC3339), v.By, said))
	}
	d.section("Approved versions", rows...)
	return nil
}

//go:embed dossier.html
var dossierHTML string

//go:embed dossier.md
var dossierMarkdown string

var (
	htmlDossier     = htmltemplate.Must(htmltemplate.New("html").Parse(dossierHTML))
	markdownDossier = texttemplate.Must(texttemplate.New("md").Funcs(texttemplate.FuncMap{"plain": markdownText}).Parse(dossierMarkdown))
)

// HTML renders the dossier as one page that needs nothing else, and prints well.
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

var markdownEscapes = strings.NewReplacer(`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", "&lt;", ">", "&gt;", "#", `\#`, "|", `\|`)

// markdownText is a text of a document in Markdown, where nothing in it has another meaning.
func markdownText(text string) string { return markdownEscapes.Replace(oneLine(text)) }
