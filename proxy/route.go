package proxy

import "github.com/tagwarden/tagwarden/rules"

// route finds the site, the vendor and the endpoint, before a byte of the body is read.
func route(_ *Server, h *hitContext) result {
	return nextUnless(rules.FindRoute(h.snapshot.Policy, &h.j))
}
