package notice

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// recordBuilder puts activities into the words of the record.
type recordBuilder struct {
	builder
	said     *recordWords
	approved map[string]time.Time
}

func newRecordBuilder(l *config.Loaded, of RecordOf) (*recordBuilder, error) {
	w, ok := wordsIn(of.Lang)
	if !ok {
		return nil, fmt.Errorf("there is no record in %q%s", strict.Shortened(of.Lang),
			strict.Suggestion(of.Lang, Languages()))
	}
	said := recordWordsIn(of.Lang)
	w.Own, w.Device = said.Own, said.Device // what is said of the server itself, in the third person
	return &recordBuilder{
		builder: builder{loaded: l, words: w, lang: of.Lang, sites: l.Policy.Sites(), at: of.At, ends: map[string]bool{}},
		said:    said, approved: of.Approved,
	}, nil
}

func (b *recordBuilder) entry(a *rules.Activity, written *config.Activity) Entry {
	said := b.said.basis(a.Basis, written.Explicit)
	of := b.loaded.Policy.Assessments().Assessment(a.Assessment)
	readers := b.loaded.Readers(written)
	e := Entry{
		ID: a.ID, Subjects: b.subjects(written, of), Recipient: b.recipient(a.Recipient, readers), Basis: a.Basis.String(),
		BasisName: said.Name, Article: said.Article, Reference: a.Reference, Data: b.recordData(a),
		Transfer: b.recordTransfer(a, written, readers),
	}
	if e.Recipient.Own {
		e.Recipient.Legal = b.said.Texts["own_entity"]
	}
	if e.Recipient.Role != "" {
		e.Recipient.RoleName = b.said.Texts["role_"+e.Recipient.Role]
	}
	e.Recipients = b.recipientWords(a, &e.Recipient)
	e.State, e.InForce = b.state(a, written)
	for _, id := range a.PurposeIDs {
		e.Purposes = append(e.Purposes, b.purpose(id))
	}
	period := b.words.period(retention(b.loaded, a, written)) // without it nothing compiles (lawful/retention)
	e.Retention = []string{b.said.say("erasure_after", "period", period)}
	e.Measures = b.measures(a, &e, of)
	e.Assessment = b.assessment(of)
	e.Scope, e.Promises = b.scope(written), b.promisesOf(written)
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
	all := []string{cmp.Or(b.said.subject(of.Balancing.Relationship), b.assessed(of, of.Balancing.Relationship))}
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
	if tellsState(a) {
		class := hit.ConsentSignal.String()
		all = slices.DeleteFunc(all, func(d RecordData) bool { return d.Class == class && d.Field == "" })
		all = append(all, RecordData{
			Class: class, Label: b.said.Classes[class], Measure: "state", Done: b.said.Texts["state_told"],
		})
	}
	return slices.Compact(all)
}

// recipientWords say who receives: the legal person and its role as far as stated, the service, where, and what else
// people may read.
func (b *recordBuilder) recipientWords(a *rules.Activity, r *Recipient) []string {
	all := []string{cmp.Or(r.Legal, b.said.Texts["not_stated"])}
	if !r.Own {
		all = append(all, cmp.Or(r.RoleName, b.said.Texts["role_not_stated"]))
	}
	all = append(all, b.said.say("service", "name", r.Name, "id", r.ID),
		b.said.say("hosts", "hosts", strings.Join(r.Hosts, ", ")))
	if b.loaded.Server.Vendors[a.Recipient.ID].Private {
		all = append(all, b.said.Texts["own_network"])
	}
	if r.Arrangement != "" {
		all = append(all, b.said.say("arrangement", "url", r.Arrangement))
	}
	if r.PolicyURL != "" {
		all = append(all, b.said.say("policy_url", "url", r.PolicyURL))
	}
	return all
}

