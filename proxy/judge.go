package proxy

import "github.com/tagwarden/tagwarden/rules"

// judge decides, minimises and encodes.
func judge(s *Server, h *hitContext) result {
	if reason := rules.Judge(&h.j, &h.in); reason != rules.Unjudged {
		return refused(reason)
	}
	s.values.countHit(&h.j, h.in.Now)
	s.denied.rememberHit(&h.j, h.in.Now)
	return next
}
