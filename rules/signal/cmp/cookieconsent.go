package cmp

import (
	"slices"

	"github.com/tidwall/gjson"
)

// cookieConsent is orestbida/cookieconsent. Version 3 of cc_cookie is
// {"categories":[..],"services":{"analytics":[..]},"revision":0,
// "consentTimestamp":..,"lastConsentTimestamp":..,"expirationTime":<ms>}: the first act, whatever was chosen by it, the
// last one, and when all of it is over. Version 2 has "level" or both. Only what was accepted is listed. It is written
// when the visitor chose. Some sites have it in base64.
var cookieConsent = dialect{
	name:      "cookieconsent",
	names:     []string{"cc_cookie"},
	read:      readCookieConsent,
	listed:    [numLists]bool{Category: true, Service: true},
	services:  true,
	free:      true,
	renamable: true,
	revised:   true,
}

// maxCategories is how many categories one cookie may accept. Sites have a handful.
const maxCategories = 64

func readCookieConsent(s *Scratch, c *cookie) {
	object, ok := s.object(c.value)
	if !ok {
		if text, coded := s.base64(c.value); coded {
			object, ok = s.object(text)
		}
	}
	if !ok {
		s.malformed()
		return
	}
	before, lists := len(s.said), 0
	current := s.set.Revision <= 0
	object.ForEach(func(key, value gjson.Result) bool {
		switch key.Str {
		case "categories", "level":
			lists++
			s.pass(Category)
			s.ids(Category, value, yes)
		case "revision": // any other number: the site asks anew
			s.mustBe(value.Type == gjson.Number)
			if current = value.Num == float64(s.set.Revision) || s.set.Revision < 0; !current {
				s.decided(Undecided)
			}
		case "consentTimestamp", "consent_date":
			s.when(value)
		case "lastConsentTimestamp":
			s.last(value)
		case "expirationTime":
			s.ends(value)
		}
		return true
	})
	if lists == 0 {
		s.malformed()
		return
	}
	s.st.AcceptedOnly = true
	if current {
		s.decided(Decides)
	} else {
		s.decided(Undecided)
	}
	accepted := s.said[before:]
	if len(accepted) > maxCategories { // services are looked up among them
		s.malformed()
		return
	}
	object.ForEach(func(key, value gjson.Result) bool {
		if key.Str == "services" {
			acceptedServices(s, value, accepted)
		}
		return true
	})
}

// acceptedServices reads {"analytics":["matomo"]}. A service counts with its category. Where there is a list, what is
// in none was refused; {} is no list.
func acceptedServices(s *Scratch, object gjson.Result, accepted []mention) {
	if !object.IsObject() {
		s.mustBe(object.Type == gjson.Null)
		return
	}
	s.pass(Service)
	object.ForEach(func(key, value gjson.Result) bool {
		s.st.ServicesAccepted = true
		of := slices.ContainsFunc(accepted, func(m mention) bool { return string(m.id) == key.Str })
		s.ids(Service, value, voteOf(of))
		return true
	})
}
