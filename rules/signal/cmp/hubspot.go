package cmp

import (
	"bytes"

	"github.com/tagwarden/tagwarden/rules/ascii"
	"github.com/tagwarden/tagwarden/rules/signal/read"
)

// hubSpot: __hs_cookie_cat_pref is "1:true,2:false,3:false", also with "_" between. __hs_opt_out, yes or no, is the
// older single flag; __hs_do_not_track is an objection; __hs_initial_opt_in only keeps the banner away.
var hubSpot = dialect{
	name:  "hubspot",
	names: []string{"__hs_cookie_cat_pref", "__hs_opt_out", "__hs_do_not_track", "__hs_initial_opt_in"},
	read:  readHubSpot,
	ids:   []string{"1", "2", "3", "*"},
	defaults: [][2]string{
		{"1", "analytics"}, {"2", "marketing"}, {"3", "functional"},
	},
}

func readHubSpot(s *Scratch, c *cookie) {
	value := s.plain(c.value)
	switch c.slot {
	case 0:
		s.decided(Decides)
		s.mustBe(len(value) > 0)
		for len(value) > 0 {
			one := value
			if at := bytes.IndexAny(value, ",_"); at >= 0 {
				one, value = value[:at], value[at+1:]
				s.mustBe(len(value) > 0)
			} else {
				value = nil
			}
			hubSpotCategory(s, one)
		}
	case 1:
		hubSpotOptOut(s, string(value))
	case 2: // an objection in any words but no
		if text := string(value); text != "no" && text != "" {
			s.st.Objection = true
			s.decided(Decides)
		}
	}
}

func hubSpotCategory(s *Scratch, one []byte) {
	id, value, _ := bytes.Cut(one, []byte{':'})
	granted := string(value) == "true"
	if len(id) != 1 || !ascii.IsDigit(id[0]) || !granted && string(value) != "false" {
		s.malformed()
		return
	}
	s.say(Category, id, voteOf(granted))
}

func hubSpotOptOut(s *Scratch, value string) {
	switch value {
	case "yes":
		s.st.Objection = true
		s.say(Category, read.Bytes("*"), no)
	case "no":
		if s.has(0) { // newer, and finer
			return
		}
		s.say(Category, read.Bytes("*"), yes)
	default:
		s.malformed()
		return
	}
	s.decided(Decides)
}
