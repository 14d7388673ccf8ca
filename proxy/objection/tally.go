package objection

import "context"

// Tally is how often something was objected to, or taken back, of which the store keeps nothing but that count: a browser
// that sends no identifier keeps what it chose in a cookie of its own.
type Tally struct {
	Withdrawn bool     // it was taken back
	Scopes    []string // none: nobody says of what
	Source    string
	Site      string
	Campaign  string
	Times     uint64
}

// Tally adds to the measures of today: it is on disk when it returns. The errors and the context are those of Apply.
func (s *Store) Tally(ctx context.Context, tallies []Tally) error {
	if len(tallies) == 0 {
		return nil
	}
	r := &request{tallies: tallies, done: make(chan struct{})}
	if err := s.submit(ctx, r); err != nil {
		return err
	}
	return r.err
}

// tally counts, as what was done in the store is counted.
func (g *group) tally(tallies []Tally) {
	g.wrote = true
	for i := range tallies {
		t := &tallies[i]
		what := byte(countObjections)
		if t.Withdrawn {
			what = countWithdrawals
		}
		g.countAs(&Change{Source: t.Source, Site: t.Site, Campaign: t.Campaign}, what, t.Times)
		for _, scope := range t.Scopes {
			g.countOne(byScope, what, scope, t.Times)
		}
	}
}
