package proxy

import "sync/atomic"

// keptInSet is of how many things one is looked for.
const keptInSet = 4

// sightings is of how many things it is noted that they came once.
const sightings = 8192

// secondSight keeps what came for the second time, so that what comes once takes no room, and no more than it has sets
// for: another takes its place. Reading takes no lock.
type secondSight[T any] struct {
	sets [][keptInSet]atomic.Pointer[T]
	seen [sightings]atomic.Uint32 // of what came once: a part of its hash
}

func newSecondSight[T any](sets int) secondSight[T] {
	return secondSight[T]{sets: make([][keptInSet]atomic.Pointer[T], sets)}
}

// find returns what is kept among those of a hash and is the one that is looked for; nil: it is not kept.
func (s *secondSight[T]) find(hash uint64, is func(*T) bool) *T {
	set := &s.sets[hash%uint64(len(s.sets))]
	for i := range set {
		of := set[i].Load()
		if of == nil {
			break
		}
		if is(of) {
			return of
		}
	}
	return nil
}

// again tells whether something comes for the second time, by another hash of it, and notes that it came.
func (s *secondSight[T]) again(hash uint64) bool {
	sighting, once := &s.seen[hash%sightings], uint32(hash>>32)|1
	if sighting.Load() != once {
		sighting.Store(once)
		return false
	}
	return true
}

// keep keeps something where nothing is kept yet among those of its hash, else in place of another.
func (s *secondSight[T]) keep(hash uint64, of *T) {
	set := &s.sets[hash%uint64(len(s.sets))]
	for i := range set {
		if set[i].CompareAndSwap(nil, of) {
			return
		}
	}
	set[hash>>62].Store(of)
}
