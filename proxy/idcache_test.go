package proxy

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
)

// idOf is some name of a text.
func idOf(text []byte) (id rules.ID) {
	sum := sha256.Sum256(text)
	hex.Encode(id[:], sum[:len(id)/2])
	return id
}

// TestIDsAreKept: a text that came once takes no room, one that came twice is known by its own bytes alone, and
// one that is longer than any is not kept.
func TestIDsAreKept(t *testing.T) {
	for _, text := range []string{"", "a", "shop\x00ga4\x00collect", strings.Repeat("x", longestID),
		strings.Repeat("x", longestID+1)} {
		c := newIDCache()
		b := []byte(text)
		for sight := range 4 {
			known := c.Recall(b)
			if want := sight >= 2 && len(text) <= longestID; (known != nil) != want {
				t.Fatalf("%.20q, sight %d: known: %v", text, sight, known != nil)
			}
			if known == nil {
				c.Remember(b, idOf(b))
			} else if *known != idOf(b) {
				t.Errorf("%.20q: %s", text, known)
			}
		}
		if len(b) > 0 { // the bytes are another hit's by now
			b[0]++
			if known := c.Recall(b); known != nil {
				t.Errorf("%.20q is taken for what has its memory", b)
			}
			b[0]--
		}
		if c.Recall(append(bytes.Clone(b), 0)) != nil {
			t.Errorf("%.20q is taken for a longer one", text)
		}
		if n := testing.AllocsPerRun(100, func() { c.Recall(b) }); n != 0 {
			t.Errorf("%v allocations", n)
		}
	}
}

// TestManyIDs: whoever asks gets the name of that very text, from many goroutines and however many come; and
// no set holds more than it has room for.
func TestManyIDs(t *testing.T) {
	t.Parallel()
	c, known := newIDCache(), [4]int{}
	var all sync.WaitGroup
	for g := range known {
		all.Go(func() {
			for i := range 60_000 {
				text := fmt.Appendf(nil, "%d", i%20_000)
				if i%4 == 0 {
					text = fmt.Appendf(nil, "often %d", i%100)
				}
				if id := c.Recall(text); id == nil {
					c.Remember(text, idOf(text))
				} else if known[g]++; *id != idOf(text) {
					t.Errorf("%s is %s", text, id)
				}
			}
		})
	}
	all.Wait()
	if most := known[0] + known[1] + known[2] + known[3]; most < 50_000 {
		t.Errorf("%d were known: it shows too little", most)
	}
}
