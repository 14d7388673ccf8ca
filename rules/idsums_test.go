package rules

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
)

// TestSumsSpread: every byte of a text counts in its sum, and texts that differ little are spread over the table.
func TestSumsSpread(t *testing.T) {
	t.Parallel()
	for n := range 40 {
		text := bytes.Repeat([]byte{'a'}, n)
		sum := sumOf(text)
		for i := range text {
			for bit := range 8 {
				text[i] ^= 1 << bit
				if sumOf(text) == sum {
					t.Errorf("bit %d of byte %d of %d changes nothing", bit, i, n)
				}
				text[i] ^= 1 << bit
			}
		}
	}
	var slots [len(variantTable{}.slots)]int
	for i := range 20 * len(slots) {
		for _, text := range []string{"cust-%d", "00000000-0000-4000-8000-%012d", "%064x"} {
			sum := sumOf(fmt.Appendf(nil, text, i))
			slots[sum%uint64(len(slots))]++
		}
	}
	if fewest, most := slices.Min(slots[:]), slices.Max(slots[:]); fewest < 20 || most > 120 {
		t.Errorf("from %d to %d of 60 in a slot", fewest, most)
	}
}
