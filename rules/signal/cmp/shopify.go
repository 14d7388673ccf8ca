package cmp

import (
	"strings"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/rules/signal/read"
)

// shopify: _tracking_consent is
// {"con":{"CMP":{"a":"1","m":"0","p":"","s":""}},"v":"2.1","region":"DEBE","purposes":{..}} with a analytics, m
// marketing, p preferences, s sale; "" is no answer, and purposes is what the region starts from. Version 3,
// "3.AMPS_..", is a form that only Shopify can read.
var shopify = dialect{
	name:     "shopify",
	names:    []string{"_tracking_consent"},
	read:     readShopify,
	ids:      []string{"a", "m", "p", "s"},
	defaults: [][2]string{{"a", "analytics"}, {"m", "marketing"}, {"p", "preferences"}},
}

func readShopify(s *Scratch, c *cookie) {
	if text := s.plain(c.value); len(text) > 2 && string(text[:2]) == "3." {
		unknowable(s)
		return
	}
	object, ok := s.object(c.value)
	if !ok {
		s.malformed()
		return
	}
	before := len(s.said)
	object.ForEach(func(key, value gjson.Result) bool {
		switch key.Str {
		case "v":
			if !strings.HasPrefix(value.String(), "2.") {
				unknowable(s)
			}
		case "region":
			s.st.Region = read.Bytes(value.String())
		case "con":
			shopifyChoice(s, value)
		}
		return true
	})
	if len(s.said) > before {
		s.decided(Decides)
	} else {
		s.decided(Undecided)
	}
}

func unknowable(s *Scratch) {
	s.st.Opaque = true
	s.decided(Unknowable)
}

func shopifyChoice(s *Scratch, con gjson.Result) {
	s.mustBe(con.IsObject())
	con.ForEach(func(key, answers gjson.Result) bool {
		if key.Str != "CMP" {
			return true
		}
		s.mustBe(answers.IsObject())
		answers.ForEach(func(key, value gjson.Result) bool {
			switch {
			case value.Type != gjson.String:
				s.malformed()
			case value.Str == "1":
				s.say(Category, read.Bytes(key.Str), yes)
			case value.Str == "0":
				s.say(Category, read.Bytes(key.Str), no)
			default:
				s.mustBe(value.Str == "")
			}
			return true
		})
		return true
	})
}
