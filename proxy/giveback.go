package proxy

import (
	"context"
	"runtime/debug"
	"time"
)

// giveBack returns memory to the system soon after a flood of large hits is over, until the context ends: the
// collector would take minutes, and who shares the machine waits for it.
func giveBack(ctx context.Context, s *Server) {
	tick, end := s.opts.Every(2 * time.Second)
	defer end()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick:
			if s.budget.Calm() {
				debug.FreeOSMemory()
			}
		}
	}
}
