package config

import (
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/hit"
)

func (r *reading) checkPurposes() {
	if r.purposes == nil {
		return
	}
	ids := r.purposes.Keys("purposes")
	if len(ids) > maxPurposes {
		r.faults.At(r.purposes, strict.Path("purposes"), "there are %d purposes: at most %d are read", len(ids), maxPurposes)
	}
	for _, id := range ids {
		if id == "all" {
			r.faults.Key(r.purposes, strict.Path("purposes", id), "\"all\" means every purpose wherever objections are written: give the purpose another id")
		}
		r.doubles(r.purposes, strict.Path("purposes", id, "categories"), r.loaded.Purposes[id].Categories)
		r.lawfulPurpose(id)
		r.checkUnread(id)
	}
}

// checkUnread warns where a purpose asks for a header to count as an objection, and a site does not read that header.
func (r *reading) checkUnread(id string) {
	if r.server == nil {
		return
	}
	purpose := r.loaded.Purposes[id]
	for _, site := range r.server.Keys("sites") {
		signals := r.loaded.Server.Sites[site].Signals
		for _, header := range []struct {
			name, wish string
			read       bool
		}{{"gpc", purpose.GPC, signals.GPC != nil}, {"dnt", purpose.DNT, signals.DNT != nil}} {
			at := strict.Path("purposes", id, header.name)
			if r.purposes.Has(at...) && header.wish == "object" && !header.read {
				r.warnings.At(r.purposes, at, "site %s does not read %s: add %s: {} under its signals, or the wish has no effect there", site, header.name, header.name)
			}
		}
	}
}

// checkActivities looks at each activity and at what it refers to.
func (r *reading) checkActivities() {
	if r.activities == nil {
		return
	}
	seen := map[string]bool{}
	for i := range r.loaded.Activities {
		a := &r.loaded.Activities[i]
		at := func(rest ...any) []any { return append(strict.Path("activities", i), rest...) }
		if seen[a.ID] && a.ID != "" {
			r.faults.At(r.activities, at("id"), "activity %q stands here for the second time: give each an id of its own", a.ID)
		}
		seen[a.ID] = true
		r.checkReferences(a, at)
		r.checkBasis(a, at)
		r.checkEvents(a, at)
		r.checkRegions(a, at)
		if strings.TrimSpace(a.When) != "" {
			r.checkWhen(a.When, at("when"))
		}
	}
}

// checkReferences looks up what an activity names in other files; files that were not readable are let be.
func (r *reading) checkReferences(a *Activity, at func(...any) []any) {
	if r.server != nil {
		if a.Vendor != "" {
			r.known(r.activities, at("vendor"), "vendor", a.Vendor, r.server.Keys("vendors"))
		}
		for i, site := range a.Sites {
			r.known(r.activities, at("sites", i), "site", site, r.server.Keys("sites"))
		}
		r.doubles(r.activities, at("sites"), a.Sites)
	}
	if r.purposes != nil {
		for i, purpose := range a.Purposes {
			r.known(r.activities, at("purposes", i), "purpose", purpose, r.purposes.Keys("purposes"))
		}
		r.doubles(r.activities, at("purposes"), a.Purposes)
	}
	if r.profiles != nil && a.Profile != "" && r.known(r.activities, at("profile"), "profile", a.Profile, r.profiles.Keys("profiles")) {
		r.checkRequired(a)
		r.checkClickIDs(a, at("profile"))
		r.checkLawful(a, at)
	}
}

// checkClickIDs refuses a profile that passes click ids, where the activity does not rest on consent: each names one click of one person.
func (r *reading) checkClickIDs(a *Activity, at []any) {
	if a.Basis == basis.Consent.String() {
		return
	}
	if slices.ContainsFunc(r.loaded.passing(a), func(l ProfileLine) bool { return l.Class == hit.ClickID || l.Spec.URL.NeedsConsent() }) {
		r.refuse(r.activities, at, "lawful/click-id", "profile %s passes click ids (class click_id, or class:click_id in addresses), which travel on consent alone: give this activity another profile", a.Profile)
	}
}

// checkLawful holds an activity and its profile against what its basis, and access to the device, allow.
func (r *reading) checkLawful(a *Activity, at func(...any) []any) {
	b, _ := basis.Parse(a.Basis)
	if b == basis.Consent || b == basis.None {
		return
	}
	assessment := r.assessment(a.Assessment)
	if b == basis.LegitimateInterest {
		r.lawfulInterest(a, at, assessment)
	}
	if r.server != nil {
		r.lawfulDevice(a, b, at, assessment)
	}
}

