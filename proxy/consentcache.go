package proxy

import (
	"hash/maphash"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/tagwarden/tagwarden/rules/signal/iab"
)

// Bounds of what is kept of consent strings. Visitors who chose alike on the same day send the same string; the longest
// honest ones have two thousand characters.
const (
	mostStrings   = 2048
	longestString = 2048 // characters
)

// consentCache keeps decoded consent strings between hits, by a hash of the string under a seed of its own. What it
// hands out is never changed. It is used from many goroutines at once.
type consentCache struct {
	seed maphash.Seed
	tc   *lru.Cache[uint64, keptString[*iab.TCString]]
	gpp  *lru.Cache[uint64, keptString[*iab.GPPString]]
}

// keptString is a decoded string beside the one that it came from: two strings of one hash are not taken for each
// other.
type keptString[T any] struct {
	text    string
	decoded T
}

func newConsentCache() *consentCache {
	tc, err := lru.New[uint64, keptString[*iab.TCString]](mostStrings)
	gpp, err2 := lru.New[uint64, keptString[*iab.GPPString]](mostStrings)
	if err != nil || err2 != nil {
		panic("BUG: a cache of no size")
	}
	return &consentCache{maphash.MakeSeed(), tc, gpp}
}

// TC decodes a TC string, or finds it decoded.
func (c *consentCache) TC(text []byte) (*iab.TCString, error) {
	return kept(c.seed, c.tc, text, iab.DecodeTC)
}

// GPP decodes a GPP string, or finds it decoded.
func (c *consentCache) GPP(text []byte) (*iab.GPPString, error) {
	return kept(c.seed, c.gpp, text, iab.DecodeGPP)
}

// kept looks for a decoded string. What cannot be decoded is not kept: it is found out sooner than a good one is.
func kept[T any](seed maphash.Seed, cache *lru.Cache[uint64, keptString[T]], text []byte,
	decode func([]byte) (T, error)) (T, error) {
	if len(text) > longestString {
		return decode(text)
	}
	key := maphash.Bytes(seed, text)
	if found, ok := cache.Get(key); ok && found.text == string(text) {
		return found.decoded, nil
	}
	decoded, err := decode(text)
	if err == nil {
		cache.Add(key, keptString[T]{string(text), decoded})
	}
	return decoded, err
}
