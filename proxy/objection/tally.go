package objection

// Tally is how often something was objected to, or taken back, of which the store keeps nothing but that count: a
// browser that sends no identifier keeps what it chose in a cookie of its own.
type Tally struct {
	Withdrawn bool     // it was taken back
	Scopes    []string // none: nobody says of what
	Source    string
	Site      string
	Campaign  string
	Times     uint64
}

// tally counts, among what was done today, as what was done in the store is counted.
func (t *Tally) tally(g *group) {
	g.wrote = true
	what := byte(countObjections)
	if t.Withdrawn {
		what = countWithdrawals
	}
	g.countAs(&Change{Source: t.Source, Site: t.Site, Campaign: t.Campaign}, what, t.Times)
	for _, scope := range t.Scopes {
		g.countOne(byScope, what, scope, t.Times)
	}
}