// checkBasis looks at whether an activity has what its basis asks for, and nothing that another asks for.
func (r *reading) checkBasis(a *Activity, at func(...any) []any) {
	b, _ := basis.Parse(a.Basis)
	r.lawfulTransfer(a, b, at)
	switch {
	case b == basis.LegitimateInterest && a.Assessment == "" && !r.activities.Has(at("assessment")...):
		r.refuse(r.activities, at("basis"), "lawful/li-assessment", "legitimate_interest needs an assessment: add assessment: with the id of a file in policy/assessments")
	case b != basis.LegitimateInterest && b != basis.None && r.activities.Has(at("assessment")...):
		r.faults.Key(r.activities, at("assessment"), "an assessment is for legitimate_interest only, not for %s: remove the line, or change the basis", b)
	case a.Assessment != "":
		r.checkAssessed(a, at)
	}
	if b != basis.Consent && b != basis.None && !a.ConsentMaxAge.IsZero() {
		r.faults.Key(r.activities, at("consent_max_age"), "consent_max_age is for consent only, not for %s: remove the line", b)
	}
	switch b {
	case basis.Contract, basis.LegalObligation, basis.VitalInterests, basis.PublicTask:
		if strings.TrimSpace(a.Reference) == "" {
			r.refuse(r.activities, at("basis"), "lawful/reference", "without reference: (the contract or law) the activity denies every event with no_legal_reference")
		}
	case basis.OptOut:
		r.checkOptOut(a, at)
	case basis.Consent:
		for i, id := range a.Purposes {
			if purpose, known := r.loaded.Purposes[id]; known && len(purpose.Categories) == 0 {
				r.warnings.At(r.activities, at("purposes", i), "purpose %s has no categories: nobody can consent to it, and the activity always denies", id)
			}
		}
	case basis.None, basis.LegitimateInterest:
	}
}

func (r *reading) checkOptOut(a *Activity, at func(...any) []any) {
	if len(a.Regions) == 0 {
		r.refuse(r.activities, at("basis"), "lawful/opt-out-region", "opt_out is for opt-out regions only: add regions: [US]")
	}
	for i, region := range a.Regions {
		if regionFault(region) == "" && !optOutRegion(region) {
			r.refuse(r.activities, at("regions", i), "lawful/opt-out-region", "the regime of %s is not opt-out: remove it, or take another basis", region)
		}
	}
}

// checkAssessed looks at whether the assessment of an activity is about its vendor and its purposes.
func (r *reading) checkAssessed(a *Activity, at func(...any) []any) {
	found := r.assessment(a.Assessment)
	if found == nil {
		var ids []string
		for _, file := range r.assessments {
			ids = append(ids, file.assessment.ID)
		}
		if len(ids) == len(r.source.names(AssessmentsFolder)) {
			r.known(r.activities, at("assessment"), "assessment", a.Assessment, ids)
		}
		return
	}
	if a.Vendor != "" && !slices.Contains(found.Recipients, a.Vendor) {
		r.refuse(r.activities, at("vendor"), "lawful/li-recipient", "assessment %s has no recipient %q: have it assessed, or take another basis", found.ID, a.Vendor)
	}
	for i, purpose := range a.Purposes {
		if !slices.Contains(found.Purposes, purpose) {
			r.refuse(r.activities, at("purposes", i), "lawful/li-purpose", "assessment %s has no purpose %q: have it assessed, or take another basis", found.ID, purpose)
		}
	}
}

// assessment returns the assessment of that id, the last where there are several, nil where there is none.
func (r *reading) assessment(id string) (found *basis.Assessment) {
	for _, file := range r.assessments {
		if file.assessment.ID == id {
			found = file.assessment
		}
	}
	return found
}

func (r *reading) checkEvents(a *Activity, at func(...any) []any) {
	for i, event := range a.Events {
		switch {
		case event == "*" && len(a.Events) > 1:
			r.faults.At(r.activities, at("events", i), "\"*\" stands for all events: write it alone, or name events")
		case event != "*" && strings.Contains(event, "*"):
			r.faults.At(r.activities, at("events", i), "%q is no name of an event: write names out, or \"*\" alone for all", strict.Shortened(event))
		case strings.TrimSpace(event) != event || event == "":
			r.faults.At(r.activities, at("events", i), "%q is no name of an event: it is empty, or has white space around it", strict.Shortened(event))
		}
	}
	r.doubles(r.activities, at("events"), a.Events)
}

func (r *reading) checkRegions(a *Activity, at func(...any) []any) {
	for i, region := range a.Regions {
		r.invalid(r.activities, at("regions", i), regionFault(region))
	}
	r.doubles(r.activities, at("regions"), a.Regions)
	for _, key := range []string{"regions", "sites"} {
		if r.activities.Has(at(key)...) && len(r.activities.Find(at(key)).Content) == 0 {
			r.faults.At(r.activities, at(key), "the list is empty: the activity would never apply; name %s, or remove the line for all", key)
		}
	}
}

// doubles reports what stands in a list twice.
func (r *reading) doubles(doc *strict.Document, at []any, list []string) {
	for i, element := range list {
		if slices.Contains(list[:i], element) {
			r.faults.At(doc, append(slices.Clone(at), i), "%q stands in the list twice: remove one", strict.Shortened(element))
		}
	}
}
