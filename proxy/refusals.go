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
}

func (r *refusals) add(reason rules.Reason) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.counts == nil {
		r.counts = map[rules.Reason]uint64{}
	}
	r.counts[reason]++
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
