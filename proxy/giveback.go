package proxy

import (
	"runtime/debug"
	"time"
)

// giveBack returns memory to the system soon after a flood of large hits is over, until stop is closed: the collector would take minutes, and who
// shares the machine waits for it.
func (s *Server) giveBack(stop <-chan struct{}) {
	tick, end := s.opts.Every(2 * time.Second)
	defer end()
	for {
		select {
		case <-stop:
			return
		case <-tick:
			if s.budget.Calm() {
				debug.FreeOSMemory()
			}
		}
	}
}