// recordTransfer says where data go outside the EEA, and what makes that lawful.
func (b *recordBuilder) recordTransfer(a *rules.Activity, written *config.Activity, readers []string) string {
	if t := written.Transfer; t != nil {
		var said []string
		for _, one := range b.byReader(readers, t.SafeguardFor) {
			said = append(said, b.said.safeguard(one.text)+b.onlyFor(one.readers))
		}
		return b.words.country(t.Country) + b.said.Texts["colon"] + b.words.semicolons(said)
	}
	vendor, seat := b.loaded.Server.Vendors[a.Recipient.ID], a.Recipient.Catalog.File.Country
	switch {
	case thirdCountry(vendor.Country) || thirdCountry(seat) && !vendor.Private:
		country := vendor.Country
		if !thirdCountry(country) {
			country = seat
		}
		return b.said.say("transfer_not_stated", "country", b.words.country(country))
	case vendor.Private:
		return b.said.Texts["no_transfer_own"]
	case vendor.Country != "" || seat != "":
		return b.said.say("no_transfer", "country", b.words.country(cmp.Or(vendor.Country, seat)))
	}
	return b.said.Texts["not_stated"]
}

// thirdCountry tells whether a country, where it is known, lies outside the EEA.
func thirdCountry(code string) bool { return code != "" && !config.InEEA(code) }

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
	r := &RecordAssessment{ID: of.ID, Title: b.assessed(of, of.Title), Version: of.Version,
		State:    b.said.Validity[v.String()],
		ReviewBy: of.ReviewBy.String()}
	if by, _, _ := strings.Cut(basis.SignedBy(of.Approval), "+"); by != "" && v == basis.Valid {
		if at, kept := b.approved[of.ID]; kept {
			by += ", " + b.words.day(day(at))
		}
		r.Approved = b.said.say("approved", "who", by)
	}
	return r
}

// scope says whom and what an activity is about.
func (b *recordBuilder) scope(written *config.Activity) []string {
	hosts, _ := b.hostsOf(written)
	events := joinList(b.events(written.Events))
	if slices.Contains(written.Events, "*") {
		events = b.said.Texts["all_events"]
	}
	var all []string
	if len(hosts) > 0 {
		all = append(all, b.said.say("sites", "sites", strings.Join(hosts, ", ")))
	}
	if len(written.ExceptEvents) > 0 {
		all = append(all, b.said.say("events_but", "events", events, "except", joinList(b.events(written.ExceptEvents))))
	} else {
		all = append(all, b.said.say("events", "events", events))
	}
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

// assessmentText says of an assessment all there is, in one line.
func (r *Record) assessmentText(a *RecordAssessment) string {
	text := r.said.say("assessment_of", "id", a.ID, "version", strconv.Itoa(a.Version), "title", a.Title,
		"day", r.words.day(r.At), "state", a.State, "review", r.words.day(a.ReviewBy))
	if a.Approved != "" {
		return r.words.semicolons([]string{text, a.Approved})
	}
	return text
}

// own is what the server itself does.
func (b *recordBuilder) own() Entry {
	of, hosts := own{&b.builder}.processing(), own{&b.builder}.toldHosts()
	e := Entry{
		ID: "own-processing", Own: true, InForce: true, State: b.said.Texts["in_force"],
		Subjects: []string{b.said.Subjects["visitor"]}, Data: []RecordData{},
		Recipients: []string{b.said.Texts["own_recipients"]}, Transfer: b.said.Texts["own_transfer"], Scope: []string{},
		Measures: []RecordMeasure{{Name: b.said.Texts["own_hashes"]}, {Name: b.said.Texts["own_append"]}},
	}
	if len(hosts) > 0 {
		e.Recipients = append(e.Recipients, b.said.say("own_told", "hosts", joinList(hosts)))
		e.Transfer = b.said.say("own_transfer_told", "hosts", joinList(hosts))
		e.Measures[0].Name = b.said.Texts["own_hashes_told"]
	}
	part := func(title, text string) string { return title + b.said.Texts["colon"] + text }
	for _, p := range of.Parts {
		e.Purposes = append(e.Purposes, Purpose{ID: p.ID, Title: TextPart{Text: part(p.Title, p.Purpose)}})
		e.Described = append(e.Described, part(p.Title, p.Data))
		e.Retention = append(e.Retention, part(p.Title, p.Kept))
		e.Laws = append(e.Laws, part(p.Title, p.Basis))
	}
	for _, c := range of.Cookies {
		e.Described = append(e.Described, c.Says())
	}
	for _, s := range b.sites {
		of := b.loaded.Server.Sites[s.ID]
		e.Scope = append(e.Scope, of.SeenHosts()...)
	}
	e.Scope = []string{b.said.say("sites", "sites", joinList(e.Scope))}
	return e
}
