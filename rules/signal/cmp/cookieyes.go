package cmp

import "bytes"

// cookieYes: cookieyes-consent is "consentid:x,consent:yes,action:yes,necessary:yes,functional:no,...,lastRenewedDate:<ms>". action tells
// whether the visitor acted. The older plugin, Cookie Law Info, wrote viewed_cookie_policy and one cookie a category, in two spellings.
var cookieYes = dialect{
	name:  "cookieyes",
	names: []string{"cookieyes-consent", "viewed_cookie_policy", "cookielawinfo-checkbox-*", "cookielawinfo-checbox-*"},
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

var lawInfoPrefixes = [...]string{"cookielawinfo-checkbox-", "cookielawinfo-checbox-"}

func matchCookieYes(name []byte, renamed string) (int, bool) {
	if renamed == "" {
		renamed = "cookieyes-consent"
	}
	switch string(name) {
	case renamed:
		return 0, true
	case "viewed_cookie_policy":
		return 1, true
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
	}
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
