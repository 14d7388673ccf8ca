package cmp

import (
	"bytes"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/rules/ascii"
	"github.com/tagwarden/tagwarden/rules/signal/read"
)

// iubenda: _iub_cs-<id> is {"timestamp":..,"purposes":{"1":true,...},"id":..} or, where there is one question for
// everything, {"timestamp":..,"consent":true}. Before a choice it holds the id alone. _iub_cs-<id>-uspr is
// {"s":true,"sh":true,"adv":true} for US states.
var iubenda = dialect{
	name:   "iubenda",
	names:  []string{"_iub_cs-*", "_iub_cs-*-uspr"},
	match:  matchIubenda,
	read:   readIubenda,
	listed: [numLists]bool{Category: true},
	ids:    []string{"1", "2", "3", "4", "5", "*"},
	defaults: [][2]string{
		{"1", "necessary"}, {"2", "functional"}, {"3", "preferences"}, {"4", "analytics"}, {"5", "marketing"},
	},
}

func matchIubenda(name []byte, _ string) (int, bool) {
	rest, found := bytes.CutPrefix(name, []byte("_iub_cs-"))
	rest, us := bytes.CutSuffix(rest, []byte("-uspr"))
	if !found || !ascii.Digits(rest) {
		return 0, false
	}
	if us {
		return 1, true
	}
	return 0, true
}

func readIubenda(s *Scratch, c *cookie) {
	object, ok := s.object(c.value)
	if !ok {
		s.malformed()
		return
	}
	if c.slot == 1 {
		iubendaUS(s, object)
		return
	}
	before, dated := len(s.said), false
	consent := Unsaid
	object.ForEach(func(key, value gjson.Result) bool {
		switch key.Str {
		case "timestamp":
			dated = value.Type == gjson.String
			s.when(value)
		case "purposes":
			s.pass(Category)
			s.bools(Category, value)
		case "consent":
			s.mustBe(value.IsBool())
			if consent != No {
				consent = flagOf(value.Type == gjson.True)
			}
		}
		return true
	})
	if len(s.said) == before && consent != Unsaid {
		s.pass(Category)
		s.say(Category, read.Bytes("*"), voteOf(consent == Yes))
	}
	if consent == No {
		refuseAllBut(s.said[before:], "")
	}
	if dated && len(s.said) > before {
		s.decided(Decides)
	} else {
		s.decided(Undecided)
	}
}

func iubendaUS(s *Scratch, object gjson.Result) {
	object.ForEach(func(key, value gjson.Result) bool {
		for i, name := range [...]string{"s", "sh", "adv"} {
			if key.Str == name && value.IsBool() && s.st.US[i] != No {
				s.st.US[i] = flagOf(value.Type == gjson.True)
			}
		}
		return true
	})
}
