package cmp

import (
	"bytes"
	"math/bits"

	"github.com/tagwarden/tagwarden/rules/ascii"
)

// trustArc: notice_gdpr_prefs "0,1,2:" or "0|1|2:" lists what was allowed, counted from 0; notice_preferences "2:" is
// the highest level; cmapi_cookie_privacy "permit 1,2,3" or "permit_1|2|3" lists the same from 1, and in the implied
// model is written without a choice. What follows the colon is a hash or ":implied,eu". notice_behavior "expressed,eu"
// names the model. All of them have to allow a category.
var trustArc = dialect{
	name: "trustarc",
	names: []string{"notice_gdpr_prefs", "notice_preferences", "cmapi_cookie_privacy",
		"notice_behavior", "gpcishonored"},
	read:     readTrustArc,
	end:      endTrustArc,
	ids:      []string{"1", "2", "3", "4", "5", "6", "7", "8", "9"},
	defaults: [][2]string{{"1", "necessary"}, {"2", "functional"}, {"3", "marketing"}},
	hint:     "notice_gdpr_prefs or notice_preferences records a choice",
}

// The marks of trustArc: sets of categories, bit 0 being category 1.
const (
	trustArcRefused = iota // by any cookie
	trustArcNamed
	trustArcPrefs // 1: notice_gdpr_prefs was read, 2: notice_preferences
	trustArcImplied
)

func readTrustArc(s *Scratch, c *cookie) {
	text := s.plain(c.value)
	switch c.slot {
	case 0, 1:
		list, tail, found := bytes.Cut(text, []byte{':'})
		set, ok := numberSet(list)
		if !found || !ok {
			s.malformed()
			return
		}
		if c.slot == 1 && set&(set-1) == 0 { // one number: that level and those below
			set |= set - 1
		}
		trustArcAllows(s, set)
		s.marks[trustArcPrefs] |= 1 << c.slot
		if _, model, found := bytes.Cut(tail, []byte{':'}); found && s.st.Model == nil && !s.has(3) {
			trustArcModel(s, model)
		}
	case 2:
		list, found := bytes.CutPrefix(text, []byte("permit"))
		if !found || len(list) < 2 || list[0] != ' ' && list[0] != '_' {
			s.malformed()
			return
		}
		list, _, _ = bytes.Cut(list[1:], []byte{' '}) // "1 required"
		set, ok := numberSet(list)
		if !ok || set&1 != 0 {
			s.malformed()
			return
		}
		trustArcAllows(s, set>>1)
	case 3:
		trustArcModel(s, text)
	default:
		s.st.GPC = max(s.st.GPC, flagOf(string(text) != "false"))
	}
}

// trustArcModel reads "expressed,eu" or "implied|us".
func trustArcModel(s *Scratch, text []byte) {
	at := bytes.IndexAny(text, ",|")
	if at < 0 {
		at = len(text)
	}
	s.st.Model = text[:at]
	if string(s.st.Model) == "implied" {
		s.marks[trustArcImplied] = 1
	}
	if at < len(text) {
		s.st.Region = text[at+1:]
	}
}

func trustArcAllows(s *Scratch, set uint64) {
	s.marks[trustArcRefused] |= ^set
	s.marks[trustArcNamed] |= set | 0b111
}

// numberSet reads "0,1,2" or "0|1|2". The numbers are below 9.
func numberSet(text []byte) (set uint64, ok bool) {
	for i, c := range text {
		switch {
		case i%2 == 1 && (c == ',' || c == '|') && i+1 < len(text):
		case i%2 == 0 && ascii.IsDigit(c):
			set |= 1 << (c - '0')
		default:
			return 0, false
		}
	}
	return set, len(text) > 0
}

func endTrustArc(s *Scratch) {
	switch {
	case s.marks[trustArcPrefs]&1 != 0:
		s.decided(Decides)
	case s.marks[trustArcPrefs] != 0 && s.marks[trustArcImplied] == 0:
		s.decided(Decides)
	}
	for rest := s.marks[trustArcNamed]; rest != 0; rest &= rest - 1 {
		n := bits.TrailingZeros64(rest)
		s.say(Category, s.number(n+1), voteOf(s.marks[trustArcRefused]>>n&1 == 0))
	}
}
