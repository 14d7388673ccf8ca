package config

import (
	"slices"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// everywhere are the classes by which a visitor is known on other sites, or a click is.
var everywhere = []hit.Class{hit.AdvertisingID, hit.ClickID}

// joinable are the classes that tie a visit to a person, or to what is known of one elsewhere.
var joinable = []hit.Class{
	hit.AdvertisingID, hit.ClickID, hit.Cookie, hit.Fingerprint, hit.UserID, hit.ExternalID, hit.TransactionID, hit.Email,
	hit.Phone, hit.PersonName,
	hit.PostalAddress, hit.BirthDate, hit.Gender, hit.PreciseGeo, hit.UserTrait, hit.Credential,
}

// The periods that the French authority names.
var (
	idLifetime    = basis.Period{Months: 13}
	dataRetention = basis.Period{Months: 25}
)

// exemptions hold activities against the conditions under which access to the device needs no consent.
type exemptions struct{ law }

// national refuses the exemption where a visitor may be in a country whose law and authority know none.
func (c exemptions) national(a *Activity, at func(...any) []any) {
	var without []string
	for _, code := range c.optInRegions(a) {
		region, err := rules.ParseRegion(code)
		if err != nil || !region.ExemptsAudienceMeasurement() {
			without = append(without, code)
		}
	}
	if len(without) == 0 {
		return
	}
	known := strings.Join(rules.AudienceMeasurement(), ", ")
	c.refuse(c.activities, at("exemption"), "lawful/audience-measurement",
		"the exemption is national, and the activity is for visitors in %s, of which nobody says that it holds: it does "+
			"in %s; write regions: [%s], as far as they are yours, or take consent for the basis",
		strings.Join(without, ", "), known, known)
}

// audience holds an activity against the conditions under which the French authority exempts audience measurement from
// consent; those of the other countries ask for no more.
func (c exemptions) audience(a *Activity, at func(...any) []any, lines []ProfileLine, assessment *basis.Assessment) {
	const rule = "lawful/audience-measurement"
	c.national(a, at)
	if !c.worksForUsAlone(a.Vendor) {
		c.forItself(a, at, rule)
	} else if country := c.loaded.abroad(a.Vendor); country != "" {
		c.refuse(c.activities, at("exemption"), rule,
			"%s sits in %s, and the exemption does not reach outside the EEA: host the tool yourself, or take one in "+
				"the EEA", a.Vendor, country)
	}
	c.noAdvertising(a, at, rule, 8)
	for _, line := range lines {
		switch {
		case line.isAmong(joinable...):
			c.refuse(c.profiles, line.At, rule,
				"activity %s passes %s, which ties a visit to a person or to other data: drop it", a.ID, line.Class)
		case line.Class == hit.IP && line.Spec.Kind != minimise.Truncate:
			c.refuse(c.profiles, line.At, rule,
				"activity %s passes ip (%s): write { truncate: { v4: 16, v6: 32 } }, or drop", a.ID, line.does())
		case line.isAmong(hit.ClientID, hit.DeviceID, hit.SessionID) && !line.Spec.ShortLived():
			c.refuse(c.profiles, line.At, rule,
				"activity %s passes %s (%s), which may live for longer than %s: write { derive: daily_visitor }, "+
					"or pseudonymise with rotate: day, week or month",
				a.ID, line.Class, line.does(), idLifetime)
		}
	}
	switch {
	case assessment != nil && tooLong(assessment.Retention):
		c.refuse(c.activities, at("assessment"), rule,
			"%s keeps the data for %s: at most %s is right", assessment.ID, assessment.Retention, dataRetention)
	case a.Assessment == "" && tooLong(a.Retention):
		c.refuse(c.activities, at("retention"), rule,
			"%s keeps the data for %s: at most %s is right", a.Vendor, a.Retention, dataRetention)
	}
}

// tooLong tells whether data that are kept for a period are kept for longer than the French authority allows.
func tooLong(p basis.Period) bool { return longer(p, dataRetention) }

// longer tells whether a period is longer than another one, both counted from the same day.
func longer(p, than basis.Period) bool {
	start := time.Unix(0, 0).UTC()
	return p.After(start).After(than.After(start))
}

// necessary holds an activity against what is strictly necessary for a service that the visitor asked for.
func (c exemptions) necessary(a *Activity, at func(...any) []any, lines []ProfileLine) {
	const rule = "lawful/strictly-necessary"
	c.noAdvertising(a, at, rule)
	c.namedEvents(a, at, rule)
	c.noneOf(a, rule, lines, append(slices.Clone(everywhere), hit.Fingerprint))
}

// fraud holds an activity against what may be done without consent to protect the service in use.
func (c exemptions) fraud(a *Activity, at func(...any) []any, lines []ProfileLine) {
	const rule = "lawful/fraud-prevention"
	c.noAdvertising(a, at, rule)
	c.namedEvents(a, at, rule)
	c.noneOf(a, rule, lines, everywhere)
}

// statistics holds an activity against what may be counted until people object: statistics of one's own
// service, made by nobody but oneself or who works for one alone, that say of nobody who it was, and that
// people are told of and can object to.
func (c exemptions) statistics(a *Activity, b basis.Basis, at func(...any) []any, lines []ProfileLine,
	assessment *basis.Assessment) {
	const rule = "lawful/statistics"
	c.noAdvertising(a, at, rule, 8, 10)
	if !c.worksForUsAlone(a.Vendor) {
		c.forItself(a, at, rule)
	}
	c.noneOf(a, rule, lines, everywhere)
	for _, line := range lines {
		if instead := wholePerson(line); instead != "" {
			c.refuse(c.profiles, line.At, rule,
				"activity %s passes %s (%s), and statistics say of nobody who it was: write %s, or drop",
				a.ID, line.Class, line.does(), instead)
		}
	}
	c.described(a, at, rule, "what is counted")
	c.untilObjection(b, at, rule, "statistics are exempt", assessment)
}

// described asks that people are told of what needs no consent.
func (c exemptions) described(a *Activity, at func(...any) []any, rule, of string) {
	for i, id := range a.Purposes {
		if purpose, known := c.loaded.Purposes[id]; known && len(purpose.Description) == 0 {
			c.refuse(c.activities, at("purposes", i), rule,
				"purpose %s has no description, and people are to be told %s: add description: to it", id, of)
		}
	}
}

// untilObjection asks that an objection ends what needs no consent only until then.
func (c exemptions) untilObjection(b basis.Basis, at func(...any) []any, rule, what string,
	assessment *basis.Assessment) {
	if b != basis.LegitimateInterest && b != basis.PublicTask {
		c.refuse(c.activities, at("basis"), rule,
			"an objection does not end what rests on %s, and %s until people object: take legitimate_interest or "+
				"public_task", b, what)
	}
	if assessment != nil && assessment.CompellingGrounds() {
		c.refuse(c.activities, at("assessment"), rule,
			"%s names compelling grounds against objections, and %s until people object: write none there",
			assessment.ID, what)
	}
}

// wholePerson is what to write instead of a line that lets through, whole or as free text, what tells who somebody was:
// an account, an address, a browser with all its versions. "" where the line does not.
func wholePerson(line ProfileLine) string {
	raw := line.Spec.Kind == minimise.Keep || line.Spec.Kind == minimise.Scrub
	switch {
	case line.Class == hit.IP && raw:
		return "{ truncate: { v4: 24, v6: 48 } }"
	case line.Class == hit.UserAgent && raw:
		return "{ generalise: family }"
	case line.Class == hit.ClientHint && raw: // all versions, and the model: the same in other fields
		return "{ generalise: major }"
	case raw && line.isAmong(hit.UserID, hit.ExternalID):
		return "pseudonymise"
	case line.isAmong(hit.Email, hit.Phone, hit.PersonName, hit.PostalAddress, hit.BirthDate, hit.PreciseGeo) && raw:
		return "consent for the basis"
	default:
		return ""
	}
}

// forItself refuses an exemption for a recipient that may use the data for purposes of its own.
func (c exemptions) forItself(a *Activity, at func(...any) []any, rule string) {
	place := at("exemption")
	if a.Exemption == "" {
		place = at("vendor")
	}
	c.refuse(c.activities, place, rule,
		"the exemption is for one's own use, and %s may use the data for purposes of its own: host the tool yourself, or "+
			"take one that works for you alone (of a vendor file of your own, role: processor says so)", a.Vendor)
}

// noAdvertising refuses purposes that are about advertising, or that the TCF knows under another number than those that
// are allowed.
func (c exemptions) noAdvertising(a *Activity, at func(...any) []any, rule string, allowed ...int) {
	for i, id := range a.Purposes {
		purpose := c.loaded.Purposes[id]
		other := slices.ContainsFunc(purpose.TCF, func(n int) bool { return !slices.Contains(allowed, n) })
		if purpose.DirectMarketing || len(purpose.US) > 0 || other {
			c.refuse(c.activities, at("purposes", i), rule,
				"purpose %s says by direct_marketing, us or tcf that it is for something else: take consent for "+
					"the basis, or another purpose", id)
		}
	}
}

// namedEvents refuses "*" and beginnings: what is exempt are certain acts of the visitor.
func (c exemptions) namedEvents(a *Activity, at func(...any) []any, rule string) {
	if slices.ContainsFunc(a.Events, func(name string) bool { return strings.HasSuffix(name, "*") }) {
		c.refuse(c.activities, at("events"), rule,
			"the exemption is for certain acts of the visitor, not for all: name the events, as in [login, "+
				"checkout]")
	}
}

func (c exemptions) noneOf(a *Activity, rule string, lines []ProfileLine, classes []hit.Class) {
	for _, line := range lines {
		if line.isAmong(classes...) {
			c.refuse(c.profiles, line.At, rule,
				"activity %s passes %s, which the exemption does not cover: drop it, or take consent for the basis",
				a.ID, line.Class)
		}
	}
}
