package proxy

import (
	"slices"
	"strings"
	"unsafe"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// record writes every decision of the hit down, and waits until that is done. Where it cannot be done nothing leaves.
func record(s *Server, p *passage) result {
	p.number = s.hits.Add(1)
	p.sortSubjects()
	for e := range p.j.Verdicts {
		p.records = append(p.records, s.event(p, e))
	}
	err := s.ledger.Append(p.records, func(i int) ledger.Shape {
		kept, changed, dropped := p.j.Shape(i)
		return ledger.Shape{Kept: kept, Changed: changed, Dropped: dropped}
	})
	if err != nil {
		fault(s.opts.Log, "decisions cannot be recorded", err)
		return refused(rules.Unrecorded)
	}
	for i := range p.j.Verdicts {
		p.snapshot.figures.events(p.j.Site.ID, p.j.Route.Recipient.ID, p.j.Verdicts[i].Reason, 1)
	}
	return next
}

// event makes the record of one event.
func (s *Server) event(p *passage, e int) ledger.Event {
	j := &p.j
	v := &j.Verdicts[e]
	from := len(p.text)
	p.text = j.ShapeID(p.text, e)
	r := ledger.Event{
		Hit: p.number, Index: e, Site: j.Site.ID, Vendor: j.Route.Recipient.ID, Endpoint: j.Route.Endpoint.ID,
		Decision: v.Decision.String(), Reason: v.Reason.String(), Policy: j.Policy.Digest(), Region: j.Region.String(),
		Shape: text(p.text[from:]), In: len(j.Hit.Request.Query) + len(j.Hit.Request.Body), Name: p.eventName(e),
	}
	if v.Activity != nil {
		r.Activity, r.Basis, r.LIA = v.Activity.ID, v.Activity.Basis.String(), v.Activity.Assessment
		r.Version = j.Policy.Assessments().Version(r.LIA)
	}
	facts := len(p.facts)
	p.appendFacts(e)
	r.Signals = p.facts[facts:len(p.facts):len(p.facts)]
	if objected := j.Objections[e]; objected.Any() {
		r.Objected, r.Restrict = j.Policy.Scopes(objected), objected.Restricted
	}
	hashes := len(p.hashes)
	for _, of := range [2]int{0, e + 1} {
		for i := p.firstOf[of]; i != hit.None; i = p.nextOf[i] {
			p.hashes = append(p.hashes, j.Subjects[i].Ledger)
		}
	}
	r.Subjects = p.hashes[hashes:len(p.hashes):len(p.hashes)]
	s.salts.fill(&r.Salt)
	if v.Decision == rules.Permit && j.Out.Forward {
		left := j.EventBytes(e)
		r.Out, r.Digest = len(left), p.in.Keys.Digest(r.Salt, left)
	}
	return r
}

// sortSubjects links the subjects of each event, in order, and first those that all events share: a record names both.
func (p *passage) sortSubjects() {
	p.firstOf = slices.Grow(p.firstOf[:0], len(p.j.Hit.Events)+1)[:len(p.j.Hit.Events)+1]
	p.nextOf = slices.Grow(p.nextOf[:0], len(p.j.Subjects))[:len(p.j.Subjects)]
	for i := range p.firstOf {
		p.firstOf[i] = hit.None
	}
	for i := len(p.j.Subjects) - 1; i >= 0; i-- {
		of := p.j.Subjects[i].Event + 1
		p.nextOf[i], p.firstOf[of] = p.firstOf[of], int32(i)
	}
}

// text is bytes of a passage as a text. It is read only while the passage lasts, and they are not written again before that.
func text(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// appendFacts lists what the event's signals say, as facts.
func (p *passage) appendFacts(e int) {
	s := p.j.SignalsOf(e)
	if s.GPC != 0 {
		p.facts = append(p.facts, ledger.Signal{Source: "gpc", State: s.GPC.String()})
	}
	if s.DNT != 0 {
		p.facts = append(p.facts, ledger.Signal{Source: "dnt", State: s.DNT.String()})
	}
	for i := range s.Sources[:s.N] {
		said := &s.Sources[i]
		if said.State == 0 {
			continue
		}
		words := p.snapshot.said.get([4]signal.Categories{said.Granted, said.Refused, said.Doubt, said.Objected}, func() string { return p.snapshot.Policy.Says(said) })
		p.facts = append(p.facts, ledger.Signal{Source: said.Kind.String(), State: said.State.String(), Says: words})
	}
	p.appendFact(signal.TransparencyConsent, s.TCF.State, s.TCF.Append)
	p.appendFact(signal.AdditionalConsent, s.AC.State, s.AC.Append)
	p.appendFact(signal.PrivacyPlatform, s.GPP.State, s.GPP.Append)
	p.appendFact(signal.USPrivacy, s.USP.State, s.USP.Append)
	p.appendFact(signal.Payload, s.Told.State, s.Told.Append)
}

// appendFact adds what a string says, where there was one.
func (p *passage) appendFact(kind signal.Kind, state signal.State, says func([]byte) []byte) {
	if state == signal.Absent {
		return
	}
	from := len(p.text)
	p.text = says(p.text)
	p.facts = append(p.facts, ledger.Signal{Source: kind.String(), State: state.String(), Says: text(p.text[from:])})
}

// eventName is the name as the ledger keeps it: scrubbed, and at most 64 characters of it.
func (p *passage) eventName(e int) string {
	name := p.j.Hit.EventName(int32(e))
	if cached, ok := p.snapshot.names.Get(name); ok {
		return cached
	}
	clean := p.j.Policy.ScrubName(name)
	if len(name) <= 256 {
		p.snapshot.names.Add(strings.Clone(name), clean)
	}
	return clean
}
