package promise

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/rules"
)

// Country is a country or a group of them, or all outside of a group.
type Country struct {
	within  rules.Region
	outside bool
}

// outsideOf stands before the name of a group whose countries are left out.
const outsideOf = "outside-"

// ParseCountry reads an ISO 3166-1 code, the name of a group (EU, EEA), or outside-EEA.
func ParseCountry(text string) (Country, error) {
	code, outside := strings.CutPrefix(text, outsideOf)
	region, err := rules.ParseRegion(code)
	if err != nil || code != strings.ToUpper(code) || region.Part != [3]byte{} || outside &&
		!slices.Contains(rules.RegionGroups(), code) {
		return Country{}, fmt.Errorf("%q is no country: an ISO 3166-1 code (US), a group (EU, EEA, UK, CH, US), "+
			"outside-EEA and outside-EU are", text)
	}
	return Country{region, outside}, nil
}

// has tells whether a place is there.
func (c Country) has(p Place) bool {
	region, err := rules.ParseRegion(p.Country)
	return err == nil && region.In(c.within) != c.outside
}

// anyOf tells whether something may go to one of the countries: where nobody says to which it goes, it may.
func anyOf(countries []Country, places []Place) bool {
	return len(countries) == 0 || len(places) == 0 || slices.ContainsFunc(places, func(p Place) bool {
		return slices.ContainsFunc(countries, func(c Country) bool { return c.has(p) })
	})
}

// allOf tells whether all goes to these countries.
func allOf(countries []Country, places []Place) bool {
	return len(countries) == 0 || len(places) > 0 && !slices.ContainsFunc(places, func(p Place) bool {
		return !slices.ContainsFunc(countries, func(c Country) bool { return c.has(p) })
	})
}
