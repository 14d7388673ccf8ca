package objection

import (
	"math/bits"
	"sync/atomic"
)

// overlay is a set of hashes that one goroutine adds to while others look: an open-addressing table
// that only grows fuller. Nobody waits. The hashes are keyed ones, so that they are spread evenly
// and nobody can choose where they fall.
type overlay struct {
	slots []slot
	used  int         // only the writer knows
	zero  atomic.Bool // a hash that begins with eight zero bytes was added: from then on, all such may be here
}

// slot holds a hash once high is not zero: low was written before.
type slot struct{ high, low atomic.Uint64 }

// newOverlay makes one of at least that many slots. Half of them may be used.
func newOverlay(slots int) *overlay {
	return &overlay{slots: make([]slot, 1<<bits.Len(uint(max(slots, 2)-1)))}
}

// full tells whether another one has to be begun.
func (o *overlay) full() bool { return o.used >= len(o.slots)/2 }

// holds tells whether a hash was added.
func (o *overlay) holds(high, low uint64) bool {
	if high == 0 {
		return o.zero.Load()
	}
	mask := uint64(len(o.slots) - 1)
	for i := high & mask; ; i = (i + 1) & mask {
		s := &o.slots[i]
		switch s.high.Load() {
		case 0:
			return false
		case high:
			if s.low.Load() == low {
				return true
			}
		}
	}
}

// add adds a hash that is not in it. Only the writer calls it, and never when it is full.
func (o *overlay) add(high, low uint64) {
	if high == 0 {
		o.zero.Store(true)
		return
	}
	mask := uint64(len(o.slots) - 1)
	for i := high & mask; ; i = (i + 1) & mask {
		if s := &o.slots[i]; s.high.Load() == 0 {
			s.low.Store(low)
			s.high.Store(high)
			o.used++
			return
		}
	}
}
