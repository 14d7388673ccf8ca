package config

import (
	"strings"

	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// overridingInterest is the regime that a policy may choose for Switzerland, in place of opt_in: what is not of high
// risk may rest on an overriding interest, as long as people can say no at once.
const overridingInterest = "overriding_interest"

// choosesOverridingInterest tells whether the policy chose that regime.
func (c law) choosesOverridingInterest() bool { return c.loaded.Regions["CH"] == overridingInterest }

// isSwiss tells whether a region is Switzerland, or lies in it.
func isSwiss(code string) bool {
	region, err := rules.ParseRegion(code)
	swiss, _ := rules.ParseRegion("CH")
	return err == nil && region.In(swiss)
}

// warnSwiss says what a policy takes upon itself that chose the regime.
func (c law) warnSwiss() {
	if c.choosesOverridingInterest() {
		c.refuse(c.activities, strict.Path("regions", "CH"), "lawful/swiss-choice",
			"visitors in Switzerland are not asked before access to the device: profiling of high risk, precise location "+
				"and handing on still need consent, and the choice is yours to answer for; opt_in holds without this line")
	}
}

// overriding holds an activity that touches the device without consent, for visitors in Switzerland, against the
// conditions of an overriding interest.
func (c exemptions) overriding(a *Activity, b basis.Basis, at func(...any) []any, lines []ProfileLine,
	assessment *basis.Assessment) {
	const rule = "lawful/overriding-interest"
	c.noAdvertising(a, at, rule, 8, 9, 10, 11)
	if !c.worksForUsAlone(a.Vendor) {
		c.forItself(a, at, rule)
	}
	c.noneOf(a, rule, lines, append([]hit.Class{hit.PreciseGeo, hit.Fingerprint}, everywhere...))
	c.untilObjection(b, at, rule, "an overriding interest is one", assessment)
	if assessment != nil && strings.EqualFold(assessment.Balancing.Impact, "high") {
		c.refuse(c.activities, at("assessment"), rule,
			"the impact of %s is high: profiling of high risk needs consent", assessment.ID)
	}
}
