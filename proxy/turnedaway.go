package proxy

import (
	"cmp"
	"slices"
	"sync"
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
	now  func() time.Time
	note func([]ledger.TurnedAway) error // puts aggregates on the ledger

	mu     sync.Mutex
	since  time.Time
	counts map[api.Refused]uint64
}

func (t *turnedAway) add(of api.Refused) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.counts == nil {
		t.counts = map[api.Refused]uint64{}
	}
	if _, known := t.counts[of]; !known && len(t.counts) >= mostTurnedAway {
		of = api.Refused{Why: of.Why}
	}
	t.counts[of]++
}

// keep writes an aggregate down.
func (t *turnedAway) keep() error { return t.note(t.drain(t.now())) }

// drain returns what was counted since the last time, in one order, and begins anew.
func (t *turnedAway) drain(now time.Time) (all []ledger.TurnedAway) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for of, count := range t.counts {
		all = append(all, ledger.TurnedAway{
			From: t.since, To: now, Why: of.Why, Permission: string(of.Permission), By: of.By, Count: count,
		})
	}
	slices.SortFunc(all, func(a, b ledger.TurnedAway) int {
		return cmp.Or(cmp.Compare(a.Why, b.Why), cmp.Compare(a.Permission, b.Permission), cmp.Compare(a.By, b.By))
	})
	clear(t.counts)
	t.since = now
	return all
}
