package assess

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/notice"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// document says what document it is, whose, and how long it holds.
func (d *dossier) document() {
	a, w := d.a, d.words
	left := basis.DayOf(d.at).DaysUntil(a.ReviewBy)
	review := "review_left"
	switch {
	case left < 0:
		review = "review_past"
	case left == 0:
		review = "review_today"
	case left == 1:
		review = "review_tomorrow"
	}
	rows := []Row{d.row("controller", d.controller()...), d.row("id", one(a.ID)),
		d.row("version", one(strconv.Itoa(a.Version))), d.row("owner", one(a.Owner))}
	if !a.Decided.IsZero() {
		rows = append(rows, d.row("holds_from", one(w.day(a.Decided))))
	}
	d.section("document", append(rows, d.row("review_by",
		one(w.say(review, "day", w.day(a.ReviewBy), "n", strconv.Itoa(left)))))...)
}

// controller is who is responsible: by the name that was signed, where it is known.
func (d *dossier) controller() []Value {
	c := &d.l.Server.Controller
	if d.old {
		return plain(d.around.Controller)
	}
	return plain(c.Name, c.Address, c.Contact, c.DPO)
}

// conclusion comes before what it rests on: it is what people look for.
func (d *dossier) conclusion() {
	s := Section{Title: d.words.say("conclusion"), Below: d.words.say("no_conclusion")}
	if said := d.said(d.a.Conclusion); said.Text != "" {
		s.Rows, s.Below = []Row{{Values: []Value{said}}}, ""
	}
	d.Sections = append(d.Sections, s)
}

// steps are the three steps of the test.
func (d *dossier) steps() {
	a, b, w := d.a, &d.a.Balancing, d.words
	d.section("interest", d.row("what", d.said(a.Interest.What)), d.row("benefit", d.said(a.Interest.Benefit)),
		d.row("if_we_did_not", d.said(a.Interest.IfWeDidNot)), d.row("third_parties", d.said(a.ThirdParties)))
	d.section("necessity", d.row("why", d.said(a.Necessity.Why)),
		d.row("alternatives", d.said(a.Necessity.Alternatives)), d.row("minimised", d.said(a.Necessity.Minimised)))
	d.section("balance", d.row("relationship", d.relation()), d.row("expected", d.said(b.Expected)),
		d.row("evidence", d.said(b.Evidence)), d.row("refused_before", d.said(b.RefusedBefore)),
		d.row("children", one(named(w.Presence, b.Children))),
		d.row("special_categories", one(named(w.Presence, b.SpecialCategories))),
		d.row("transparency", d.said(b.Transparency)))
}

// relation is what the people concerned are, in words where one that is known says it.
func (d *dossier) relation() Value {
	if word := d.words.Relations[d.a.Balancing.Relationship[""]]; word != "" {
		return one(word)
	}
	return d.said(d.a.Balancing.Relationship)
}

// effects are what the processing can do to people, as a table.
func (d *dossier) effects() {
	w := d.words
	s := Section{Title: w.say("effects")}
	for i := range d.a.Effects {
		e := &d.a.Effects[i]
		s.Lines = append(s.Lines, []Value{
			d.said(e.What), one(named(w.Levels, e.Likelihood)), one(named(w.Levels, e.Severity)), d.said(e.MitigatedBy),
		})
	}
	s.Below = w.say("impact", "level", named(w.Levels, d.a.Balancing.Impact))
	if len(s.Lines) > 0 {
		s.Head = []string{w.say("effect"), w.say("likelihood"), w.say("severity"), w.say("mitigated_by")}
	} else {
		s.Below = w.say("no_effects") + " " + s.Below
	}
	d.Sections = append(d.Sections, s)
}

// class is what a class of data is called: as in the record of processing.
func (d *dossier) class(name string) string {
	class, _ := hit.ParseClass(name)
	return cmp.Or(notice.ClassLabel(d.Lang, class), name)
}

