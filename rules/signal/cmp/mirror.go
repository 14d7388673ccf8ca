package cmp

import "github.com/tidwall/gjson"

// mirror is the cookie of tagwarden-mirror.js, which copies what a visitor chose in a platform that keeps it in the
// browser: {"v":1,"cmp":"osano","at":<ms>,"categories":{"ANALYTICS":true},"services":{"Mixpanel":false}}. It is there
// once the visitor is known to have chosen. at is missing where nobody knows when.
var mirror = dialect{
	name:      "mirror",
	names:     []string{"tagwarden-choices"},
	read:      readMirror,
	services:  true,
	tcf:       didomiTCF, // of the platforms that are copied, Didomi alone names purposes of IAB's
	free:      true,
	renamable: true,
}

func readMirror(s *Scratch, c *cookie) {
	object, ok := s.object(c.value)
	if !ok {
		s.malformed()
		return
	}
	form, categories := false, 0
	object.ForEach(func(key, value gjson.Result) bool {
		switch key.Str {
		case "v":
			form = value.Type == gjson.Number && value.Num == 1
			s.mustBe(form)
		case "cmp":
			s.mustBe(value.Type == gjson.String)
		case "at":
			s.when(value)
		case "categories":
			categories++
			s.bools(Category, value)
		case "services":
			s.bools(Service, value)
		}
		return true
	})
	s.mustBe(form && categories == 1)
	s.decided(Decides)
}
