package rules

import (
	"cmp"
	"slices"

	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
	"github.com/tagwarden/tagwarden/rules/names"
)

// Treatment is what an activity does to fields of a class that its vendor may be sent.
type Treatment struct {
	Class hit.Class
	// the vendor's name of the one field that a line of the profile is about; "" for the others of the class
	Field  string
	Action *minimise.Action // what becomes of the value; never nil, for what is dropped is not listed
}

// Treatments lists what an activity lets through of a visitor's data, sorted by class: read from the very plan that
// judging uses. What says nothing about a visitor (see [hit.Class.KeptByDefault]) is left out, as is a class that no
// field of the vendor has.
func (a *Activity) Treatments() []Treatment {
	var all []Treatment
	add := func(t Treatment) {
		if t.Action != nil && !t.Class.KeptByDefault() && !slices.Contains(all, t) {
			all = append(all, t)
		}
	}
	vendor := a.Recipient.Catalog
	for i := range vendor.Fields {
		f, action := &vendor.Fields[i], a.plan.byField[i]
		t := Treatment{Class: f.Class, Action: action}
		if a.plan.fieldLines[i] != "" {
			t.Field = f.Path
			if f.Says != hit.Unknown {
				t.Class = f.Says
			}
		}
		add(t)
		if !f.Names || action == nil {
			continue
		}
		for class, known := range a.plan.byClass {
			// a member may have a name that says more of it, and is then treated as strictly as both ask
			if known != nil && names.Says(hit.Class(class)) && minimise.Both(action, known) != nil {
				add(Treatment{Class: hit.Class(class), Action: known})
			}
		}
	}
	for i := range vendor.Endpoints { // the address is known from the connection
		if c := vendor.Endpoints[i].Carry; c.Query != "" || c.Header != "" || c.Field != "" {
			add(Treatment{Class: hit.IP, Action: a.plan.byClass[hit.IP]})
		}
		if stream := a.plan.byClass[hit.Recording]; vendor.Endpoints[i].Kind == catalog.Opaque &&
			stream.Kind() == minimise.Keep && a.Basis != basis.LegitimateInterest {
			add(Treatment{Class: hit.Recording, Action: stream})
		}
	}
	slices.SortStableFunc(all, func(x, y Treatment) int {
		return cmp.Or(cmp.Compare(x.Class.String(), y.Class.String()), cmp.Compare(x.Field, y.Field),
			cmp.Compare(x.Action.Rank(), y.Action.Rank()))
	})
	return all
}
