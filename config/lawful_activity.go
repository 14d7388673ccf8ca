package config

import (
	"slices"
	"strings"

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
