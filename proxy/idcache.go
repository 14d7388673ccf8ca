package proxy

import (
	"bytes"
	"hash/maphash"
	"sync/atomic"

	"github.com/tagwarden/tagwarden/rules"
)

// Bounds of an [idCache]: so many texts are kept, of at most so many bytes each, and of so many it is noted that they
// came once. A site has some hundred of them, of some two hundred bytes.
const (
	idSets      = 1024
	idsOfSet    = 4
	longestID   = 1024
	idSightings = 8192
)

// idCache is a [rules.IDs] of one policy, to be thrown away with it. A text is kept when it comes for the second time,
// beside its name: two texts of one hash are not taken for each other. Reading takes no lock.
type idCache struct {
	seed maphash.Seed
	sets [idSets][idsOfSet]atomic.Pointer[keptID]
	seen [idSightings]atomic.Uint32 // of what came once: a part of its hash
}

type keptID struct {
	hash uint64
	text []byte
	id   rules.ID
}

func newIDCache() *idCache { return &idCache{seed: maphash.MakeSeed()} }

// Recall returns the name of a text; nil where it is not known.
func (c *idCache) Recall(text []byte) *rules.ID {
	hash := maphash.Bytes(c.seed, text)
	set := &c.sets[hash%idSets]
	for i := range set {
		of := set[i].Load()
		if of == nil {
			break
		}
		if of.hash == hash && bytes.Equal(of.text, text) {
			return &of.id
		}
	}
	return nil
}

// Remember keeps the name of a text that comes for the second time: where nothing is kept yet, else in place of another.
func (c *idCache) Remember(text []byte, id rules.ID) {
	if len(text) > longestID {
		return
	}
	hash := maphash.Bytes(c.seed, text)
	sighting, once := &c.seen[hash/idSets%idSightings], uint32(hash>>32)|1
	if sighting.Load() != once {
		sighting.Store(once)
		return
	}
	of, set := &keptID{hash: hash, text: bytes.Clone(text), id: id}, &c.sets[hash%idSets]
	for i := range set {
		if set[i].CompareAndSwap(nil, of) {
			return
		}
	}
	set[hash>>62].Store(of)
}
