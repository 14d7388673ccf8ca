package cmp

import "github.com/tagwarden/tagwarden/rules/signal/read"

// matomo: mtm_consent, mtm_cookie_consent and mtm_consent_removed hold the time in ms when they were set; removed beats
// consent whatever the times (matomo-org/matomo, js/piwik.js). matomo_ignore is the opt-out cookie, whatever its value.
var matomo = dialect{
	name:     "matomo",
	names:    []string{"mtm_consent", "mtm_cookie_consent", "mtm_consent_removed", "matomo_ignore"},
	read:     readMatomo,
	end:      endMatomo,
	ids:      []string{"tracking"},
	defaults: [][2]string{{"tracking", "analytics"}},
}

func readMatomo(s *Scratch, c *cookie) {
	milli, ok := millis(s.plain(c.value))
	s.decided(Decides)
	switch c.slot {
	case 0, 1:
		if !ok {
			s.malformed()
			return
		}
		if c.slot == 0 {
			s.say(Category, read.Bytes("tracking"), yes)
		} else {
			s.st.CookiesAllowed = Yes
		}
		s.at(milli)
	default:
		s.st.Objection = true
		s.say(Category, read.Bytes("tracking"), no)
		s.marks[0] = max(s.marks[0], uint64(milli))
	}
}

// endMatomo dates an objection by the objection.
func endMatomo(s *Scratch) {
	if s.st.Objection {
		s.st.AtMilli = int64(s.marks[0])
		s.st.CookiesAllowed = Unsaid
	}
}
