package proxy

import (
	"encoding/binary"
	"testing"

	"github.com/tagwarden/tagwarden/rules/signal"
)

// TestChoicesAreKept: what came once takes no room, what came twice is known below its own text alone, and another key
// makes another sum.
func TestChoicesAreKept(t *testing.T) {
	m := newChoiceMemo([16]byte{1, 2, 3})
	text := []byte("consent")
	for sight := range 4 {
		sum, known := m.Recall(text)
		if (known != nil) != (sight >= 2) {
			t.Fatalf("sight %d: known: %v", sight, known != nil)
		}
		if known == nil {
			m.Remember(sum, signal.Reading{})
		}
	}
	if _, known := m.Recall([]byte("consent ")); known != nil {
		t.Error("another text is taken for it")
	}
	sum, _ := m.Recall(text)
	if other, _ := newChoiceMemo([16]byte{3, 2, 1}).Recall(text); other == sum {
		t.Error("the key has no part in the sum")
	}
	if n := testing.AllocsPerRun(100, func() { m.Recall(text) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestChoicesAreBounded: however many come, and come again, there is room for so many, and
// each is found by itself or not at all.
func TestChoicesAreBounded(t *testing.T) {
	t.Parallel()
	m, held := newChoiceMemo([16]byte{}), 0
	for i := range uint32(20 * choiceSets * keptInSet) {
		for range 2 {
			if sum, known := m.Recall(binary.LittleEndian.AppendUint32(nil, i)); known == nil {
				m.Remember(sum, signal.Reading{})
			}
		}
	}
	for i := range m.kept.sets {
		for j := range m.kept.sets[i] {
			if of := m.kept.sets[i][j].Load(); of != nil {
				held++
				if of.sum[0]%choiceSets != uint64(i) {
					t.Errorf("one stands where nobody finds it")
				}
			}
		}
	}
	if held != choiceSets*keptInSet {
		t.Errorf("%d are held of %d", held, choiceSets*keptInSet)
	}
}
