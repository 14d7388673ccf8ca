package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/promise"
)

// prove proves the promises over the compiled policy. A broken one is a fault, unless somebody asked which are.
func (r *reading) prove() {
	if r.promises == nil {
		return
	}
	r.loaded.Proofs = Prove(r.loaded, r.loaded.Promises)
	for i := range r.loaded.Proofs {
		proof, at := &r.loaded.Proofs[i], strict.Path("promises", i, "never")
		switch proof.State {
		case promise.Broken:
			if !r.examines {
				r.faults.At(r.promises, at, "promise %s is broken: %s", proof.Promise.ID,
					Breaks(r.loaded, proof, Places{profiles: r.profiles, activities: r.activities}))
			}
		case promise.Vacuous:
			r.warnings.At(r.promises, at, "promise %s says nothing: no vendor, event or field of this policy could break it; "+
				"look whether it names what was meant", proof.Promise.ID)
		case promise.Kept, promise.Untold: // of the latter a proof says nothing: records can be untold
		}
	}
}

// Prove proves promises over the policy, its own or another's. A name that this
// policy does not know is of nothing in it.
func Prove(l *Loaded, promises []Promise) []promise.Result {
	compiled := make([]promise.Promise, len(promises))
	for i := range promises {
		compiled[i] = promises[i].compiled()
	}
	return promise.Prove(l.Policy, compiled, Whereabouts(l))
}

// compiled resolves the names of a promise, which were found to be right.
func (p *Promise) compiled() promise.Promise {
	c := promise.Promise{ID: p.ID, Never: p.Never.condition().compiled()}
	if p.Never.Unless != nil {
		unless := p.Never.Unless.compiled()
		c.Unless = &unless
	}
	return c
}

func (u *Unless) compiled() promise.Condition {
	c := promise.Condition{
		Vendors: u.Vendor, Fields: u.Field, Purposes: u.Purpose, Sites: u.Site, Events: rules.EventNamesOf(u.Event),
	}
	for _, name := range u.Class {
		class, ok := hit.ParseClass(name)
		mustBeKnown(ok, name)
		c.Classes |= rules.ClassesOf(class)
	}
	for _, name := range u.Basis {
		b, ok := basis.Parse(name)
		mustBeKnown(ok, name)
		c.Bases = append(c.Bases, b)
	}
	for _, name := range u.Country {
		country, err := promise.ParseCountry(name)
		mustBeKnown(err == nil, name)
		c.Countries = append(c.Countries, country)
	}
	for _, name := range u.Region {
		region, err := rules.ParseRegion(name)
		mustBeKnown(err == nil, name)
		c.Regions = append(c.Regions, region)
	}
	if u.LooserThan != nil {
		c.LooserThan = promise.NewMinimiser(u.LooserThan.Spec, u.LooserThan.Parameters)
	}
	return c
}

func mustBeKnown(known bool, name string) {
	if !known {
		panic("BUG: an unknown word of a promise came through: " + name)
	}
}

// Whereabouts are the countries where what travels on activities goes: those that somebody wrote, else the catalog's.
func Whereabouts(l *Loaded) promise.Where {
	return func(a *rules.Activity) (places []promise.Place) {
		add := func(country string, guessed bool) {
			if of := (promise.Place{Country: country, Guessed: guessed}); country != "" && !slices.Contains(places, of) {
				places = append(places, of)
			}
		}
		for i := range l.Activities {
			if of := &l.Activities[i]; of.ID == a.ID && of.Transfer != nil {
				add(of.Transfer.Country, false)
			}
		}
		written, file := l.Server.Vendors[a.Recipient.ID], a.Recipient.Catalog.File
		if add(written.Country, false); len(places) == 0 {
			add(file.Country, !atItsOwn(written, file))
		}
		return places
	}
}

// Breaks says how a promise is broken, and by which line: "activity ... sends ...; policy/profiles.yaml:12:7 lets it
// through".
func Breaks(l *Loaded, proof *promise.Result, places Places) string {
	c := proof.Counter
	text := c.String() + "; "
	if at := lineOf(c.Line, places.profiles); at != "" {
		text += at + " lets it through"
	} else {
		text += "no line of profile " + c.Activity.Profile + " drops it"
	}
	if i := slices.IndexFunc(l.Activities, func(a Activity) bool { return a.ID == c.Activity.ID }); i >= 0 {
		text += fmt.Sprintf(" (activity at %s)", places.Activity(i))
	}
	if c.Nowhere {
		text += fmt.Sprintf("; nobody says in which country its machines stand, so they count as outside: write "+
			"vendors.%s.country in %s", c.Activity.Recipient.ID, l.Source.Path)
	}
	if n := len(proof.Others); n > 0 {
		text += "; " + others(proof.Others)
	}
	return text
}

// others says which other activities break a promise.
func others(ids []string) string {
	const most = 3
	text := "so does "
	if len(ids) > 1 {
		text = "so do "
	}
	text += strings.Join(ids[:min(len(ids), most)], ", ")
	if len(ids) > most {
		text += fmt.Sprintf(" and %d more", len(ids)-most)
	}
	return text
}

// lineOf is where a line of a profile stands; "" where no line does.
func lineOf(line rules.Line, profiles *strict.Document) string {
	if line.Profile == "" {
		return ""
	}
	at := strict.Path("profiles", line.Profile)
	for _, step := range line.At {
		at = append(at, step)
	}
	return cmp.Or(place(profiles, at), line.Profile)
}
