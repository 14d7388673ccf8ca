package proxy

import (
	"sync"
	"time"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/rules"
)

// refusals counts hits that were refused before a site was known, until an aggregate is written down.
type refusals struct {
	now  func() time.Time
	note func([]ledger.Refused) error // puts aggregates on the ledger

	mu     sync.Mutex
	since  time.Time
	counts map[rules.Reason]uint64
	places uint64 // connections for which there was no place: nobody knows how many hits would have come
}

func (r *refusals) add(reason rules.Reason) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.counts == nil {
		r.counts = map[rules.Reason]uint64{}
	}
	r.counts[reason]++
}

// noPlace counts a connection for which there was no place.
func (r *refusals) noPlace() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.places++
}

// keep writes an aggregate down.
func (r *refusals) keep() error { return r.note(r.drain(r.now())) }

// drain returns what was counted since the last time, and begins anew.
func (r *refusals) drain(now time.Time) []ledger.Refused {
	r.mu.Lock()
	defer r.mu.Unlock()
	from := r.since
	if from.IsZero() {
		from = now
	}
	r.since = now
	var all []ledger.Refused
	for reason, count := range r.counts {
		all = append(all, ledger.Refused{From: from, To: now, Reason: reason.String(), Count: count})
	}
	clear(r.counts)
	if r.places > 0 {
		all = append(all, ledger.Refused{From: from, To: now, Reason: "no_place", Count: r.places})
		r.places = 0
	}
	return all
}
