package proxy

import (
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// Depart asks objections again, right before the first byte is written: an act that came into force since the hit was judged holds it back.
// From here to Departed, acts that it may not have seen wait for it.
func (p *passage) Depart() bool {
	p.half = p.server.departing.enter()
	if p.stands() {
		return true
	}
	p.server.departing.leave(p.half)
	return false
}

// Departed says that the bytes are with the kernel, or cut.
func (p *passage) Departed() {
	p.server.departing.leave(p.half)
	p.snapshot.figures.left(len(p.j.Subjects) > 0, p.j.Permitted())
}

// stands tells whether what was decided still holds. An objection that cannot be looked up holds everything back.
func (p *passage) stands() bool {
	known := p.j.Objections
	for i := range p.j.Subjects {
		subject := &p.j.Subjects[i]
		found, err := p.snapshot.objections.Lookup(subject.Hash)
		if err != nil {
			fault(p.server.opts.Log, "objections cannot be looked up", err)
			return false
		}
		if !found.Any() {
			continue
		}
		from, to := int(subject.Event), int(subject.Event)+1
		if subject.Event == hit.Shared {
			from, to = 0, len(known)
		}
		for e := from; e < to; e++ {
			if known[e].Adds(found) && !p.j.Stands(e, found) {
				return false
			}
		}
	}
	return true
}

// heldBack ends a hit that an objection held back at the last moment. The events of others in the same hit may be sent again; one alone is
// answered like any that is denied.
func (p *passage) heldBack() {
	if p.j.Permitted() == 1 {
		p.answerRefused(rules.Objection)
		return
	}
	p.ctx.Response.Header.Set("Retry-After", "1")
	p.ctx.SetStatusCode(rules.Unrecorded.Status())
}
