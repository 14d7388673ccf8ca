package rules

import (
	"sync"

	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/names"
)

// openings say of each field of a vendor of which classes a value may be taken to be beside those that the catalog says
// (see [catalog.MayBe]): by its name, where names are the site's, as an address of a page, or as a place.
type openings map[*catalog.Vendor][]Classes

// calledSo are the classes that a name may say something is of.
var calledSo = sync.OnceValue(func() (set Classes) {
	for c := hit.Unknown + 1; c < hit.NumClasses; c++ {
		if names.Says(c) {
			set |= ClassesOf(c)
		}
	}
	return set
})

// of says it of the fields of a vendor.
func (o openings) of(v *catalog.Vendor) []Classes {
	if known := o[v]; known != nil {
		return known
	}
	all := make([]Classes, len(v.Fields))
	for i, of := range v.MayBe() {
		if v.Fields[i].Class == hit.Container { // of a value that stands in its place nothing is known, and nothing leaves
			continue
		}
		if of.Called {
			all[i] |= calledSo()
		}
		if of.Address {
			all[i] |= ClassesOf(hit.URL)
		}
		if of.Place {
			all[i] |= ClassesOf(hit.PreciseGeo)
		}
	}
	o[v] = all
	return all
}
