package notice

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// recordBuilder puts activities into the words of the record.
type recordBuilder struct {
	builder
	said     *recordWords
	approved map[string]time.Time
	unstated []Unstated
}

// lacks notes that an activity does not say something.
func (b *recordBuilder) lacks(a *rules.Activity, heading, write string) {
	b.unstated = append(b.unstated, Unstated{Activity: a.ID, What: b.said.Columns[heading], Write: write})
}

func (b *recordBuilder) entry(a *rules.Activity, written *config.Activity) Entry {
	said := b.said.basis(a.Basis, written.Explicit)
	of := b.loaded.Policy.Assessments().Assessment(a.Assessment)
	e := Entry{
		ID: a.ID, Subjects: b.subjects(written, of), Recipient: b.recipient(a.Recipient), Basis: a.Basis.String(),
		BasisName: said.Name, Article: said.Article, Reference: a.Reference, Data: b.recordData(a),
	}
	e.Recipients = b.recipientWords(a, &e.Recipient)
	e.State, e.InForce = b.state(a, written)
	for _, id := range a.PurposeIDs {
		e.Purposes = append(e.Purposes, b.purpose(id))
	}
	e.Transfer = b.recordTransfer(a, written)
	if period := b.words.period(retention(b.loaded, a, written)); period != "" {
		e.Retention = []string{b.said.say("erasure_after", "period", period)}
	} else {
		e.Retention = []string{b.said.Texts["not_stated"]}
		b.lacks(a, "erasure", "write retention: 14 months, or as it is agreed with the recipient, at activity "+a.ID)
	}
	e.Measures = b.measures(a, &e, of)
	e.Assessment = b.assessment(of)
	e.Scope = b.scope(a, written)
	return e
}

// state says whether an activity takes place, and why not.
func (b *recordBuilder) state(a *rules.Activity, written *config.Activity) (text string, inForce bool) {
	why := ""
	switch hosts, _ := b.hostsOf(written); {
	case b.loaded.Stopped(a, b.at) == "" && len(hosts) > 0:
		return b.said.Texts["in_force"], true
	case b.loaded.Stopped(a, b.at) == "":
		why = b.said.Texts["no_site"]
	case a.Basis == basis.LegitimateInterest:
		v := b.loaded.Policy.Assessments().Validity(a.Assessment, b.at)
		why = a.Assessment + ": " + b.said.Validity[v.String()]
	default:
		why = b.said.Texts["no_reference"]
	}
	return b.said.say("stopped", "why", why), false
}

// subjects are the categories of people: what the assessment calls them, else whom hits are of.
func (b *recordBuilder) subjects(written *config.Activity, of *basis.Assessment) []string {
	switch {
	case of == nil && written.Source == "server":
		return []string{b.said.Subjects["server"]}
	case of == nil:
		return []string{b.said.Subjects["visitor"]}
	}
	all := []string{b.said.subject(of.Balancing.Relationship)}
	switch of.Balancing.Children {
	case "possible":
		all = append(all, b.said.Texts["children"])
	case "yes":
		all = append(all, b.said.Texts["children_yes"])
	}
	return all
}

// recordData lists what leaves of a visitor's data, by class.
func (b *recordBuilder) recordData(a *rules.Activity) []RecordData {
	all := []RecordData{}
	for _, t := range a.Treatments() {
		all = append(all, RecordData{Class: t.Class.String(), Field: t.Field, Label: b.said.Classes[t.Class.String()],
			Measure: measureKeys[t.Action.Kind().Measure()], Done: b.said.done(b.lang, t.Action)})
	}
	return slices.Compact(all)
}

// recipientWords say who receives: the legal person and its role as far as stated, where, and in which country.
func (b *recordBuilder) recipientWords(a *rules.Activity, r *Recipient) []string {
	all := []string{r.Name + " (" + a.Recipient.ID + ")", b.said.say("hosts", "hosts", strings.Join(r.Hosts, ", "))}
	if b.loaded.Server.Vendors[a.Recipient.ID].Private {
		return append(all, b.said.Texts["own_network"])
	}
	if r.Seat != "" {
		all = append(all, b.said.say("seat", "country", r.Seat))
	}
	return all
}

