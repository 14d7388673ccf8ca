package proxy

import (
	"cmp"
	"slices"
	"time"

	"github.com/tagwarden/tagwarden/proxy/api"
	"github.com/tagwarden/tagwarden/proxy/ledger"
)

// mostTurnedAway is how many kinds of refused calls are told apart in a minute; what is beyond that is told by its
// reason alone.
const mostTurnedAway = 256

// turnedAway counts calls of the API that were not let in, until an aggregate is written down. Its counts are bounded,
// whatever is tried.
type turnedAway struct {
	aggregate[api.Refused]
	now  func() time.Time
	note func([]ledger.TurnedAway) error // puts aggregates on the ledger
}

func newTurnedAway(now func() time.Time, note func([]ledger.TurnedAway) error) *turnedAway {
	return &turnedAway{
		aggregate: aggregate[api.Refused]{
			since: now(), most: mostTurnedAway, rest: func(of api.Refused) api.Refused { return api.Refused{Why: of.Why} },
		},
		now: now, note: note,
	}
}

// keep writes an aggregate down, in one order.
func (t *turnedAway) keep() error {
	now := t.now()
	from, counts := t.drain(now)
	var all []ledger.TurnedAway
	for of, count := range counts {
		all = append(all, ledger.TurnedAway{
			From: from, To: now, Why: of.Why, Permission: string(of.Permission), By: of.By, Count: count,
		})
	}
	slices.SortFunc(all, func(a, b ledger.TurnedAway) int {
		return cmp.Or(cmp.Compare(a.Why, b.Why), cmp.Compare(a.Permission, b.Permission), cmp.Compare(a.By, b.By))
	})
	return t.note(all)
}