// data are the classes that were assessed, in words, with the most that may be left of them.
func (d *dossier) data() {
	s := Section{Title: d.words.say("data"), Head: []string{d.words.say("data_class"), d.words.say("data_done")}}
	for _, class := range slices.Sorted(maps.Keys(d.a.Data)) {
		if kind := d.a.Data[class]; kind != minimise.Drop.String() {
			s.Lines = append(s.Lines, []Value{one(d.class(class)), one(named(d.words.Treatments, kind))})
		}
	}
	if len(s.Lines) > 0 {
		d.Sections = append(d.Sections, s)
	}
}

// safeguards say what the configuration shows of each, and what is taken at its word.
func (d *dossier) safeguards() {
	w := d.words
	s := Section{Title: w.say("safeguards"), Head: []string{w.say("safeguard"), w.say("worth")}}
	all := d.l.Assurances(d.a.ID)
	if d.old { // what its profiles were is not known any more
		all = nil
		for _, name := range d.a.Safeguards {
			all = append(all, config.Assurance{Name: config.SafeguardName(name), Worth: config.AssuredAtWord})
		}
	}
	for _, safeguard := range all {
		name := named(w.Safeguards, safeguard.Name)
		if safeguard.Name == config.LimitedRetention {
			name = w.say("retention_number", "period", w.period(d.a.Retention))
		}
		s.Lines = append(s.Lines, []Value{one(name), one(w.Worth[safeguard.Worth.String()])})
	}
	if len(s.Lines) > 0 {
		d.Sections = append(d.Sections, s)
	}
}

// further is what else was asked and decided.
func (d *dossier) further() {
	a, w := d.a, d.words
	grounds := d.said(a.Objection.CompellingGrounds)
	if !a.CompellingGrounds() {
		grounds = one(w.say("no_grounds"))
	}
	d.section("objection", d.row("how", d.said(a.Objection.How)), d.row("grounds", grounds))
	dpia := a.DPIA
	if config.SaysNothing(dpia) {
		dpia = w.say("no_dpia")
	}
	var consulted []Value
	for _, who := range a.Consulted {
		consulted = append(consulted, d.said(who))
	}
	d.section("outcome", d.row("dpia", one(dpia)), d.row("dpo_advice", d.said(a.DPOAdvice)),
		d.row("consulted", consulted...))
}

// surroundings are what is approved with it: purposes, recipients, and what rests on it.
func (d *dossier) surroundings() {
	w := d.words
	var purposes, activities []Row
	for _, id := range d.a.Purposes {
		texts := d.around.Purposes[id]
		described := d.said(basis.Text(texts.Description))
		if described.Text == "" {
			described = one(id)
		}
		purposes = append(purposes, Row{d.said(basis.Text(texts.Title)).Text, []Value{described}})
	}
	d.section("purposes", purposes...)
	d.recipients()
	for _, a := range d.rests {
		said := w.say("activity_events", "events", w.events(a.Events))
		if slices.Contains(a.Events, "*") {
			said = w.say("activity_all_events")
		}
		values := plain(w.say("activity", "vendor", d.vendor(a.Vendor), "purposes", d.titles(a.Purposes)), said)
		if len(a.ExceptEvents) > 0 {
			values = append(values, one(w.say("activity_except_events", "events", w.events(a.ExceptEvents))))
		}
		values = append(values, one(w.say("activity_profile", "profile", a.Profile)))
		if a.Transfer != nil {
			values = append(values, one(w.say("activity_transfer", "country", w.country(a.Transfer.Country),
				"safeguard", d.lawfulBy(a.Transfer))))
		}
		if a.Exemption != "" {
			values = append(values, one(w.say("activity_exemption", "exemption", named(w.Exemptions, a.Exemption))))
		}
		activities = append(activities, Row{a.ID, values})
	}
	d.section("activities", activities...)
	d.promises()
}

// promises are what is published that never happens, as far as it may be about what rests on it.
func (d *dossier) promises() {
	var rows []Row
	for _, p := range config.Published(d.l) {
		if slices.ContainsFunc(d.rests, func(a *config.Activity) bool { return p.MayConcern(d.l, a) }) {
			rows = append(rows, Row{p.ID, []Value{d.said(basis.Text(p.Says))}})
		}
	}
	d.section("promises", rows...)
}