// recordTransfer says where data go outside the EEA, and what makes that lawful.
func (b *recordBuilder) recordTransfer(a *rules.Activity, written *config.Activity) string {
	if t := written.Transfer; t != nil {
		return b.words.country(t.Country) + ": " + b.said.safeguard(t.Safeguard)
	}
	vendor, seat := b.loaded.Server.Vendors[a.Recipient.ID], a.Recipient.Catalog.File.Country
	switch {
	case vendor.Private && !thirdCountry(vendor.Country):
		return b.said.Texts["no_transfer_own"]
	case thirdCountry(vendor.Country) || thirdCountry(seat):
		country := vendor.Country
		if !thirdCountry(country) {
			country = seat
		}
		b.lacks(a, "transfers", "write transfer: { country: "+country+", safeguard: ... } at activity "+a.ID)
		return b.said.say("transfer_not_stated", "country", b.words.country(country))
	case vendor.Country != "":
		return b.said.say("no_transfer", "country", b.words.country(vendor.Country))
	case seat != "":
		return b.said.say("no_transfer", "country", b.words.country(seat))
	}
	b.lacks(a, "transfers", "write country: at vendor "+a.Recipient.ID+" of the server file, or private: true")
	return b.said.Texts["not_stated"]
}

// measures are what is done to data, by what it is, what is done in any case, and what the assessment names.
func (b *recordBuilder) measures(a *rules.Activity, e *Entry, of *basis.Assessment) []RecordMeasure {
	all := []RecordMeasure{{Name: b.said.Texts["dropped"]}}
	for measure := minimise.NoMeasure + 1; measure < minimise.NumMeasures; measure++ {
		if labels := e.labels(measureKeys[measure]); len(labels) > 0 {
			all = append(all, RecordMeasure{b.said.Measures[measureKeys[measure]], labels})
		}
	}
	transit := b.said.Texts["no_tls"]
	if encrypted(a.Recipient) {
		transit = b.said.Texts["tls"]
	}
	all = append(all, RecordMeasure{Name: b.said.Texts["ledger"]}, RecordMeasure{Name: transit})
	if of != nil && len(of.Safeguards) > 0 {
		all = append(all, RecordMeasure{b.said.say("named_safeguards", "id", of.ID), b.said.named(of.Safeguards)})
	}
	return all
}

// encrypted tells whether every address of a recipient is reached by TLS.
func encrypted(r *rules.Recipient) bool {
	for _, address := range r.Upstreams {
		if strings.HasPrefix(address, "http:") {
			return false
		}
	}
	return true
}

// assessment says how the assessment stands that an activity rests on.
func (b *recordBuilder) assessment(of *basis.Assessment) *RecordAssessment {
	if of == nil {
		return nil
	}
	v := b.loaded.Policy.Assessments().Validity(of.ID, b.at)
	r := &RecordAssessment{ID: of.ID, Title: joined(of.Title), Version: of.Version, State: b.said.Validity[v.String()],
		ReviewBy: of.ReviewBy.String()}
	if by, _, _ := strings.Cut(basis.SignedBy(of.Approval), "+"); by != "" && v == basis.Valid {
		if at, kept := b.approved[of.ID]; kept {
			by += ", " + b.said.date(day(at))
		}
		r.Approved = b.said.say("approved", "who", by)
	}
	return r
}

// scope says whom and what an activity is about.
func (b *recordBuilder) scope(a *rules.Activity, written *config.Activity) []string {
	hosts, _ := b.hostsOf(written)
	events := strings.Join(written.Events, ", ")
	if slices.Contains(written.Events, "*") {
		events = b.said.Texts["all_events"]
	}
	var all []string
	if len(hosts) > 0 {
		all = append(all, b.said.say("sites", "sites", strings.Join(hosts, ", ")))
	}
	all = append(all, b.said.say("events", "events", events))
	if len(written.Regions) > 0 {
		regions := make([]string, len(written.Regions))
		for i, code := range written.Regions {
			regions[i] = b.words.country(code)
		}
		all = append(all, b.said.say("regions", "regions", strings.Join(regions, ", ")))
	}
	if written.Source == "server" {
		all = append(all, b.said.Texts["server_source"])
	}
	if when := joined(written.When); when != "" {
		all = append(all, b.said.say("when", "when", when))
	}
	return all
}

// text says of an assessment all there is, in one line.
func (a *RecordAssessment) text(w *recordWords, at string) string {
	return w.say("assessment_of", "id", a.ID, "version", strconv.Itoa(a.Version), "title", a.Title,
		"day", w.date(at), "state", a.State, "review", w.date(a.ReviewBy)) + behind(w.Texts["semicolon"], a.Approved)
}
