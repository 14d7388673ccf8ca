package ledger

import (
	"io"
	"sync"
)

// salts hands out random bytes, read in blocks.
type salts struct {
	mu     sync.Mutex
	source io.Reader
	block  [4096]byte
	left   int
}

// next is a record's salt. Where no randomness is to be had the server cannot go
// on: it panics, and nothing is recorded.
func (s *salts) next() (salt [16]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left < len(salt) {
		if _, err := io.ReadFull(s.source, s.block[:]); err != nil {
			panic("no randomness: " + err.Error())
		}
		s.left = len(s.block)
	}
	at := len(s.block) - s.left
	copy(salt[:], s.block[at:])
	clear(s.block[at : at+len(salt)])
	s.left -= len(salt)
	return salt
}

// Salt is random, for a record of an event: what left is digested under it before the record is written. All other
// records are given theirs by the ledger.
func (l *Ledger) Salt() [16]byte { return l.salts.next() }
