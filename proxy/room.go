package proxy

import (
	"github.com/tagwarden/tagwarden/rules"
)

// room refuses a hit whose events would wait for their vendor where there is no room for that, before its body is read.
func room(s *Server, h *hitContext) result {
	if !h.mayWait() {
		return next
	}
	if err := s.dispatch.room.Full(); noRoom(err) {
		s.dispatch.full(err)
		return refused(rules.QueueFull)
	}
	return next
}
