// Package minimised keeps what became of values that many visitors share, between hits: of the titles, addresses and
// products of a site. It holds no value as it came, only keyed hashes of them and what the policy lets through.
package minimised

import (
	"bytes"
	"encoding/binary"
	"sync/atomic"

	"github.com/dchest/siphash"

	"github.com/tagwarden/tagwarden/rules/minimise"
)

// The bounds of a [Memo]: so many values are remembered, and of so many it is noted that they were seen once. With what
// became of them (80 bytes in the mean) that is some two megabytes, and ten where all are as long as can be.
const (
	buckets   = 4096
	perBucket = 4
	sightings = 1 << 16
)

// Memo is a [minimise.Memo] of one policy, to be thrown away with it. A value is remembered when it comes for the second
// time, so that those that come once, which are many, take no room. Reading takes no lock.
type Memo struct {
	k0, k1  uint64
	buckets [buckets]bucket
	seen    [sightings]atomic.Uint32 // of what was seen once: a part of its sum
}

// bucket holds values whose sums end alike.
type bucket [perBucket]atomic.Pointer[entry]

// entry is what became of a value.
type entry struct {
	sum   minimise.Sum
	made  minimise.Made
	again atomic.Bool // asked for since others were last put out
}

// New returns an empty memo whose hash has that key. It is to be random and known to nobody.
func New(key [16]byte) *Memo {
	return &Memo{k0: binary.LittleEndian.Uint64(key[:8]), k1: binary.LittleEndian.Uint64(key[8:])}
}

// Recall returns what was made of a value below a salt; nil where it is not known.
func (m *Memo) Recall(salt uint64, value []byte) (minimise.Sum, *minimise.Made) {
	var room [8 + minimise.MaxRemembered]byte
	text := append(binary.LittleEndian.AppendUint64(room[:0], salt), value...)
	var sum minimise.Sum
	sum[0], sum[1] = siphash.Hash128(m.k0, m.k1, text)
	b := &m.buckets[sum[0]%buckets]
	for i := range b {
		e := b[i].Load()
		if e == nil {
			break
		}
		if e.sum == sum {
			if !e.again.Load() {
				e.again.Store(true)
			}
			return sum, &e.made
		}
	}
	return sum, nil
}

// Remember is told what was made of the value that has the sum, and keeps it where it was told so before.
func (m *Memo) Remember(sum minimise.Sum, made minimise.Made) {
	sighting, once := &m.seen[sum[1]%sightings], uint32(sum[1]>>32)|1
	if sighting.Load() != once {
		sighting.Store(once)
		return
	}
	made.Bytes = bytes.Clone(made.Bytes)
	m.buckets[sum[0]%buckets].put(&entry{sum: sum, made: made}, int(sum[1]>>16%perBucket))
}

// put puts an entry where none is, else in place of one that was not asked for lately, from a place on.
func (b *bucket) put(e *entry, from int) {
	for i := range b {
		if b[i].CompareAndSwap(nil, e) {
			return
		}
	}
	for i := range b {
		at := &b[(from+i)%perBucket]
		if was := at.Load(); !was.again.Swap(false) {
			at.Store(e)
			return
		}
	}
	b[from].Store(e)
}
