package proxy

import "github.com/tagwarden/tagwarden/rules"

// route finds the site, the vendor and the endpoint, before a byte of the body is read.
// Where the clock is not believed no hit goes on: what it may say depends on the date.
func route(s *Server, h *hitContext) result {
	reason := rules.FindRoute(h.snapshot.Policy, &h.j)
	if reason == rules.Unjudged && s.clock.isAhead() {
		reason = rules.ClockAhead
	}
	return nextUnless(reason)
}
