package proxy

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

// fill fills a record's salt. Where no randomness is to be had the server cannot go on: the hit ends in a panic,
// closed.
func (s *salts) fill(into *[16]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left < len(into) {
		if _, err := io.ReadFull(s.source, s.block[:]); err != nil {
			panic("no randomness: " + err.Error())
		}
		s.left = len(s.block)
	}
	at := len(s.block) - s.left
	copy(into[:], s.block[at:])
	clear(s.block[at : at+len(into)])
	s.left -= len(into)
}
