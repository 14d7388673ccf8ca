package proxy

import "github.com/tagwarden/tagwarden/rules"

// read takes the hit apart.
func read(_ *Server, p *passage) rules.Reason { return rules.Read(p.snapshot.Policy, &p.j, &p.in, nil) }
