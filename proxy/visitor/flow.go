package visitor

import (
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/rules"
)

// Flow is that a recipient receives data for a purpose: in which case, and on which basis.
type Flow struct {
	Vendor    string // its id
	When      When
	Basis     Basis
	Reference string         // the contract or law that asks for it; "" where none does
	Regions   []rules.Region // where the visitor has to be; nil: anywhere
}

// Basis is a lawful basis, in words.
type Basis struct {
	Right   bool   // a legitimate interest, or a task in the public interest: Art. 21(1) gives a right to object
	Name    string // "A legitimate interest"
	Article string // "Art. 6(1)(f) GDPR"
}

// When is in which case data are passed on, as far as that is the visitor's to say. Its zero value is no case.
type When uint8

// The cases. Saying no ends the first three, and none of the others.
const (
	AfterConsent   When = 1 + iota // only after a yes: saying no is withdrawing it
	UntilObjection                 // unless the visitor objects
	UntilOptOut                    // until the visitor opts out, in states whose laws provide for that
	ForContract                    // a contract with the visitor asks for it
	ByLaw                          // a legal obligation does
	ForLife                        // a vital interest does

	numWhens
)

var whenKeys = [numWhens]string{
	AfterConsent: "consent", UntilObjection: "objection", UntilOptOut: "opt_out", ForContract: "contract", ByLaw: "law",
	ForLife: "life",
}

// Open tells whether saying no ends it.
func (w When) Open() bool { return w >= AfterConsent && w <= UntilOptOut }

// whens are cases, as bits.
type whens uint8

func (all whens) has(w When) bool { return all&(1<<w) != 0 }

// only tells whether a case is all there is.
func (all whens) only(w When) bool { return all == 1<<w }

// open are those that saying no ends.
func (all whens) open() whens { return all & (1<<AfterConsent | 1<<UntilObjection | 1<<UntilOptOut) }

// key names them in the words' keys: "consent", "consent_objection".
func (all whens) key() string {
	var names []string
	for w := AfterConsent; w < numWhens; w++ {
		if all.has(w) {
			names = append(names, whenKeys[w])
		}
	}
	return strings.Join(names, "_")
}

// here tells whether it takes place where a visitor is.
func (f *Flow) here(where Where) bool {
	return f.Regions == nil || slices.ContainsFunc(f.Regions, where.Region.In)
}

// Heeds tells whether Global Privacy Control counts for the purpose, wherever the visitor is.
func (p *Purpose) Heeds() bool { return p.GPC || p.mayOptOut() }

// mayOptOut tells whether laws of US states let people opt out of the purpose as it takes place somewhere.
func (p *Purpose) mayOptOut() bool {
	anywhere := whensOf(p.Flows)
	return p.US && (anywhere.has(UntilOptOut) || anywhere.has(AfterConsent))
}

// optsOut tells whether Global Privacy Control opts a visitor out of the purpose where they are: of what may go on
// until they do, and, where the opt-out is kept, of what they consented to as well:
// no consent is younger than the signal.
func (p *Purpose) optsOut(where Where) bool {
	here := whensOf(p.flows(where))
	return p.US && (where.OptOut && here.has(UntilOptOut) ||
		where.Keeps && (here.has(UntilOptOut) || here.has(AfterConsent)))
}

// flows are a purpose's where the visitor is. Where a recipient receives data until the visitor opts out, a consent
// changes nothing in that: that it is asked for as well is left out.
func (p *Purpose) flows(where Where) []Flow {
	var all []Flow
	anyhow := map[string]bool{}
	for i := range p.Flows {
		if f := &p.Flows[i]; f.here(where) {
			all = append(all, *f)
			anyhow[f.Vendor] = anyhow[f.Vendor] || f.When == UntilOptOut
		}
	}
	return slices.DeleteFunc(all, func(f Flow) bool { return f.When == AfterConsent && anyhow[f.Vendor] })
}

// whensOf are the cases in which flows take place.
func whensOf(flows []Flow) (all whens) {
	for i := range flows {
		all |= 1 << flows[i].When
	}
	return all
}

// whens are the cases of all that is said here: where the visitor is, and where that is nothing, anywhere.
func (l *Language) whens(where Where) (all whens) {
	for i := range l.Purposes {
		all |= whensOf(l.Purposes[i].flows(where))
	}
	if all == 0 {
		for i := range l.Purposes {
			all |= whensOf(l.Purposes[i].Flows)
		}
	}
	return all
}

// right tells whether something takes place, where the visitor is, that Art. 21(1) gives a right to object to.
func (l *Language) right(where Where) bool {
	return slices.ContainsFunc(l.Purposes, func(p Purpose) bool {
		return slices.ContainsFunc(p.flows(where), func(f Flow) bool { return f.Basis.Right })
	})
}

// sale tells whether something that takes place where the visitor is, with a recipient ("" any), is sale or sharing.
func (l *Language) sale(where Where, vendor string) bool {
	return slices.ContainsFunc(l.Purposes, func(p Purpose) bool {
		theirs := func(f Flow) bool { return vendor == "" || f.Vendor == vendor }
		return p.Sale && slices.ContainsFunc(p.flows(where), theirs)
	})
}

// marketing tells whether something takes place, where the visitor is, that is direct marketing.
func (l *Language) marketing(where Where) bool {
	return slices.ContainsFunc(l.Purposes, func(p Purpose) bool { return p.DirectMarketing && len(p.flows(where)) > 0 })
}
