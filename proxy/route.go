package proxy

import "github.com/tagwarden/tagwarden/rules"

// route finds the site, the vendor and the endpoint, before a byte of the body is read.
func route(_ *Server, p *passage) result { return nextUnless(rules.FindRoute(p.snapshot.Policy, &p.j)) }
