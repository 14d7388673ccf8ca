package proxy

import (
	"runtime/debug"
	"testing"
)

// TestHeapRests: what lies around is given back once nothing more is allocated, and then there is nothing to be given
// back; looking takes no memory itself. The test is alone while it runs: others allocate.
func TestHeapRests(t *testing.T) {
	h := newHeap()
	h.rests() // what came before it
	var room [][]byte
	for range 16 {
		room = append(room, make([]byte, 1<<20))
	}
	if len(room) == 16 && h.rests() {
		t.Error("16 MiB were allocated since the last look, and it is said to rest")
	}
	if !h.rests() {
		t.Error("16 MiB are nobody's, and nothing was allocated since the last look: it is said not to rest")
	}
	debug.FreeOSMemory()
	if h.rests() {
		t.Error("what was given back is said to lie around")
	}
	if n := testing.AllocsPerRun(10, func() { h.rests() }); n != 0 {
		t.Errorf("a look takes %v allocations", n)
	}
}
