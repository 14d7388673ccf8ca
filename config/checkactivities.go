package config

import (
	"slices"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
)

// longestCookie is how long browsers keep a cookie, whatever it asks for.
const longestCookie = 400 * 24 * time.Hour

// activityCheck looks at the activities.
type activityCheck struct {
	checks
	source   *Source
	required *requiredCheck
}

// run looks at each activity and at what it refers to.
func (c activityCheck) run() {
	if c.activities == nil {
		return
	}
	c.law().warnSwiss()
	c.noteUndated()
	c.noteFrameworks()
	seen := map[string]bool{}
	for i := range c.loaded.Activities {
		a := &c.loaded.Activities[i]
		at := func(rest ...any) []any { return append(strict.Path("activities", i), rest...) }
		if seen[a.ID] && a.ID != "" {
			c.faults.At(c.activities, at("id"),
				"activity %q stands here for the second time: give each an id of its own", a.ID)
		}
		seen[a.ID] = true
		c.checkReferences(a, at)
		c.checkBasis(a, at)
		c.checkEvents(a, at)
		c.checkRegions(a, at)
		c.checkSource(a, at)
		c.checkAttested(a, at)
		c.law().afterRefusal(a, at)
		c.told(a, at)
		if strings.TrimSpace(a.When) != "" {
			c.checkWhen(a, at("when"))
		}
	}
}

// checkReferences looks up what an activity names in other files; files that were not readable are let be.
func (c activityCheck) checkReferences(a *Activity, at func(...any) []any) {
	if c.server != nil {
		if a.Vendor != "" {
			c.known(c.activities, at("vendor"), "vendor", a.Vendor, c.server.Keys("vendors"))
		}
		for i, site := range a.Sites {
			c.known(c.activities, at("sites", i), "site", site, c.server.Keys("sites"))
		}
		c.doubles(c.activities, at("sites"), a.Sites)
	}
	if c.purposes != nil {
		for i, purpose := range a.Purposes {
			c.known(c.activities, at("purposes", i), "purpose", purpose, c.purposes.Keys("purposes"))
		}
		c.doubles(c.activities, at("purposes"), a.Purposes)
	}
	if c.profiles != nil && a.Profile != "" && c.known(c.activities, at("profile"), "profile", a.Profile,
		c.profiles.Keys("profiles")) {
		c.required.check(a)
		c.law().clickIDs(a, at("profile"))
		c.law().sensitive(a)
		c.law().activity(a, at)
		if c.server != nil {
			c.law().googleAddress(a)
		}
	}
}

// checkBasis looks at whether an activity has what its basis asks for, and nothing that another asks for.
func (c activityCheck) checkBasis(a *Activity, at func(...any) []any) {
	b, _ := basis.Parse(a.Basis)
	c.law().transfer(a, at)
	c.law().retention(a, b, at)
	if c.server != nil {
		c.law().opens(a, b, at)
	}
	if a.Explicit && b != basis.Consent && b != basis.None {
		c.refuse(c.activities, at("explicit"), "lawful/sensitive",
			"explicit: says of a consent that it was asked for exactly this: take consent for the basis, or take it out")
	}
	switch {
	case b == basis.LegitimateInterest && a.Assessment == "" && !c.activities.Has(at("assessment")...):
		c.refuse(c.activities, at("basis"), "lawful/li-assessment",
			"legitimate_interest needs an assessment: add assessment: with the id of a file in policy/assessments")
	case b != basis.LegitimateInterest && b != basis.None && c.activities.Has(at("assessment")...):
		c.faults.Key(c.activities, at("assessment"),
			"an assessment is for legitimate_interest only, not for %s: remove the line, or change the basis", b)
	case a.Assessment != "":
		c.checkAssessed(a, at)
	}
	if b != basis.Consent && b != basis.None && !a.ConsentMaxAge.IsZero() {
		c.faults.Key(c.activities, at("consent_max_age"),
			"consent_max_age is for consent only, not for %s: remove the line", b)
	}
	if age := a.ConsentMaxAge; b == basis.Consent && age.After(time.Time{}).After(time.Time{}.Add(longestCookie)) {
		c.warnings.At(c.activities, at("consent_max_age"),
			"a consent counts for %s, and browsers delete a cookie after 400 days: what visitors without identifiers "+
				"object to ends before it, unless they visit the preference centre again; 13 months is right", age)
	}
	switch b {
	case basis.Contract, basis.LegalObligation, basis.VitalInterests, basis.PublicTask:
		if strings.TrimSpace(a.Reference) == "" {
			c.refuse(c.activities, at("basis"), "lawful/reference",
				"without reference: (the contract or law) the activity denies every event with no_legal_reference")
		}
	case basis.OptOut:
		c.checkOptOut(a, at)
	case basis.Consent:
		for i, id := range a.Purposes {
			if purpose, known := c.loaded.Purposes[id]; known && len(purpose.Categories) == 0 {
				c.warnings.At(c.activities, at("purposes", i),
					"purpose %s has no categories: nobody can consent to it, and the activity always denies", id)
			}
		}
	case basis.None, basis.LegitimateInterest:
	}
	switch b {
	case basis.OptOut, basis.LegitimateInterest, basis.PublicTask:
		c.law().sensitivePurposes(a, at)
	case basis.None, basis.Consent, basis.Contract, basis.LegalObligation, basis.VitalInterests:
	}
}

