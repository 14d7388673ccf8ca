package config

import (
	"slices"
	"time"

	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// everywhere are the classes by which a visitor is known on other sites, or a click is.
var everywhere = []hit.Class{hit.AdvertisingID, hit.ClickID}

// joinable are the classes that tie a visit to a person, or to what is known of one elsewhere.
var joinable = []hit.Class{
	hit.AdvertisingID, hit.ClickID, hit.Cookie, hit.Fingerprint, hit.UserID, hit.ExternalID, hit.TransactionID, hit.Email, hit.Phone, hit.PersonName,
	hit.PostalAddress, hit.BirthDate, hit.Gender, hit.PreciseGeo, hit.UserTrait, hit.Credential,
}

// The periods that the French authority names.
var (
	idLifetime    = basis.Period{Months: 13}
	dataRetention = basis.Period{Months: 25}
)

// audience holds an activity against the conditions under which the French authority exempts audience measurement from
// consent.
func (c law) audience(a *Activity, at func(...any) []any, lines []ProfileLine, assessment *basis.Assessment) {
	const rule = "lawful/audience-measurement"
	if !c.ownOrInEEA(a.Vendor) {
		c.refuse(c.activities, at("exemption"), rule,
			"the exemption is for one's own use, and %s is a recipient in %s with purposes of its own: host the "+
				"tool yourself, or take one that works for you alone",
			a.Vendor, c.loaded.vendors[a.Vendor].Country)
	}
	c.noAdvertising(a, at, rule, 8, 9)
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
	if start := time.Unix(0, 0).UTC(); assessment != nil && assessment.Retention.After(start).After(dataRetention.After(start)) {
		c.refuse(c.activities, at("assessment"), rule,
			"%s keeps the data for %s: at most %s is right", assessment.ID, assessment.Retention, dataRetention)
	}
}

// necessary holds an activity against what is strictly necessary for a service that the visitor asked for.
func (c law) necessary(a *Activity, at func(...any) []any, lines []ProfileLine) {
	const rule = "lawful/strictly-necessary"
	c.noAdvertising(a, at, rule)
	c.namedEvents(a, at, rule)
	c.noneOf(a, rule, lines, append(slices.Clone(everywhere), hit.Fingerprint))
}

// fraud holds an activity against what may be done without consent to protect the service in use.
func (c law) fraud(a *Activity, at func(...any) []any, lines []ProfileLine) {
	const rule = "lawful/fraud-prevention"
	c.noAdvertising(a, at, rule)
	c.namedEvents(a, at, rule)
	c.noneOf(a, rule, lines, everywhere)
}

// statistics holds an activity against what may be counted until people object.
func (c law) statistics(a *Activity, b basis.Basis, at func(...any) []any, lines []ProfileLine) {
	const rule = "lawful/statistics"
	c.noAdvertising(a, at, rule, 8, 9, 10)
	c.noneOf(a, rule, lines, everywhere)
	for i, id := range a.Purposes {
		if purpose, known := c.loaded.Purposes[id]; known && len(purpose.Description) == 0 {
			c.refuse(c.activities, at("purposes", i), rule,
				"purpose %s has no description, and people are to be told what is counted: add description: to it", id)
		}
	}
	if b != basis.LegitimateInterest && b != basis.PublicTask {
		c.refuse(c.activities, at("basis"), rule,
			"an objection does not end what rests on %s: statistics rest on legitimate_interest or public_task", b)
	}
}

// noAdvertising refuses purposes that are about advertising, or that the TCF knows under another number than those that are allowed.
func (c law) noAdvertising(a *Activity, at func(...any) []any, rule string, allowed ...int) {
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

// namedEvents refuses "*": what is exempt are certain acts of the visitor.
func (c law) namedEvents(a *Activity, at func(...any) []any, rule string) {
	if slices.Contains(a.Events, "*") {
		c.refuse(c.activities, at("events"), rule,
			"the exemption is for certain acts of the visitor, not for all: name the events, as in [login, "+
				"checkout]")
	}
}

func (c law) noneOf(a *Activity, rule string, lines []ProfileLine, classes []hit.Class) {
	for _, line := range lines {
		if line.isAmong(classes...) {
			c.refuse(c.profiles, line.At, rule,
				"activity %s passes %s, which the exemption does not cover: drop it, or take consent for the basis",
				a.ID, line.Class)
		}
	}
}
