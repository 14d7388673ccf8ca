package cmp

import "github.com/tagwarden/tagwarden/rules/signal/read"

// complianz: one cookie a category, "allow" or "deny", and <prefix>banner-status, "dismissed" once the visitor chose.
// The plugin itself takes an empty cookie for a yes where the region asks for no consent; here it is no answer.
var complianz = dialect{
	name:     "complianz",
	names:    complianzNames[:],
	prefix:   "cmplz_",
	match:    matchComplianz,
	read:     readComplianz,
	services: true,
	free:     true,
	defaults: [][2]string{
		{"functional", "necessary"}, {"preferences", "preferences"}, {"statistics", "analytics"}, {"marketing", "marketing"},
	},
	hint:      "the cookie banner-status is \"dismissed\"",
	renamable: true,
}

const (
	complianzStatus = 4 + iota
	complianzPolicy
	complianzServices
)

var complianzNames = [...]string{"functional", "preferences", "statistics", "marketing", "banner-status", "policy_id",
	"consented_services"}

func matchComplianz(name []byte, prefix string) (int, bool) {
	if len(name) <= len(prefix) || string(name[:len(prefix)]) != prefix {
		return 0, false
	}
	for slot, own := range complianzNames {
		if string(name[len(prefix):]) == own {
			return slot, true
		}
	}
	return 0, false
}

func readComplianz(s *Scratch, c *cookie) {
	switch c.slot {
	case complianzPolicy:
	case complianzStatus:
		if string(s.plain(c.value)) == "dismissed" {
			s.decided(Decides)
		} else {
			s.decided(Undecided)
		}
	case complianzServices:
		if len(c.value) == 0 {
			return
		}
		services, ok := s.json(c.value)
		if !ok {
			s.malformed()
			return
		}
		s.bools(Service, services)
	default:
		switch string(s.plain(c.value)) {
		case "allow":
			s.say(Category, read.Bytes(complianzNames[c.slot]), yes)
		case "deny":
			s.say(Category, read.Bytes(complianzNames[c.slot]), no)
		case "":
		default:
			s.malformed()
		}
	}
}
