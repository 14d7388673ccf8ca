package hit

import (
	"slices"
	"testing"
)

// TestChain: each event's nodes are linked in the order in which they stand, however events take turns, and
// what is made later comes behind them.
func TestChain(t *testing.T) {
	t.Parallel()
	for text, of := range map[string][]int32{
		"no node":      {},
		"one":          {Shared},
		"all shared":   {Shared, Shared, Shared},
		"one after":    {Shared, Shared, 0, 0, 0, 1, 2, 2},
		"in turns":     {0, Shared, 0, 1, 0, 1, 2, Shared, 0},
		"and back":     {2, 2, 1, 1, 0, 0, 1, 2, 2},
		"an empty one": {1, 1, Shared},
	} {
		var h Hit
		for range 3 {
			h.Begun(None, 0)
		}
		for _, event := range of {
			h.Append(None, Node{Kind: Form})
			h.Nodes[len(h.Nodes)-1].Event = event
		}
		h.Chain()
		check := func() {
			t.Helper()
			for event := int32(Shared); event < 3; event++ {
				var want, got []int32
				for i := range h.Nodes {
					if h.Nodes[i].Event == event {
						want = append(want, int32(i))
					}
				}
				for i := h.FirstOf(event); i != None; i = h.Nodes[i].Peer {
					got = append(got, i)
				}
				if !slices.Equal(got, want) || h.NodesOf(event) != len(want) {
					t.Errorf("%s: event %d: %v, %d of them; want %v", text, event, got, h.NodesOf(event), want)
				}
			}
		}
		check()
		if len(of) > 0 {
			h.Make(0, []byte("a"), Text)
			h.Make(int32(len(of)-1), []byte("b"), Text)
			check()
		}
	}
}
