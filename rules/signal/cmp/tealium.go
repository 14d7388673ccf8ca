package cmp

import (
	"bytes"

	"github.com/tagwarden/tagwarden/rules/signal/read"
)

// tealium: CONSENTMGR is "c1:0|c6:1|ts:<ms>|consent:true". consent:true tells that the visitor answered, and grants no
// category by itself; consent:false refuses them all.
var tealium = dialect{
	name:  "tealium",
	names: []string{"CONSENTMGR"},
	read:  readTealium,
	ids:   []string{"c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9", "c10", "c11", "c12", "c13", "c14", "c15"},
}

func readTealium(s *Scratch, c *cookie) {
	text := s.plain(c.value)
	before := len(s.said)
	consent := Unsaid
	for more := true; more; {
		var one []byte
		one, text, more = bytes.Cut(text, []byte{'|'})
		key, value, found := bytes.Cut(one, []byte{':'})
		if !found {
			s.malformed()
			return
		}
		switch {
		case string(key) == "consent":
			granted := string(value) == "true"
			s.mustBe(granted || string(value) == "false")
			if consent != No {
				consent = flagOf(granted)
			}
		case string(key) == "ts":
			milli, ok := millis(value)
			s.mustBe(ok)
			s.at(milli)
		case tealiumCategory(key):
			s.mustBe(string(value) == "1" || string(value) == "0")
			s.say(Category, key, voteOf(string(value) == "1"))
		}
	}
	switch consent {
	case No:
		refuseAllBut(s.said[before:], "")
		s.say(Category, read.Bytes("*"), no)
		s.st.Consent = No
	case Yes:
		if s.st.Consent != No {
			s.st.Consent = Yes
		}
	case Unsaid:
		s.decided(Undecided)
		return
	}
	s.decided(Decides)
}

func tealiumCategory(key []byte) bool {
	switch {
	case len(key) == 2:
		return key[0] == 'c' && key[1] >= '1' && key[1] <= '9'
	case len(key) == 3:
		return key[0] == 'c' && key[1] == '1' && key[2] >= '0' && key[2] <= '5'
	default:
		return false
	}
}
