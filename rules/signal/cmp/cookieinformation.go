package cmp

import "github.com/tidwall/gjson"

// cookieInformation: CookieInformationConsent is
// {"consents_approved":["cookie_cat_statistic"],"consents_denied":[..],"timestamp":..}.
var cookieInformation = dialect{
	name:   "cookie_information",
	names:  []string{"CookieInformationConsent"},
	read:   readCookieInformation,
	listed: [numLists]bool{Category: true},
	ids: []string{
		"cookie_cat_necessary", "cookie_cat_functional", "cookie_cat_statistic", "cookie_cat_marketing",
		"cookie_cat_unclassified",
	},
	defaults: [][2]string{
		{"cookie_cat_necessary", "necessary"}, {"cookie_cat_functional", "functional"}, {"cookie_cat_statistic", "analytics"},
		{"cookie_cat_marketing", "marketing"},
	},
}

func readCookieInformation(s *Scratch, c *cookie) {
	object, ok := s.object(c.value)
	if !ok {
		s.malformed()
		return
	}
	lists, acceptedOnly := 0, true
	object.ForEach(func(key, value gjson.Result) bool {
		switch key.Str {
		case "consents_approved":
			lists++
			s.pass(Category)
			s.ids(Category, value, yes)
		case "consents_denied":
			lists++
			acceptedOnly = false
			s.ids(Category, value, no)
		case "timestamp":
			s.when(value)
		}
		return true
	})
	s.st.AcceptedOnly = s.st.AcceptedOnly || acceptedOnly
	s.mustBe(lists > 0)
	s.decided(Decides)
}
