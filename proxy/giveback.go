package proxy

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// giveBack returns memory to the system soon after a flood of large hits is over, and where a start or the work of an
// hour has left much behind and little is asked for any more, until the context ends: the collector would take minutes,
// and who shares the machine waits for it.
func giveBack(ctx context.Context, s *Server) {
	tick, end := s.opts.Every(2 * time.Second)
	defer end()
	h := newHeap()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick:
			if rests := h.rests(); s.budget.Calm() || rests {
				debug.FreeOSMemory()
			}
		}
	}
}

// heap is what Go's heap comes to, looked at now and then.
type heap struct {
	samples   []metrics.Sample
	allocated uint64 // ever, when it was looked at last
}

// The figures of it, in their order in samples.
const (
	heapAllocated = iota // ever
	heapLive             // by the last collection
	heapObjects          // with those that nobody has any more
	heapFree             // and not given back
)

func newHeap() *heap {
	return &heap{samples: []metrics.Sample{
		heapAllocated: {Name: "/gc/heap/allocs:bytes"},
		heapLive:      {Name: "/gc/heap/live:bytes"},
		heapObjects:   {Name: "/memory/classes/heap/objects:bytes"},
		heapFree:      {Name: "/memory/classes/heap/free:bytes"},
	}}
}

// rests tells whether much of the heap is nobody's and little was allocated since the last look.
func (h *heap) rests() bool {
	const much, little = 4 << 20, 1 << 20
	metrics.Read(h.samples)
	of := func(figure int) uint64 { return h.samples[figure].Value.Uint64() }
	since := of(heapAllocated) - h.allocated
	h.allocated = of(heapAllocated)
	return since < little && of(heapObjects)+of(heapFree) > of(heapLive)+much
}
