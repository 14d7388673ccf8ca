// Package promise proves what a policy promises: that something never leaves. A promise is proved over a compiled
// policy ([Prove]): every activity, endpoint, field, header, constant and region of it is looked at, and none is
// sampled. It promises never to say kept where something could get through: where it cannot tell, a promise is broken.
// It proves what fields are declared to be, and not what people type into them.
package promise

import (
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// Promise says what never happens, but for an exception.
type Promise struct {
	ID     string
	Never  Condition
	Unless *Condition // nil: there is no exception
}

// Condition holds for what leaves where each of its keys does; a key holds where one of its list does, and where
// nothing is listed. An exception holds only where it surely does: of all of an activity's purposes, say.
type Condition struct {
	Classes    rules.Classes
	Vendors    []string // ids of vendors, and of catalog entries
	Countries  []Country
	Fields     []string // as catalog and policy name them
	Purposes   []string
	Regions    []rules.Region // where the visitor is
	Sites      []string
	Events     rules.EventNames
	Bases      []basis.Basis
	LooserThan *Minimiser // only what lets more through than this
}

// Minimiser is a minimiser as a bound: by its rank, and by its parameters where somebody wrote them.
type Minimiser struct {
	kind       minimise.Kind
	parameters bool
	by         [hit.NumClasses]*minimise.Action // with parameters: nil where it is not for the class
}

// NewMinimiser makes a bound.
func NewMinimiser(spec minimise.Spec, parameters bool) *Minimiser {
	m := &Minimiser{kind: spec.Kind, parameters: parameters}
	if !parameters {
		return m
	}
	for c := range m.by {
		if action, err := minimise.Compile(spec, hit.Class(c)); err == nil {
			m.by[c] = action
		}
	}
	return m
}

// under tells whether an action for a class lets more through: it is of a minimiser of a lower rank, or of this one
// with parameters that nobody can say to let through no more.
func (m *Minimiser) under(a *minimise.Action) bool {
	if a.Kind() != m.kind {
		return a.Rank() < m.kind.Rank()
	}
	return m.parameters && a != nil && !a.NoLooserThan(m.by[a.Class()])
}

// IsEmpty tells whether a condition says nothing: it holds always.
func (c *Condition) IsEmpty() bool {
	return c.Classes == 0 && len(c.Vendors)+len(c.Countries)+len(c.Fields)+len(c.Purposes)+len(c.Regions)+len(c.Sites)+
		len(c.Bases) == 0 && c.Events.IsEmpty() && c.LooserThan == nil
}

// Where says in which countries the machines of an activity's vendor stand, as far as somebody says it.
type Where func(a *rules.Activity) []Place

// Place is a country where a vendor's machines stand.
type Place struct {
	Country string // ISO 3166-1
	Guessed bool   // the catalog says so, and what it says is of other addresses than the vendor's
}

// State is what a proof comes to.
type State string

// The states.
const (
	Kept    State = "kept"
	Broken  State = "broken"
	Vacuous State = "vacuous" // kept, and no profile could break it
)

// Result is what the proof of a promise comes to.
type Result struct {
	Promise *Promise
	State   State
	Counter *Counter     // of a broken one: the smallest way
	Others  []string     // of a broken one: the other activities that break it, in their order
	Assumed []Assumption // what the proof rests on
}

// Counter is a way in which a promise is broken.
type Counter struct {
	Site     string
	Region   string // "" where nobody knows it
	Activity *rules.Activity
	Endpoint string
	Event    string // a name that ends in an ellipsis stands for any that begins so
	Field    string
	Class    string // the promise's, where it names classes
	Action   *minimise.Action
	By       rules.By
	Named    bool // only where a site calls something so, or it is found in a value
	Inside   bool // as a parameter of an address that stands in the field
	Line     rules.Line
	Nowhere  bool // nobody says in which country the vendor's machines stand
}
