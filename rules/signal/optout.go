package signal

// US is a set of what state laws of the US let people opt out of.
type US uint8

// What one can opt out of.
const (
	Sale US = 1 << iota
	Sharing
	TargetedAdvertising
)

// ParseUS reads the word that policies use: sale, sharing or targeted_advertising.
func ParseUS(word string) (US, bool) {
	switch word {
	case "sale":
		return Sale, true
	case "sharing":
		return Sharing, true
	case "targeted_advertising":
		return TargetedAdvertising, true
	default:
		return 0, false
	}
}

// Words lists what is in the set, as policies name it; it is never nil.
func (u US) Words() []string {
	all := []string{}
	for of, word := range [...]string{"sale", "sharing", "targeted_advertising"} {
		if u&(1<<of) != 0 {
			all = append(all, word)
		}
	}
	return all
}

// OptOuts is what a string of opt-outs says. [Malformed] is no permission: what cannot be read may be an opt-out.
type OptOuts struct {
	State State
	Of    US
	GPC   bool // a copy of the browser's Global Privacy Control
}

func (o *OptOuts) merge(other OptOuts) {
	o.State = max(o.State, other.State)
	o.Of |= other.Of
	o.GPC = o.GPC || other.GPC
}

// refuses tells whether the string says no to any of what is asked.
func (o *OptOuts) refuses(of US) bool { return o.State != Absent && (o.Of&of != 0 || o.GPC && of != 0) }

// OptedOut tells whether the visitor opted out of any of what is asked, by any signal, or may have.
func (s *Signals) OptedOut(of US) bool {
	if of == 0 {
		return false
	}
	return s.GPC != Absent || s.MayRefuseSale(of) || s.RefusedSale(of)
}

// MayRefuseSale tells whether there is a string or consent object that cannot be read,
// and may be an opt-out of what is asked.
func (s *Signals) MayRefuseSale(of US) bool {
	return of != 0 && (s.GPP.State == Malformed || s.USP.State == Malformed || s.Payload.State == Malformed)
}

// RefusedSale tells whether an opt-out that the hit states says no to any of what is asked.
func (s *Signals) RefusedSale(of US) bool {
	return s.GPP.refuses(of) || s.USP.refuses(of) || s.Payload.refuses(of)
}
