package proxy

import (
	"encoding/binary"
	"sync/atomic"

	"github.com/dchest/siphash"

	"github.com/tagwarden/tagwarden/rules/signal"
)

// Bounds of a [choiceMemo]: of so many cookies it is kept what they said (some 200 bytes each), and of so many that they
// came once.
const (
	choiceSets      = 512
	choicesOfSet    = 4
	choiceSightings = 8192
)

// choiceMemo is a [signal.Memo] of one policy, to be thrown away with it. It holds no cookie: what was said stands below
// a hash of 128 bits under a key that nobody knows. It is kept when the same comes for the second time. Reading takes no
// lock.
type choiceMemo struct {
	k0, k1 uint64
	sets   [choiceSets][choicesOfSet]atomic.Pointer[keptChoice]
	seen   [choiceSightings]atomic.Uint32 // of what came once: a part of its sum
}

type keptChoice struct {
	sum  [2]uint64
	said signal.Reading
}

// newChoiceMemo returns an empty one with that key.
func newChoiceMemo(key [16]byte) *choiceMemo {
	return &choiceMemo{k0: binary.LittleEndian.Uint64(key[:8]), k1: binary.LittleEndian.Uint64(key[8:])}
}

// Recall returns what was said of a text; nil where it is not known.
func (m *choiceMemo) Recall(text []byte) (sum [2]uint64, known *signal.Reading) {
	sum[0], sum[1] = siphash.Hash128(m.k0, m.k1, text)
	set := &m.sets[sum[0]%choiceSets]
	for i := range set {
		of := set[i].Load()
		if of == nil {
			break
		}
		if of.sum == sum {
			return sum, &of.said
		}
	}
	return sum, nil
}

// Remember keeps what was said of a text that comes for the second time: where nothing is kept yet, else in place of
// another.
func (m *choiceMemo) Remember(sum [2]uint64, said signal.Reading) {
	sighting, once := &m.seen[sum[1]%choiceSightings], uint32(sum[1]>>32)|1
	if sighting.Load() != once {
		sighting.Store(once)
		return
	}
	of, set := &keptChoice{sum, said}, &m.sets[sum[0]%choiceSets]
	for i := range set {
		if set[i].CompareAndSwap(nil, of) {
			return
		}
	}
	set[sum[0]>>62].Store(of)
}
