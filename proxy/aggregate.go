package proxy

import (
	"sync"
	"time"
)

// aggregate counts, by its kind, what has no record of its own, until it is written down. Its zero value has counted
// nothing, and tells all kinds apart.
type aggregate[K comparable] struct {
	most int        // how many kinds are told apart; 0: all
	rest func(K) K  // what others are counted as
	mu   sync.Mutex // guards the following

	since  time.Time
	counts map[K]uint64
}

// add counts one.
func (a *aggregate[K]) add(of K) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.counts == nil {
		a.counts = map[K]uint64{}
	}
	if _, known := a.counts[of]; !known && a.most > 0 && len(a.counts) >= a.most {
		of = a.rest(of)
	}
	a.counts[of]++
}

// drain returns what was counted since the last time, and since when, and begins anew.
func (a *aggregate[K]) drain(now time.Time) (from time.Time, counts map[K]uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if from = a.since; from.IsZero() {
		from = now
	}
	counts, a.counts, a.since = a.counts, nil, now
	return from, counts
}
