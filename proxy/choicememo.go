package proxy

import (
	"encoding/binary"

	"github.com/dchest/siphash"

	"github.com/tagwarden/tagwarden/rules/signal"
)

// choiceSets is how many sets a [choiceMemo] has: some two thousand cookies of which it is kept
// what they said (some 200 bytes each).
const choiceSets = 512

// choiceMemo is a [signal.Memo] of one policy, to be thrown away with it. It holds no cookie: what was said stands
// below a hash of 128 bits under a key that nobody knows.
type choiceMemo struct {
	k0, k1 uint64
	kept   secondSight[keptChoice]
}

type keptChoice struct {
	sum  [2]uint64
	said signal.Reading
}

// newChoiceMemo returns an empty one with that key.
func newChoiceMemo(key [16]byte) *choiceMemo {
	return &choiceMemo{
		k0: binary.LittleEndian.Uint64(key[:8]), k1: binary.LittleEndian.Uint64(key[8:]),
		kept: newSecondSight[keptChoice](choiceSets),
	}
}

// Recall returns what was said of a text; nil where it is not known.
func (m *choiceMemo) Recall(text []byte) (sum [2]uint64, known *signal.Reading) {
	sum[0], sum[1] = siphash.Hash128(m.k0, m.k1, text)
	if of := m.kept.find(sum[0], func(of *keptChoice) bool { return of.sum == sum }); of != nil {
		known = &of.said
	}
	return sum, known
}

// Remember keeps what was said of a text that comes for the second time.
func (m *choiceMemo) Remember(sum [2]uint64, said signal.Reading) {
	if m.kept.again(sum[1]) {
		m.kept.keep(sum[0], &keptChoice{sum, said})
	}
}
