package config

import (
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// law holds a policy against the rules about what none may say.
type law struct{ checks }

func (c checks) law() law { return law{c} }

// clickIDs refuses a profile that passes click ids, where the activity does not rest on consent: each names one click
// of one person.
func (c law) clickIDs(a *Activity, at []any) {
	if a.Basis == basis.Consent.String() {
		return
	}
	if slices.ContainsFunc(c.loaded.passing(a), func(l ProfileLine) bool {
		return l.Class == hit.ClickID || l.Spec.URL.NeedsConsent()
	}) {
		c.refuse(c.activities, at, "lawful/click-id",
			"profile %s passes click ids (class click_id, or class:click_id in addresses), which travel on consent "+
				"alone: give this activity another profile", a.Profile)
	}
}

// sensitive refuses a profile that passes what Art. 9 protects, where nobody was asked for exactly that.
func (c law) sensitive(a *Activity) {
	if a.Explicit && a.Basis == basis.Consent.String() {
		return
	}
	for _, line := range c.loaded.passing(a) {
		if line.Class == hit.Sensitive {
			c.refuse(c.profiles, line.At, "lawful/sensitive",
				"activity %s would pass what is under special protection (class sensitive): drop it here, or, where the banner "+
					"asks for exactly this, write basis: consent and explicit: true", a.ID)
		}
	}
}

// sensitivePurposes refuses to process sensitive data until somebody says no, where the law of a state asks for
// consent: on opt_out, and on a basis of the GDPR that the activity claims there.
func (c law) sensitivePurposes(a *Activity, at func(...any) []any) {
	codes, states := a.Regions, []string(nil)
	if c.server != nil {
		codes = visitorsOf(c.loaded, a)
	}
	for _, code := range codes {
		if code == anywhere {
			code = "US"
		}
		if region, err := rules.ParseRegion(code); err == nil {
			states = append(states, region.SensitiveOptIn()...)
		}
	}
	for i, id := range a.Purposes {
		if c.loaded.Purposes[id].Sensitive && len(states) > 0 {
			c.refuse(c.activities, at("purposes", i), "lawful/sensitive-opt-in",
				"purpose %s is sensitive, which needs consent in %s: take consent for the basis there, and name the "+
					"other regions under regions", id, strings.Join(slices.Compact(slices.Sorted(slices.Values(states))), ", "))
		}
	}
}

// afterRefusal refuses that an activity goes on after a refusal where that is never right, and warns of it elsewhere.
func (c law) afterRefusal(a *Activity, at func(...any) []any) {
	if a.AfterRefusal == nil {
		return
	}
	b, _ := basis.Parse(a.Basis)
	switch b {
	case basis.Consent:
		c.refuseKey(c.activities, at("after_refusal"), "lawful/after-refusal",
			"a refusal is what consent ends with: remove after_refusal, or take another basis")
		return
	case basis.Contract, basis.LegalObligation, basis.VitalInterests:
		c.faults.Key(c.activities, at("after_refusal"),
			"%s goes on after a refusal in any case: remove the line", b)
		return
	case basis.LegitimateInterest, basis.PublicTask, basis.OptOut, basis.None:
	}
	for i, id := range a.Purposes {
		switch p := c.loaded.Purposes[id]; {
		case p.DirectMarketing:
			c.refuse(c.activities, at("purposes", i), "lawful/after-refusal",
				"purpose %s is direct marketing, which ends with a refusal: remove after_refusal", id)
		case len(p.US) > 0:
			c.refuse(c.activities, at("purposes", i), "lawful/after-refusal",
				"purpose %s counts as %s under US law, which ends with a refusal: remove after_refusal", id,
				strings.Join(p.US, " and "))
		}
	}
	c.refuseKey(c.activities, at("after_refusal"), "lawful/refusal-ignored",
		"activity %s goes on for visitors who said no to its category in the banner; have it argued in its assessment, or "+
			"remove after_refusal", a.ID)
}

// activity holds an activity and its profile against what its basis, and access to the device, allow.
func (c law) activity(a *Activity, at func(...any) []any) {
	b, _ := basis.Parse(a.Basis)
	if b == basis.Consent || b == basis.None {
		return
	}
	assessment := c.assessment(a.Assessment)
	if b == basis.LegitimateInterest {
		c.interest(a, at, assessment)
	}
	if c.server != nil {
		c.device(a, b, at, assessment)
	}
}

// retention looks at whether anything says how long the recipient keeps the data: the activity, or its assessment.
func (c law) retention(a *Activity, b basis.Basis, at func(...any) []any) {
	written := c.activities.Has(at("retention")...)
	if b == basis.LegitimateInterest && a.Assessment != "" {
		if of := c.assessment(a.Assessment); of != nil && written && a.Retention != of.Retention {
			c.warnings.At(c.activities, at("retention"),
				"assessment %s says %s, and that is what holds: remove the line", of.ID, of.Retention)
		}
		return
	}
	if b == basis.None || written {
		return
	}
	c.refuse(c.activities, at("id"), "lawful/retention",
		"nothing says how long %s keeps the data: add retention: 14 months, or as it is agreed with the recipient", a.Vendor)
}
