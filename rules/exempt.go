package rules

import (
	"slices"

	"github.com/tagwarden/tagwarden/rules/basis"
)

// Exemption is what a country's law or authority says of measuring the audience of one's own pages without consent, as
// regions.yaml has it.
type Exemption struct {
	From    basis.Day // the first day on which it holds
	Checked basis.Day // when somebody last looked
	Source  string
}

// AudienceMeasurement returns the countries, by their ISO codes in alphabetical order, where measuring the audience of
// one's own pages may do without consent.
func AudienceMeasurement() []string { return slices.Clone(world.audienceCountries) }

// AudienceMeasurement returns what the law or the authority says where the region lies in one country, or in a part of
// one. False where nobody says that measuring an audience may do without consent.
func (r Region) AudienceMeasurement() (Exemption, bool) {
	e, ok := world.audience[r.Country]
	return e, ok
}
