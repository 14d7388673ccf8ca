package cmp

import (
	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/rules/signal/read"
)

// ketch: _ketch_consent_v1_ is base64 of {"analytics":{"status":"granted",..}}.
var ketch = dialect{
	name:  "ketch",
	names: []string{"_ketch_consent_v1_"},
	read:  readKetch,
	free:  true,
}

func readKetch(s *Scratch, c *cookie) {
	text, ok := s.base64(c.value)
	if !ok {
		s.malformed()
		return
	}
	object, ok := s.object(text)
	if !ok {
		s.malformed()
		return
	}
	s.decided(Decides)
	object.ForEach(func(key, purpose gjson.Result) bool {
		s.mustBe(purpose.IsObject())
		v := named
		purpose.ForEach(func(member, value gjson.Result) bool {
			if member.Str == "status" && v != no {
				s.mustBe(value.Type == gjson.String)
				v = voteOf(value.Str == "granted")
			}
			return true
		})
		s.say(Category, read.Bytes(key.Str), v)
		return true
	})
}
