package config

import (
	"strings"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// appearance holds an activity against what may be read from the device so that a service looks and works as its
// visitor prefers: in the UK alone, of a service of one's own, for nothing else, told of, and until people object.
func (c exemptions) appearance(
	a *Activity, b basis.Basis, at func(...any) []any, lines []ProfileLine, assessment *basis.Assessment,
) {
	const rule = "lawful/appearance"
	if elsewhere := c.notInUK(a); len(elsewhere) > 0 {
		c.refuse(c.activities, at("exemption"), rule,
			"the exemption is the UK's, and the activity is for visitors in %s: write regions: [UK], or take consent for "+
				"the basis", strings.Join(elsewhere, ", "))
	}
	c.noAdvertising(a, at, rule)
	c.namedEvents(a, at, rule)
	if !c.worksForUsAlone(a.Vendor) {
		c.forItself(a, at, rule)
	}
	c.noneOf(a, rule, lines, append([]hit.Class{hit.Fingerprint}, everywhere...))
	c.described(a, at, rule, "how pages adapt to them")
	c.untilObjection(b, at, rule, "appearance is exempt", assessment)
}

// notInUK are the regions of an activity's visitors where the exemption of the UK does not hold and access to the
// device needs consent, or Swiss law's interest.
func (c exemptions) notInUK(a *Activity) (codes []string) {
	codes = c.optInRegions(a)
	for _, code := range visitorsOf(c.loaded, a) {
		if _, err := rules.ParseRegion(code); err == nil && isSwiss(code) && c.choosesOverridingInterest() {
			return append(codes, code)
		}
	}
	return codes
}
