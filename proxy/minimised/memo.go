// Package minimised keeps what became of values that many visitors share, between hits: of the titles, addresses and
// products of a site. It holds no value as it came, only keyed hashes of them and what the policy lets through.
package minimised

import (
	"bytes"
	"encoding/binary"
	"sync"
	"sync/atomic"

	"github.com/dchest/siphash"

	"github.com/tagwarden/tagwarden/rules/minimise"
)

// The bounds of a [Memo]: so many values are remembered, and of so many it is noted that they were seen once. That is a
// megabyte and a half with what became of them (80 bytes in the mean, of those that were rewritten), and nine where all
// were rewritten to what is as long as can be.
const (
	buckets   = 4096
	perBucket = 4
	sightings = 1 << 16
)

// Memo is a [minimise.Memo] of one policy, to be thrown away with it. A value is remembered when it comes for the
// second time, so that those that come once, which are many, take no room. Reading takes no lock.
type Memo struct {
	buckets [buckets]bucket
	seen    [sightings]atomic.Uint32 // of what was seen once: a part of its sum
	k0, k1  uint64
	mu      sync.Mutex // of those who remember
}

// bucket holds values whose sums end alike. Of a value that was kept all that is known stands in one line of the
// processor's cache.
type bucket struct {
	lower [perBucket]atomic.Uint64 // of the sum all but its last bits, which are a [note]
	upper [perBucket]atomic.Uint64 // the other half; 0: the place is free
	more  [perBucket]atomic.Pointer[entry]
	_     [32]byte // to the end of the second line
}

// note is what is known of a value in few bits: what became of it, in how many steps.
type note uint16

const (
	noteOutcome note = 1<<2 - 1 // a [minimise.Outcome]
	noteMore    note = 1 << 2   // the rest is an entry's
	noteAgain   note = 1 << 3   // asked for since others were last put out
	noteSteps        = 4        // where the steps begin
	mostSteps        = 1<<(16-noteSteps) - 1

	noteBits uint64 = 1<<16 - 1
)

// entry is what became of a value that was rewritten, or took many steps.
type entry struct {
	sum  minimise.Sum
	made minimise.Made
}

// New returns an empty memo whose hash has that key. It is to be random and known to nobody.
func New(key [16]byte) *Memo {
	return &Memo{k0: binary.LittleEndian.Uint64(key[:8]), k1: binary.LittleEndian.Uint64(key[8:])}
}

// Recall returns what was made of a value below a salt; false where it is not known.
func (m *Memo) Recall(salt uint64, value []byte) (sum minimise.Sum, made minimise.Made, known bool) {
	var room [8 + minimise.MaxRemembered]byte
	text := append(binary.LittleEndian.AppendUint64(room[:0], salt), value...)
	sum[0], sum[1] = siphash.Hash128(m.k0, m.k1, text)
	b := m.bucket(sum)
	for i := range perBucket {
		if b.upper[i].Load() != sum[1] {
			continue
		}
		lower := b.lower[i].Load()
		if (lower^sum[0])&^noteBits != 0 {
			continue
		}
		n := note(lower)
		if n&noteAgain == 0 {
			b.lower[i].CompareAndSwap(lower, lower|uint64(noteAgain))
		}
		if n&noteMore == 0 {
			return sum, minimise.Made{Outcome: minimise.Outcome(n & noteOutcome), Steps: int(n >> noteSteps)}, sum[1] != 0
		}
		if e := b.more[i].Load(); e != nil && e.sum == sum { // else another one is being put in its place
			return sum, e.made, true
		}
	}
	return sum, minimise.Made{}, false
}

func (m *Memo) bucket(sum minimise.Sum) *bucket { return &m.buckets[sum[0]%buckets] }

// Remember is told what was made of the value that has the sum, and keeps it where it was told so before.
func (m *Memo) Remember(sum minimise.Sum, made minimise.Made) {
	sighting, once := &m.seen[sum[1]%sightings], uint32(sum[1]>>32)|1
	if sighting.Load() != once {
		sighting.Store(once)
		return
	}
	n, e := note(made.Outcome), (*entry)(nil)
	if len(made.Bytes) == 0 && made.Steps <= mostSteps {
		n |= note(made.Steps) << noteSteps
	} else {
		n |= noteMore
		made.Bytes = bytes.Clone(made.Bytes)
		e = &entry{sum, made}
	}
	m.mu.Lock()
	m.bucket(sum).put(sum, n, e)
	m.mu.Unlock()
}

// put puts what is known of a value where nothing is, else in place of one that was not asked for lately. A place is
// free while it changes.
func (b *bucket) put(sum minimise.Sum, n note, e *entry) {
	at := b.place(int(sum[1] >> 16 % perBucket))
	b.upper[at].Store(0)
	b.more[at].Store(e)
	b.lower[at].Store(sum[0]&^noteBits | uint64(n))
	b.upper[at].Store(sum[1])
}

// place is where something is put: the first free place, else from one on.
func (b *bucket) place(from int) int {
	for i := range perBucket {
		if b.upper[i].Load() == 0 {
			return i
		}
	}
	for i := range perBucket {
		at := (from + i) % perBucket
		if note(b.lower[at].And(^uint64(noteAgain)))&noteAgain == 0 {
			return at
		}
	}
	return from
}
