package proxy

import "github.com/tagwarden/tagwarden/rules"

// judge decides, minimises and encodes.
func judge(s *Server, p *passage) result {
	if reason := rules.Judge(&p.j, &p.in); reason != rules.Unjudged {
		return refused(reason)
	}
	s.values.countHit(&p.j, p.in.Now)
	return next
}
