package proxy

import "github.com/tagwarden/tagwarden/rules"

// judge decides, minimises and encodes.
func judge(s *Server, p *passage) rules.Reason {
	reason := rules.Judge(&p.j, &p.in)
	if reason == rules.Unjudged {
		s.values.countHit(&p.j, p.in.Now)
	}
	return reason
}