func (c activityCheck) checkOptOut(a *Activity, at func(...any) []any) {
	if len(a.Regions) == 0 {
		c.refuse(c.activities, at("basis"), "lawful/opt-out-region",
			"opt_out is for opt-out regions only: add regions: [US]")
	}
	for i, region := range a.Regions {
		if regionFault(region) == "" && !optOutRegion(region) {
			c.refuse(c.activities, at("regions", i), "lawful/opt-out-region",
				"the regime of %s is not opt-out: remove it, or take another basis", region)
		}
	}
}

// checkAssessed looks at whether the assessment of an activity is about its vendor and its purposes.
func (c activityCheck) checkAssessed(a *Activity, at func(...any) []any) {
	found := c.assessment(a.Assessment)
	if found == nil {
		var ids []string
		for _, file := range c.assessments {
			ids = append(ids, file.assessment.ID)
		}
		if len(ids) == len(c.source.names(AssessmentsFolder)) {
			c.known(c.activities, at("assessment"), "assessment", a.Assessment, ids)
		}
		return
	}
	if a.Vendor != "" && !slices.Contains(found.Recipients, a.Vendor) {
		c.refuse(c.activities, at("vendor"), "lawful/li-recipient",
			"assessment %s has no recipient %q: have it assessed, or take another basis", found.ID, a.Vendor)
	}
	for i, purpose := range a.Purposes {
		if !slices.Contains(found.Purposes, purpose) {
			c.refuse(c.activities, at("purposes", i), "lawful/li-purpose",
				"assessment %s has no purpose %q: have it assessed, or take another basis", found.ID, purpose)
		}
	}
}

func (c activityCheck) checkEvents(a *Activity, at func(...any) []any) {
	for _, list := range []struct {
		key   string
		names []string
	}{{"events", a.Events}, {"except_events", a.ExceptEvents}} {
		for i, event := range list.names {
			switch {
			case event != "*":
				c.invalid(c.activities, at(list.key, i), eventFault(event))
			case list.key != "events":
				c.faults.At(c.activities, at(list.key, i),
					"\"*\" stands for all events: nothing would be left; name those that it is not about")
			case len(list.names) > 1:
				c.faults.At(c.activities, at(list.key, i), "\"*\" stands for all events: write it alone, or name events")
			}
		}
		c.doubles(c.activities, at(list.key), list.names)
	}
	c.checkLeft(a, at)
}

// checkLeft looks at whether what an activity leaves out is any of its events, and leaves some.
func (c activityCheck) checkLeft(a *Activity, at func(...any) []any) {
	if len(a.ExceptEvents) == 0 {
		return
	}
	events, except := rules.EventNamesOf(a.Events), rules.EventNamesOf(a.ExceptEvents)
	left := false
	for _, name := range rules.Kinds(&events, &except) {
		left = left || events.Has(name) && !except.Has(name)
	}
	if !left {
		c.faults.At(c.activities, at("except_events"), "it leaves out every event that the activity is about")
	}
	for i, name := range a.ExceptEvents {
		one := rules.EventNamesOf([]string{name})
		if !slices.ContainsFunc(rules.Kinds(&events, &one), func(name string) bool {
			return events.Has(name) && one.Has(name)
		}) {
			c.warnings.At(c.activities, at("except_events", i), "%q is none of the activity's events: remove it", name)
		}
	}
}

func (c activityCheck) checkRegions(a *Activity, at func(...any) []any) {
	for i, region := range a.Regions {
		c.invalid(c.activities, at("regions", i), regionFault(region))
	}
	c.doubles(c.activities, at("regions"), a.Regions)
	for _, key := range []string{"regions", "sites"} {
		if c.activities.Has(at(key)...) && len(c.activities.Find(at(key)).Content) == 0 {
			c.faults.At(c.activities, at(key),
				"the list is empty: the activity would never apply; name %s, or remove the line for all", key)
		}
	}
}
