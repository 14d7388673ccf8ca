package proxy

import "github.com/tagwarden/tagwarden/rules"

// read takes the hit apart.
func read(_ *Server, h *hitContext) result {
	return nextUnless(rules.Read(h.snapshot.Policy, &h.j, &h.in, nil))
}
