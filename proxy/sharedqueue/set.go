package sharedqueue

import "math/bits"

// Set is items of a message, by their places.
type Set [MaxItems / 8]byte

// Add adds one.
func (s *Set) Add(item int) { s[item/8] |= 1 << (item % 8) }

// Remove removes one.
func (s *Set) Remove(item int) { s[item/8] &^= 1 << (item % 8) }

// Has tells whether one is among them.
func (s *Set) Has(item int) bool { return s[item/8]&(1<<(item%8)) != 0 }

// Len is how many they are.
func (s *Set) Len() (n int) {
	for _, b := range s {
		n += bits.OnesCount8(b)
	}
	return n
}

// with is both together.
func (s Set) with(of Set) Set {
	for i := range s {
		s[i] |= of[i]
	}
	return s
}
