package proxy

import "github.com/tagwarden/tagwarden/rules"

// route finds the site, the vendor and the endpoint, before a byte of the body is read.
func route(_ *Server, p *passage) rules.Reason { return rules.FindRoute(p.snapshot.Policy, &p.j) }
