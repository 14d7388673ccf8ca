package proxy

import "github.com/tagwarden/tagwarden/rules"

// read takes the hit apart.
func read(_ *Server, p *passage) result {
	return nextUnless(rules.Read(p.snapshot.Policy, &p.j, &p.in, nil))
}
