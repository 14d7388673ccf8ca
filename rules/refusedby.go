package rules

import (
	"strings"

	"github.com/tagwarden/tagwarden/rules/signal"
)

// refusedBy says in words which sources refuse what a rung is about: where that denies it, and where it goes on all the
// same. It is "" where no refusal has to do with it.
func (p *Policy) refusedBy(r *Rung, s *signal.Signals) string {
	a := r.Activity
	goesOn := r.Decision == Permit && a.afterRefusal
	if !goesOn && r.Reason != ConsentRefused && r.Reason != OptedOut {
		return ""
	}
	var words []string
	for i := range s.Sources[:s.N] {
		said := &s.Sources[i]
		of := signal.SourceReading{Refused: said.Refused & a.categories, Declined: said.Declined & a.categories}
		if !goesOn {
			of.Service = said.Service
		}
		if text := p.Says(&of); text != "" {
			words = append(words, said.Kind.String()+" "+text)
		}
	}
	text := strings.Join(words, "; ")
	if goesOn && text != "" {
		text += ": it goes on by after_refusal"
	}
	return text
}
