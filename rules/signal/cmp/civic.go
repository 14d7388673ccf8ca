package cmp

import (
	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/rules/signal/read"
)

// civic: CookieControl is JSON, often not percent-encoded:
// {"optionalCookies":{"analytics":"accepted","marketing":"revoked"},
// "interactedWith":true,"consentDate":<ms>,"consentExpiry":90}. "legitimate interest" is not accepted.
var civic = dialect{
	name:  "civic",
	names: []string{"CookieControl"},
	read:  readCivic,
	free:  true,
}

// maxDays is the longest life of a choice that is taken for one, in days.
const maxDays = 10_000

func readCivic(s *Scratch, c *cookie) {
	object, ok := s.object(c.value)
	if !ok {
		s.malformed()
		return
	}
	acted, days := false, int64(0)
	object.ForEach(func(key, value gjson.Result) bool {
		switch key.Str {
		case "optionalCookies":
			civicCategories(s, value)
		case "interactedWith":
			s.mustBe(value.IsBool())
			if acted = value.Type == gjson.True; !acted {
				s.decided(Undecided)
			}
		case "consentDate":
			s.when(value)
		case "consentExpiry": // days
			if days = value.Int(); value.Type != gjson.Number || days < 0 || days > maxDays {
				days = 0
			}
		}
		return true
	})
	if s.st.AtMilli != 0 && days != 0 {
		s.end(s.st.AtMilli + days*24*60*60*1000)
	}
	if acted {
		s.decided(Decides)
	} else {
		s.decided(Undecided)
	}
}

func civicCategories(s *Scratch, object gjson.Result) {
	if !object.IsObject() {
		s.malformed()
		return
	}
	object.ForEach(func(key, value gjson.Result) bool {
		id := read.Bytes(key.Str)
		switch {
		case value.Type != gjson.String:
			s.malformed()
		case value.Str == "accepted":
			s.say(Category, id, yes)
		case value.Str == "revoked":
			s.say(Category, id, no)
		case value.Str == "legitimate interest":
			s.say(CategoryLI, id, yes)
		default:
			s.malformed()
		}
		return true
	})
}
