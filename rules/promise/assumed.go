package promise

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// Assumption is something that a proof rests on and that no policy shows.
type Assumption struct {
	Kind string // declared, when, shared, country
	Says string // in a sentence
}

// The kinds of assumptions.
const (
	Declared = "declared"
	When     = "when"
	Shared   = "shared"
	Abroad   = "country"
)

// assumed lists what the proof of a promise rests on.
func (p *proof) assumed(of *Promise) []Assumption {
	all := []Assumption{{Declared,
		"fields are what catalog and policy declare them to be; what people type into them is not proved"}}
	var conditions, places, nowhere, shared []string
	add := func(list *[]string, text string) {
		if !slices.Contains(*list, text) {
			*list = append(*list, text)
		}
	}
	abroad := len(of.Never.Countries) > 0 || of.Unless != nil && len(of.Unless.Countries) > 0
	events := !of.Never.Events.IsEmpty() || of.Unless != nil && !of.Unless.Events.IsEmpty()
	unless := Condition{}
	if of.Unless != nil {
		unless = *of.Unless
	}
	for _, a := range p.policy.Activities() {
		if !of.Never.isOfVendor(a) || !of.Never.isOnBasis(a) {
			continue
		}
		if abroad {
			for _, place := range p.places[a] {
				if place.Guessed {
					add(&places, fmt.Sprintf("%s in %s", a.Recipient.ID, place.Country))
				}
			}
			if len(p.places[a]) == 0 {
				add(&nowhere, a.Recipient.ID)
			}
		}
		if !of.Never.mayBe(a, p.places[a]) || of.Unless != nil && !unless.saysOfFields() && !unless.saysOfHits() &&
			unless.surelyIs(a, p.places[a]) {
			continue
		}
		if a.When() != "" {
			add(&conditions, a.ID)
		}
		if events {
			for _, o := range p.sharing(a) {
				add(&shared, o)
			}
		}
	}
	say := func(kind string, list []string, format string) {
		if len(list) > 0 {
			all = append(all, Assumption{kind, fmt.Sprintf(format, strings.Join(list, ", "))})
		}
	}
	say(When, conditions, "the condition (when) of %s is taken as met")
	say(Shared, shared, "what a whole request shares leaves with those of its events that stay, and not with the one "+
		"that the promise is about: %s")
	say(Abroad, places, "the catalog's countries are taken, though the addresses are others than the catalog's: %s; "+
		"write vendors.ID.country in the server file")
	say(Abroad, nowhere, "nobody says in which country the machines of %s stand, so they count as outside; "+
		"write vendors.ID.country in the server file")
	return all
}

// sharing lists the endpoints of an activity's vendor at which a request holds more than an event.
func (p *proof) sharing(a *rules.Activity) (all []string) {
	for i := range p.flows {
		f := &p.flows[i]
		if !slices.Contains(f.Activities, a) || !f.Endpoint.Batches {
			continue
		}
		n := 0
		for j := range f.Leaving {
			if l := &f.Leaving[j]; l.Around && !l.Constant() && l.By != rules.ByPath {
				n++
			}
		}
		if n > 0 {
			all = append(all, fmt.Sprintf("%s %s (%s and headers)", a.Recipient.ID, f.Endpoint.ID, plural.Of(n, "field")))
		}
	}
	return all
}
