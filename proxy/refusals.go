package proxy

import (
	"io"
	"sync"
	"time"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/rules"
)

// refusals counts hits that were refused before a site was known, until an aggregate is written down.
type refusals struct {
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

// take returns what was counted since the last time, and begins anew.
func (r *refusals) take(now time.Time) []ledger.Refused {
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

// salts hands out random bytes, read in blocks.
type salts struct {
	mu     sync.Mutex
	source io.Reader
	block  [4096]byte
	left   int
}

// salt fills a record's salt. Where no randomness is to be had the server cannot go on: the hit ends in a panic, closed.
func (s *Server) salt(into *[16]byte) {
	s.salts.mu.Lock()
	defer s.salts.mu.Unlock()
	if s.salts.left < len(into) {
		if _, err := io.ReadFull(s.salts.source, s.salts.block[:]); err != nil {
			panic("no randomness: " + err.Error())
		}
		s.salts.left = len(s.salts.block)
	}
	at := len(s.salts.block) - s.salts.left
	copy(into[:], s.salts.block[at:])
	clear(s.salts.block[at : at+len(into)])
	s.salts.left -= len(into)
}
