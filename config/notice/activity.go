package notice

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// builder puts activities into words.
type builder struct {
	loaded   *config.Loaded
	words    *words
	lang     string
	sites    []*rules.Site
	at       time.Time
	warnings []string
	ends     map[string]bool   // activities that end with a refusal of consent
	titles   map[string]string // of events, by their names
}

func (b *builder) warn(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(b.warnings, text) {
		b.warnings = append(b.warnings, text)
	}
}

// activity says what a visitor is told of an activity; nil where it does not take
// place on the notice's sites at its time.
func (b *builder) activity(a *rules.Activity, written *config.Activity) *Activity {
	hosts, all := b.hostsOf(written)
	if len(hosts) == 0 {
		if len(b.sites) == len(b.loaded.Policy.Sites()) {
			b.warn("activity %s is left out: no site sends hits to %s for it", a.ID, a.Recipient.ID)
		}
		return nil
	}
	if why := b.loaded.Stopped(a, b.at); why != "" {
		b.warn("activity %s is left out, it does not take place: %s", a.ID, why)
		return nil
	}
	said := b.words.basis(a.Basis, written.Explicit)
	readers := b.loaded.Readers(written)
	n := &Activity{
		ID: a.ID, Recipient: b.recipient(a.Recipient, readers), Basis: a.Basis.String(), Explicit: written.Explicit,
		BasisName: said.Name, Article: said.Article, Refuse: said.Refuse,
		Reference: a.Reference, Data: b.data(a), Events: written.Events, Titles: b.events(written.Events),
		Except: written.ExceptEvents, Excepted: b.events(written.ExceptEvents),
		ConsentAge: b.words.period(written.ConsentMaxAge), Transfer: b.transfer(written, readers),
	}
	for _, code := range written.Regions {
		n.Regions = append(n.Regions, b.words.country(code))
	}
	if !all {
		n.Sites = hosts
	}
	for _, id := range a.PurposeIDs {
		n.Purposes = append(n.Purposes, b.purpose(id))
	}
	n.Group = groupOf(a.Basis, n.marketing())
	b.ends[a.ID] = n.Group != "needed" && a.Basis.OpenToObjection() && written.AfterRefusal == nil
	if n.Group == "object" && n.marketing() {
		n.Refuse = b.words.Texts["refuse_marketing"]
		if a.Basis == basis.LegitimateInterest {
			n.Refuse += " {how}."
		}
	}
	b.interest(n, a)
	if of := written.AfterRefusal; of != nil {
		because := strings.TrimRight(b.text(of.Because, "activity "+a.ID+": the reason of after_refusal").Text, ". ")
		n.Refuse += " " + fill(b.words.Texts["after_refusal"], "because", because)
	}
	n.Retention = b.words.period(retention(b.loaded, a, written))
	if of := b.loaded.Policy.Assessments().Assessment(a.Assessment); of != nil && !written.Retention.IsZero() &&
		written.Retention != of.Retention {
		b.warn("activity %s: its retention is %s, that of assessment %s is %s: the assessment's is said", a.ID,
			written.Retention, of.ID, of.Retention)
	}
	n.Signals = b.signals(a, written)
	n.Device, n.Decision, n.Duty = b.device(written, n.Recipient.Name), b.decision(written), b.duty(written)
	return n
}

// interest says what a legitimate interest is, and how one objects.
func (b *builder) interest(n *Activity, a *rules.Activity) {
	if a.Basis != basis.LegitimateInterest {
		return
	}
	of := b.loaded.Policy.Assessments().Assessment(a.Assessment)
	how := strings.TrimRight(b.assessed(of, of.Objection.How), ". ")
	n.Interest, n.Benefit = b.assessed(of, of.Interest.What), b.assessed(of, of.Interest.Benefit)
	n.Refuse = fill(n.Refuse, "how", how)
	if of.CompellingGrounds() {
		n.Grounds = strings.TrimRight(b.assessed(of, of.Objection.CompellingGrounds), ". ")
	}
}

// assessed is a text of an assessment in the notice's language, or the one that there is.
func (b *builder) assessed(of *basis.Assessment, text basis.Text) string {
	said, in := text.In(b.lang)
	switch {
	case in == "":
		b.warn("assessment %s: its texts (interest, objection) name no language and are shown as they are", of.ID)
	case in != b.lang && !strings.HasPrefix(in, b.lang+"-"):
		b.warn("assessment %s: its texts (interest, objection) are missing in %s: they are shown in %s", of.ID, b.lang, in)
	}
	return said
}

// retention is how long the recipient keeps the data: what the assessment says, else the activity.
func retention(l *config.Loaded, a *rules.Activity, written *config.Activity) basis.Period {
	if of := l.Policy.Assessments().Assessment(a.Assessment); of != nil {
		return of.Retention
	}
	return written.Retention
}

