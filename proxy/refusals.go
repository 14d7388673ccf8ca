package proxy

import (
	"sync/atomic"
	"time"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/rules"
)

// refusals counts hits that were refused before a site was known, until an aggregate is written down.
type refusals struct {
	aggregate[rules.Reason]
	now  func() time.Time
	note func([]ledger.Refused) error // puts aggregates on the ledger
	// connections for which there was no place: nobody knows how many hits would have come
	places atomic.Uint64
}

// noPlace counts a connection for which there was no place.
func (r *refusals) noPlace() { r.places.Add(1) }

// keep writes an aggregate down.
func (r *refusals) keep() error {
	now := r.now()
	from, counts := r.drain(now)
	var all []ledger.Refused
	for reason, count := range counts {
		all = append(all, ledger.Refused{From: from, To: now, Reason: reason.String(), Count: count})
	}
	if places := r.places.Swap(0); places > 0 {
		all = append(all, ledger.Refused{From: from, To: now, Reason: "no_place", Count: places})
	}
	return r.note(all)
}