// titles are what purposes are called.
func (d *dossier) titles(ids []string) string {
	var all []string
	for _, id := range ids {
		all = append(all, d.said(basis.Text(d.around.Purposes[id].Title)).Text)
	}
	return strings.Join(all, "; ")
}

// vendor is what a recipient is called.
func (d *dossier) vendor(id string) string {
	if vendor := vendorOf(d.l, id); vendor != nil {
		return vendor.Catalog.Name
	}
	return id
}

func (d *dossier) recipients() {
	w := d.words
	var rows []Row
	for _, id := range d.a.Recipients {
		values := plain(d.around.Hosts[id]...)
		if vendor := vendorOf(d.l, id); vendor != nil && !d.old {
			where := w.say("vendor_anywhere", "name", vendor.Catalog.Name)
			if country := cmp.Or(d.l.Server.Vendors[id].Country, vendor.Catalog.Country); country != "" {
				where = w.say("vendor", "name", vendor.Catalog.Name, "country", w.country(country))
			}
			values = slices.Concat(plain(d.persons(id)...), plain(where), values)
		}
		rows = append(rows, Row{d.vendor(id), values})
	}
	rows = append(rows, d.row("retention", one(w.period(d.a.Retention))))
	d.section("recipients", rows...)
}

// persons are the legal persons who receive what a vendor gets: a product is none.
func (d *dossier) persons(vendor string) []string {
	var all []string
	of := d.l.RecipientOf(vendor)
	for _, reader := range catalog.Readers() {
		person, country, ok := catalog.SplitEntity(of.Entity.For(reader))
		if said := d.words.say("vendor", "name", person, "country", d.words.country(country)); ok &&
			!slices.Contains(all, said) {
			all = append(all, said)
		}
	}
	return all
}

// approval says who approved it, in which role, when, and over what.
func (d *dossier) approval(by string, kept *Version) {
	w := d.words
	rows := []Row{d.row("signed_by", one(d.signer(by)))}
	if by == "" {
		rows = []Row{d.row("signed_by", one(w.say("not_signed")))}
	}
	if kept != nil {
		rows = append(rows, d.row("signed_on", one(w.say("signed_on_note", "day", w.date(kept.At.Time)))),
			d.row("despite", plain(kept.Despite...)...), d.row("because", one(kept.Because)),
			d.row("public_key", one(kept.Key)))
	}
	rows = append(rows, d.row("digest", one(d.digest.String())))
	if r := d.l.RevocationOf(d.a.ID, d.a.Version); r != nil {
		who := w.say("revoked_unsigned")
		if r.By != "" {
			who = d.signer(r.By)
		}
		rows = append(rows, d.row("revoked", one(w.date(r.At.Time)), one(r.Because), one(who)))
	}
	d.section("approval", rows...)
}

// signer is who has a key: name and role where the server file says them, else what it calls the approver.
func (d *dossier) signer(key string) string {
	id, _, _ := strings.Cut(key, "+")
	var approver config.Approver
	if slices.ContainsFunc(d.l.Approvers, func(a basis.Approver) bool { return a.Key() == key }) {
		approver = d.l.Server.Approvers[id]
	}
	switch name := approver.Name; {
	case name != "" && approver.Role != "":
		return d.words.say("signer", "name", name, "role", approver.Role)
	case name != "":
		return name
	case approver.Role != "":
		return d.words.say("signer", "name", id, "role", approver.Role)
	default:
		return d.words.say("signer_unnamed", "name", id)
	}
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
		said := "version_edited"
		if v.Verified {
			said = "version_said"
		}
		text := d.words.say(said, "day", d.words.date(v.At.Time), "name", d.signer(v.By))
		rows = append(rows, Row{d.words.say("version") + " " + strconv.Itoa(n), plain(text)})
	}
	d.section("versions", rows...)
	return nil
}

// lawfulBy is what makes a transfer lawful, by where visitors are.
func (d *dossier) lawfulBy(t *config.Transfer) string {
	if all, one := t.Safeguard[""]; one {
		return all
	}
	var said []string
	for _, reader := range catalog.Readers() {
		if text := t.Safeguard[reader]; text != "" {
			said = append(said, named(d.words.Readers, reader)+d.words.Colon+" "+text)
		}
	}
	return strings.Join(said, ", ")
}