// hostsOf lists the hosts of the notice's sites that an activity takes place on;
// all is true where those are all of them.
func (b *builder) hostsOf(a *config.Activity) (hosts []string, all bool) {
	all = true
	for _, s := range b.sites {
		if takesPlaceOn(b.loaded, a, s.ID) {
			of := b.loaded.Server.Sites[s.ID]
			hosts = append(hosts, of.SeenHosts()...)
		} else {
			all = false
		}
	}
	return hosts, all
}

// takesPlaceOn tells whether hits of a site can be carried by an activity.
func takesPlaceOn(l *config.Loaded, a *config.Activity, site string) bool {
	vendors := l.Server.Sites[site].Vendors
	return (len(a.Sites) == 0 || slices.Contains(a.Sites, site)) &&
		(len(vendors) == 0 || slices.Contains(vendors, a.Vendor))
}

func (b *builder) purpose(id string) Purpose {
	p := b.loaded.Purposes[id]
	n := Purpose{ID: id, Title: b.text(p.Title, "purpose "+id+": title"), DirectMarketing: p.DirectMarketing}
	if len(p.Description) > 0 {
		n.Description = b.text(p.Description, "purpose "+id+": description")
	}
	return n
}

// text chooses a language: the notice's own, a variety of it, a text that names none, English, whichever comes first.
func (b *builder) text(t config.Text, what string) TextPart {
	if text, ok := t[b.lang]; ok {
		return TextPart{Text: joined(text)}
	}
	languages := slices.Sorted(maps.Keys(t))
	for _, lang := range languages {
		if strings.HasPrefix(lang, b.lang+"-") {
			return TextPart{Text: joined(t[lang])}
		}
	}
	if text, ok := t[""]; ok {
		b.warn("%s names no language and is shown as it is", what)
		return TextPart{Text: joined(text)}
	}
	if _, ok := t["en"]; ok {
		languages = []string{"en"}
	}
	if len(languages) == 0 {
		return TextPart{}
	}
	b.warn("%s is missing in %s: it is shown in %s, and marked", what, b.lang, languages[0])
	return TextPart{Text: joined(t[languages[0]]), Lang: languages[0]}
}

// joined writes a text in one line. Spaces that break no line stay: French has them before signs.
func joined(text string) string { return strings.Join(strings.FieldsFunc(text, isBlank), " ") }

func isBlank(r rune) bool { return r < unicode.MaxASCII && unicode.IsSpace(r) }

func (b *builder) data(a *rules.Activity) []Data {
	all := []Data{}
	for _, t := range a.Treatments() {
		all = append(all, Data{
			Class: t.Class.String(), Field: t.Field, Minimiser: t.Action.Kind().String(),
			What: b.words.Classes[t.Class.String()], Done: t.Action.Effect(b.lang),
		})
	}
	if tellsState(a) {
		class := hit.ConsentSignal.String()
		all = slices.DeleteFunc(all, func(d Data) bool { return d.Class == class && d.Field == "" })
		all = append(all, Data{
			Class: class, Minimiser: "state", What: b.words.Classes[class], Done: b.words.Texts["state"],
		})
	}
	return slices.CompactFunc(all, func(x, y Data) bool { return x == y })
}

// tellsState tells whether the recipient is told of the visitor's choices whatever the page
// and the profile say: see the catalog.
func tellsState(a *rules.Activity) bool {
	return slices.ContainsFunc(a.Recipient.Catalog.File.State, func(s catalog.StateFile) bool {
		return len(s.Always)+len(s.Silent) > 0
	})
}

// signals says which signals of the browser count as a no: those that every site of the activity reads, and one of its
// purposes heeds. Global Privacy Control is an opt-out, too, of what a purpose is under the laws of US states.
func (b *builder) signals(a *rules.Activity, written *config.Activity) []string {
	reads := func(which func(*config.Signals) bool) bool {
		for _, s := range b.sites {
			of := b.loaded.Server.Sites[s.ID].Signals
			if takesPlaceOn(b.loaded, written, s.ID) && !which(&of) {
				return false
			}
		}
		return true
	}
	heeds := func(which func(*config.Purpose) bool) bool {
		return slices.ContainsFunc(a.PurposeIDs, func(id string) bool {
			p := b.loaded.Purposes[id]
			return which(&p)
		})
	}
	if !a.Basis.OpenToObjection() {
		return nil // no signal is asked for, but for direct marketing
	}
	var said []string
	closes := func(p *config.Purpose) bool { return p.GPC == "object" || a.Basis == basis.OptOut && len(p.US) > 0 }
	if reads(func(s *config.Signals) bool { return s.GPC != nil }) && heeds(closes) {
		said = append(said, b.words.Texts["gpc"])
	}
	if reads(func(s *config.Signals) bool {
		return s.DNT != nil
	}) && heeds(func(p *config.Purpose) bool { return p.DNT == "object" }) {
		said = append(said, b.words.Texts["dnt"])
	}
	return said
}
