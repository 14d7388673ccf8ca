package cmp

import (
	"bytes"

	"github.com/tagwarden/tagwarden/rules/ascii"
)

// oneTrust: OptanonConsent is a query string with groups=C0001:1,C0002:0 in it. It is there before any choice, with the
// defaults of the region; OptanonAlertBoxClosed is the time when the visitor closed the banner.
var oneTrust = dialect{
	name:     "onetrust",
	names:    []string{"OptanonConsent", "OptanonAlertBoxClosed"},
	read:     readOneTrust,
	listed:   [numLists]bool{Category: true, Service: true},
	services: true,
	tcf:      oneTrustTCF,
	free:     true,
	defaults: [][2]string{
		{"C0001", "necessary"}, {"C0002", "analytics"}, {"C0003", "functional"}, {"C0004", "marketing"}, {"C0005", "social"},
	},
	hint: "OptanonAlertBoxClosed, the time when the visitor closed the banner, stands beside it",
}

// oneTrustTCF tells whether a group is a purpose of IAB's, or a stack of them: IABV2_1, IAB2V2_1, V2STACK42, STACK42.
// Features have names of the same form.
func oneTrustTCF(id []byte) bool {
	if rest, ok := bytes.CutPrefix(bytes.TrimPrefix(id, []byte("V2")), []byte("STACK")); ok {
		return ascii.Digits(rest)
	}
	head, number, ok := bytes.Cut(id, []byte("V2_"))
	if !ok || !ascii.Digits(number) {
		return false
	}
	switch string(bytes.TrimSuffix(head, []byte("2"))) {
	case "IAB", "IFE", "ISP", "ISF":
		return true
	default:
		return false
	}
}

func readOneTrust(s *Scratch, c *cookie) {
	if c.slot == 1 {
		closed, ok := instant(s.plain(c.value))
		if !ok {
			s.malformed()
			return
		}
		s.at(closed)
		s.decided(Decides)
		return
	}
	text := c.value
	for range maxEscapes { // some servers escape the whole once more
		if bytes.IndexByte(text, '=') < 0 {
			text = s.unescape(text)
		}
	}
	if bytes.IndexByte(text, '=') < 0 {
		s.malformed()
		return
	}
	s.pass(Category)
	s.pass(Service)
	for len(text) > 0 {
		var pair []byte
		pair, text, _ = bytes.Cut(text, []byte{'&'})
		key, value, _ := bytes.Cut(pair, []byte{'='})
		oneTrustField(s, string(key), value)
	}
}

func oneTrustField(s *Scratch, key string, value []byte) {
	switch key {
	case "groups":
		if !switches(s, Category, s.plain(value)) {
			s.malformed()
		}
	case "genVendors": // "V2:0,V1:1,": services outside the IAB's list. What cannot be read there refuses nothing
		before := len(s.said)
		if !switches(s, Service, bytes.TrimSuffix(s.plain(value), []byte{','})) {
			clear(s.said[before:])
			s.said = s.said[:before]
		}
	case "isGpcEnabled", "browserGpcFlag":
		if text := s.plain(value); len(text) > 0 {
			s.st.GPC = max(s.st.GPC, flagOf(string(text) != "0" && string(text) != "false"))
		}
	case "AwaitingReconsent": // true: the choice is out of date
		if string(s.plain(value)) != "false" {
			s.decided(Undecided)
		}
	case "implicitConsentCountry": // GDPR or nonGDPR: where the site does not ask, going on was taken for consent
		if string(s.plain(value)) == "nonGDPR" {
			s.decided(Undecided)
		}
	}
}

// switches reads "C0001:1,C0002:0".
func switches(s *Scratch, list List, text []byte) bool {
	for more := len(text) > 0; more; {
		var one []byte
		one, text, more = bytes.Cut(text, []byte{','})
		colon := bytes.LastIndexByte(one, ':')
		if colon < 1 || !identifier(one[:colon]) {
			return false
		}
		switch string(one[colon+1:]) {
		case "1":
			s.say(list, one[:colon], yes)
		case "0":
			s.say(list, one[:colon], no)
		default:
			return false
		}
	}
	return true
}

// identifier tells whether text is letters, digits and the marks that join them.
func identifier(text []byte) bool {
	for _, c := range text {
		if !ascii.IsAlnum(c) && c != '_' && c != '-' && c != '.' {
			return false
		}
	}
	return len(text) > 0
}
