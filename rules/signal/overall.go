package signal

// Overall is what all sources of a hit together say of what the visitor chose, whatever it was about. Nothing is
// decided by it: it is what is counted of hits. What counts for an event says [Signals.Consent].
type Overall uint8

// The choices. The zero value is none.
const (
	NoChoice    Overall = iota // nothing speaks of one, or nothing that can be read
	RefusedAll                 // nothing is granted
	GrantedSome                // something is, and something is not
	GrantedAll                 // nothing is refused, or unclear
	NumChoices
)

// String returns the word that figures use.
func (c Overall) String() string {
	switch c {
	case RefusedAll:
		return "refused"
	case GrantedSome:
		return "partly"
	case GrantedAll:
		return "granted"
	default:
		return "silent"
	}
}

// Overall says what was chosen, all in all. Of a TC string each purpose that is consented to is something granted.
func (s *Signals) Overall() Overall {
	granted := s.TCF.State == Valid && s.TCF.Consents != 0
	refused := s.TCF.State == Valid && s.TCF.Consents == 0
	for i := range s.Sources[:s.N] {
		said := &s.Sources[i]
		granted = granted || said.Granted != 0
		refused = refused || said.Refused|said.Objected|said.Doubt != 0 || said.Service != NotRefused
	}
	switch {
	case granted && refused:
		return GrantedSome
	case granted:
		return GrantedAll
	case refused:
		return RefusedAll
	default:
		return NoChoice
	}
}
