package proxy

import (
	"bytes"
	"hash/maphash"
	"math/bits"

	"github.com/tagwarden/tagwarden/rules"
)

// Bounds of an [idCache]: so many sets of texts are kept, of at most so many bytes each. A site has some hundred texts,
// of some two hundred bytes.
const (
	idSets    = 1024
	longestID = 1024
)

// idCache is a [rules.IDs] of one policy, to be thrown away with it. A text is kept beside its name: two texts of
// one hash are not taken for each other.
type idCache struct {
	seed maphash.Seed
	kept secondSight[keptID]
}

type keptID struct {
	hash uint64
	text []byte
	id   rules.ID
}

func newIDCache() *idCache {
	return &idCache{seed: maphash.MakeSeed(), kept: newSecondSight[keptID](idSets)}
}

// Recall returns the name of a text; nil where it is not known.
func (c *idCache) Recall(text []byte) *rules.ID {
	hash := maphash.Bytes(c.seed, text)
	of := c.kept.find(hash, func(of *keptID) bool { return of.hash == hash && bytes.Equal(of.text, text) })
	if of == nil {
		return nil
	}
	return &of.id
}

// Remember keeps the name of a text that comes for the second time.
func (c *idCache) Remember(text []byte, id rules.ID) {
	if len(text) > longestID {
		return
	}
	hash := maphash.Bytes(c.seed, text)
	if c.kept.again(bits.RotateLeft64(hash, 32)) {
		c.kept.keep(hash, &keptID{hash: hash, text: bytes.Clone(text), id: id})
	}
}
