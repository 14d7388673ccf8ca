package objection

import (
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/FastFilter/xorfilter"
)

// index tells in memory of a hash that it was never heard of. It is in 256 shards, by the first byte of the hash. A
// shard is a binary fuse filter over what was on disk when it was built (it errs towards "maybe" once in 65536 times),
// and a chain of overlays with what is newer. Nobody who looks ever waits: a shard is replaced whole.
//
// One goroutine adds (the writer, after a commit), another rebuilds. When the last overlay of a chain is full the
// writer chains a fresh one, twice as large for as long as the rebuild is behind, and asks for a rebuild. Whatever is
// in an overlay was committed before it was added, and nothing is added to one that is not the last: a filter built
// from a transaction that began after an overlay was no longer the last holds all of it, so that the overlay can go.
type index struct {
	shards [256]atomic.Pointer[shard]

	mu    sync.Mutex // held while a shard is replaced
	due   [256]bool  // shards that want a rebuild
	wake  chan struct{}
	build func(*xorfilter.BinaryFuseBuilder, []uint64) (xorfilter.BinaryFuse[uint16], error) // a seam
}

type shard struct {
	filter   *xorfilter.BinaryFuse[uint16] // nil: of nothing
	overlays []*overlay                    // at least one; the last is the one that is added to
	subjects int                           // in the filter
}

const smallOverlay = 128 // slots

func newIndex() *index {
	x := &index{wake: make(chan struct{}, 1), build: xorfilter.BuildBinaryFuse[uint16]}
	for i := range x.shards {
		x.shards[i].Store(&shard{overlays: []*overlay{newOverlay(smallOverlay)}})
	}
	return x
}

// overlaySlots is how large an overlay over that many subjects is: a rebuild comes
// when about three in a hundred are new.
func overlaySlots(subjects int) int { return max(smallOverlay, subjects/16) }

// mayHold tells whether the hash may be on disk. False is certain.
func (x *index) mayHold(hash *[16]byte) bool {
	s := x.shards[hash[0]].Load()
	high, low := binary.BigEndian.Uint64(hash[:8]), binary.BigEndian.Uint64(hash[8:])
	if s.filter != nil && s.filter.Contains(low) {
		return true
	}
	for _, o := range s.overlays {
		if o.holds(high, low) {
			return true
		}
	}
	return false
}

// add makes a hash known that is on disk now. Only the writer calls it.
func (x *index) add(hash *[16]byte) {
	if x.mayHold(hash) {
		return // be it by error: it is looked for on disk then, and that is all that is wanted
	}
	s := x.shards[hash[0]].Load()
	last := s.overlays[len(s.overlays)-1]
	if last.full() {
		last = x.chain(hash[0])
	}
	last.add(binary.BigEndian.Uint64(hash[:8]), binary.BigEndian.Uint64(hash[8:]))
}

// chain begins a fresh overlay in a shard and asks for a rebuild.
func (x *index) chain(at byte) *overlay {
	x.mu.Lock()
	defer x.mu.Unlock()
	s := x.shards[at].Load()
	slots := overlaySlots(s.subjects)
	if len(s.overlays) > 1 {
		slots = max(slots, 2*len(s.overlays[len(s.overlays)-1].slots))
	}
	fresh := newOverlay(slots)
	x.shards[at].Store(&shard{filter: s.filter, subjects: s.subjects, overlays: append(slices.Clip(s.overlays), fresh)})
	x.due[at] = true
	select {
	case x.wake <- struct{}{}:
	default:
	}
	return fresh
}

// next names a shard that wants a rebuild, and how many of its overlays a transaction that begins now covers.
func (x *index) next() (at byte, covered int, ok bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for i := range x.due {
		if x.due[i] {
			x.due[i] = false
			return byte(i), len(x.shards[i].Load().overlays) - 1, true
		}
	}
	return 0, 0, false
}

// replace puts a new filter over the keys, the second halves of hashes, in place of the old one and of the overlays
// that it covers. Where no filter can be built, which happens about never, everything stays as it is.
func (x *index) replace(b *xorfilter.BinaryFuseBuilder, at byte, keys []uint64, covered int) error {
	subjects := len(keys)
	var filter *xorfilter.BinaryFuse[uint16]
	if subjects > 0 {
		f, err := x.build(b, keys)
		if err != nil {
			return fmt.Errorf("the filter over subjects cannot be built: %w", err)
		}
		f.Fingerprints = slices.Clone(f.Fingerprints) // they are the builder's
		filter = &f
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	s := x.shards[at].Load()
	overlays := slices.Clone(s.overlays[covered:])
	if len(overlays) == 0 { // the first filter: nobody adds yet, and in most shards nobody soon
		overlays = append(overlays, newOverlay(smallOverlay))
	}
	x.shards[at].Store(&shard{filter: filter, subjects: subjects, overlays: overlays})
	return nil
}
