package cmp

import (
	"bytes"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/rules/signal/read"
)

// cookieYes: cookieyes-consent is
// "consentid:x,consent:yes,action:yes,necessary:yes,functional:no,...,lastRenewedDate:<ms>". action tells whether
// the visitor acted. Its plugin for WordPress, GDPR Cookie Consent (once Cookie Law Info), writes
// viewed_cookie_policy, "yes" or "no", when the visitor answered; one cookie a category, in two spellings, which is
// there with the site's defaults before that; and CookieLawInfoConsent, base64 of
// {"necessary":true,"analytics":false,...}, which says the same of them.
var cookieYes = dialect{
	name: "cookieyes",
	names: []string{
		"cookieyes-consent", "viewed_cookie_policy", "cookielawinfo-checkbox-*", "cookielawinfo-checbox-*",
		"CookieLawInfoConsent",
	},
	match: matchCookieYes,
	read:  readCookieYes,
	end:   endCookieYes,
	free:  true,
	defaults: [][2]string{
		{"necessary", "necessary"}, {"functional", "functional"}, {"analytics", "analytics"}, {"advertisement", "marketing"},
	},
}

const (
	lawInfoUsed = 1 << iota
	lawInfoViewed
	lawInfoRefused
)

const lawInfoSlot = 3 // of CookieLawInfoConsent

// lawInfoCategories are those that the plugin comes with, and that it calls so.
var lawInfoCategories = [...]string{"advertisement", "analytics", "functional", "non-necessary",
	"others", "performance"}

var lawInfoPrefixes = [...]string{"cookielawinfo-checkbox-", "cookielawinfo-checbox-"}

func matchCookieYes(name []byte, renamed string) (int, bool) {
	if renamed == "" {
		renamed = "cookieyes-consent"
	}
	switch { // a switch over the text would put long names on the heap
	case string(name) == renamed:
		return 0, true
	case string(name) == "viewed_cookie_policy":
		return 1, true
	case string(name) == "CookieLawInfoConsent":
		return lawInfoSlot, true
	}
	for _, prefix := range lawInfoPrefixes {
		if len(name) > len(prefix) && string(name[:len(prefix)]) == prefix {
			return 2, true
		}
	}
	return 0, false
}

func readCookieYes(s *Scratch, c *cookie) {
	value := s.plain(c.value)
	switch {
	case c.slot == 0:
		cookieYesRecord(s, value)
	case c.slot == lawInfoSlot:
		s.marks[0] |= lawInfoUsed
		lawInfoRecord(s, value)
	case string(value) != "yes" && string(value) != "no":
		s.marks[0] |= lawInfoUsed
		if len(value) > 0 {
			s.malformed()
		}
	case c.slot == 1:
		s.marks[0] |= lawInfoUsed | lawInfoViewed
		if string(value) == "no" {
			s.marks[0] |= lawInfoRefused
		}
		s.decided(Decides)
	default:
		s.marks[0] |= lawInfoUsed
		s.say(Category, c.name[bytes.LastIndex(c.name, []byte("box-"))+len("box-"):], voteOf(string(value) == "yes"))
	}
}

func endCookieYes(s *Scratch) {
	if s.marks[0]&lawInfoUsed != 0 && s.marks[0]&lawInfoViewed == 0 {
		s.decided(Undecided)
	}
	if s.marks[0]&lawInfoRefused != 0 {
		refuseAllBut(s.said, "necessary")
		for _, id := range lawInfoCategories { // a plugin without categories names none
			s.say(Category, read.Bytes(id), no)
		}
	}
}

func lawInfoRecord(s *Scratch, value []byte) {
	text, ok := s.base64(value)
	if !ok {
		s.malformed()
		return
	}
	object, ok := s.object(text)
	if !ok {
		s.malformed()
		return
	}
	object.ForEach(func(key, value gjson.Result) bool {
		if key.Str == "ver" { // of the record
			return true
		}
		s.mustBe(value.IsBool())
		s.say(Category, read.Bytes(key.Str), voteOf(value.Type == gjson.True))
		return true
	})
}

func cookieYesRecord(s *Scratch, text []byte) {
	before, acted, refused := len(s.said), false, false
	for more := true; more; {
		var one []byte
		one, text, more = bytes.Cut(text, []byte{','})
		key, value, found := bytes.Cut(one, []byte{':'})
		if !found || len(key) == 0 {
			s.malformed()
			return
		}
		granted := string(value) == "yes"
		denied := string(value) == "no"
		switch string(key) {
		case "consentid":
		case "lastRenewedDate":
			milli, ok := millis(value)
			s.mustBe(ok || len(value) == 0 || string(value) == "0")
			s.at(milli)
		case "action":
			acted = acted || granted
			if !granted {
				s.decided(Undecided)
			}
			s.mustBe(granted || denied || len(value) == 0)
		case "consent":
			refused = refused || denied
			s.mustBe(granted || denied || len(value) == 0)
		case "necessary", "functional", "analytics", "performance", "advertisement", "other":
			s.mustBe(granted || denied || len(value) == 0)
			fallthrough
		default: // categories of the site's own; other fields have other values
			if granted || denied {
				s.say(Category, key, voteOf(granted))
			}
		}
	}
	if acted {
		s.decided(Decides)
	} else {
		s.decided(Undecided)
	}
	if refused {
		refuseAllBut(s.said[before:], "necessary")
	}
}
