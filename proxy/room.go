package proxy

import "github.com/tagwarden/tagwarden/rules"

// room refuses a hit whose events would wait for their vendor where there is no room for that, before its body is read.
func room(s *Server, h *hitContext) result {
	if h.mayWait() && s.dispatch.queue.Full() {
		return refused(rules.QueueFull)
	}
	return next
}
