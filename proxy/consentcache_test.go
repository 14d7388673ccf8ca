package proxy

import (
	"hash/maphash"
	"strings"
	"testing"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/tagwarden/tagwarden/rules/signal/iab"
)

const (
	someTC  = "CP9Dx0AP9Dx0ABYAGPENAsFwAP6gAELgAApAAAAAAABEAAQAAQAEhQAMAAgAEAAA.IAFJbAAA.cAwAFLAAAAAA"
	otherTC = "CQYZ5oAQYZ5oABhrKWENC9FgAN4gAEPgAA6gAAAAlAAAAAAQAiQAQAB0AEgAVAA0ACkpAGAAFAAQABgAMgAbgA8AD8AJAAlA.IAWvO_T-_v6A.ZRQAAQAAAAAA"
	someGPP = "DBABLA~CAAQAAAAAABA.QA"
)

// TestKeptStrings: a string is decoded once, and one that cannot be decoded is not kept.
func TestKeptStrings(t *testing.T) {
	c := newConsentCache()
	first, err := c.TC([]byte(someTC))
	if err != nil {
		t.Fatal(err)
	}
	again, err := c.TC([]byte(someTC))
	if err != nil || again != first {
		t.Errorf("decoded anew: %v", err)
	}
	if _, err := c.TC([]byte(someTC[:40])); err == nil || c.tc.Len() != 1 {
		t.Errorf("half a string: %v, %d are kept", err, c.tc.Len())
	}
	long := strings.Repeat("A", longestString+1)
	if _, err := c.GPP([]byte(long)); err == nil || c.gpp.Len() != 0 {
		t.Errorf("a long one: %v, %d are kept", err, c.gpp.Len())
	}
	for i := range 2 * mostStrings {
		text := someTC[:len(someTC)-3] + string([]byte{'A' + byte(i%16), 'A' + byte(i/16%16), 'A'})
		_, _ = c.TC([]byte(text))
	}
	if c.tc.Len() > mostStrings {
		t.Errorf("%d are kept", c.tc.Len())
	}
}

// TestKeptStringsAreNotMistaken: where two strings have one hash, neither is taken for the other.
func TestKeptStringsAreNotMistaken(t *testing.T) {
	cache, err := lru.New[uint64, keptString[*iab.TCString]](1)
	if err != nil {
		t.Fatal(err)
	}
	seed := maphash.MakeSeed()
	other, err := iab.DecodeTC([]byte(otherTC))
	if err != nil {
		t.Fatal(err)
	}
	cache.Add(maphash.String(seed, someTC), keptString[*iab.TCString]{otherTC, other})
	got, err := kept(seed, cache, []byte(someTC), iab.DecodeTC)
	if err != nil || got == other || got.VendorListVersion == other.VendorListVersion {
		t.Errorf("a string of the same hash was taken for this one: %v", err)
	}
}

func TestKeptStringsDoNotAllocate(t *testing.T) {
	c := newConsentCache()
	tc, gpp := []byte(someTC), []byte(someGPP)
	look := func() {
		if _, err := c.TC(tc); err != nil {
			t.Fatal(err)
		}
		if _, err := c.GPP(gpp); err != nil {
			t.Fatal(err)
		}
	}
	look()
	if n := testing.AllocsPerRun(100, look); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkKeptTC(b *testing.B) {
	c := newConsentCache()
	tc := []byte(someTC)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.TC(tc); err != nil {
			b.Fatal(err)
		}
	}
}
