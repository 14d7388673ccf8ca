package proxy

import (
	"slices"
	"strings"
	"unsafe"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// record writes every decision of the hit down, and waits until that is done. Where it cannot be done nothing leaves.
func record(s *Server, h *hitContext) result {
	if s.checkpoints.wrong() != "" { // which was said when it began
		return refused(rules.Unrecorded)
	}
	if s.unloaded.Load() {
		return refused(rules.Unrecorded)
	}
	h.number = s.hits.Add(1)
	h.sortSubjects()
	for e := range h.j.Verdicts {
		h.records = append(h.records, h.eventRecord(e))
	}
	err := s.ledger.Append(h.records, func(i int) ledger.Shape {
		kept, changed, dropped := h.j.Shape(i)
		return ledger.Shape{Kept: kept, Changed: changed, Dropped: dropped}
	})
	if err != nil {
		fault(s.opts.Log, "decisions cannot be recorded", err)
		return refused(rules.Unrecorded)
	}
	for i := range h.j.Verdicts {
		h.snapshot.counters.events(h.j.Site.ID, h.j.Route.Recipient.ID, h.j.Verdicts[i].Reason, 1)
	}
	return next
}

// eventRecord makes the record of one event.
func (h *hitContext) eventRecord(e int) ledger.Event {
	j := &h.j
	f := j.Facts(e)
	r := h.recordOf(&f)
	r.Name = h.eventName(f.Name)
	from := len(h.text)
	h.text = j.ShapeID(h.text, e)
	r.Shape = text(h.text[from:])
	facts := len(h.facts)
	h.appendFacts(f.Signals)
	r.Signals = h.facts[facts:len(h.facts):len(h.facts)]
	hashes := len(h.hashes)
	for _, of := range [2]int{0, e + 1} {
		for i := h.firstOf[of]; i != hit.None; i = h.nextOf[i] {
			if j.Subjects[i].Form == pseudonym.NewestForm {
				h.hashes = append(h.hashes, j.Subjects[i].Ledger)
			}
		}
	}
	r.Subjects, r.Form = h.hashes[hashes:len(h.hashes):len(h.hashes)], pseudonym.NewestForm
	h.server.salts.fill(&r.Salt)
	if f.Leaves {
		left := j.EventBytes(e)
		r.Out, r.Digest = len(left), h.in.Keys.Digest(r.Salt, left)
	}
	return r
}

// recordOf is a record of facts, without what the ledger alone keeps: scrubbed name, shape, signals in words, subjects,
// digest.
func (h *hitContext) recordOf(f *rules.Facts) ledger.Event {
	return ledger.Event{
		Hit: h.number, Index: f.Event, Site: f.Site, Vendor: f.Vendor, Endpoint: f.Endpoint,
		Decision: f.Decision.String(), Reason: f.Reason.String(), Policy: f.Policy, Region: f.Region.String(), In: f.In,
		Activity: f.Activity, Basis: f.Basis, LIA: f.Assessment, Version: f.Version,
		Objected: f.Objected, Restrict: f.Restricted, Decided: f.Decided.Number,
	}
}

// sortSubjects links the subjects of each event, in order, and first those that all events share: a record names both.
func (h *hitContext) sortSubjects() {
	h.firstOf = slices.Grow(h.firstOf[:0], len(h.j.Hit.Events)+1)[:len(h.j.Hit.Events)+1]
	h.nextOf = slices.Grow(h.nextOf[:0], len(h.j.Subjects))[:len(h.j.Subjects)]
	for i := range h.firstOf {
		h.firstOf[i] = hit.None
	}
	for i := len(h.j.Subjects) - 1; i >= 0; i-- {
		of := h.j.Subjects[i].Event + 1
		h.nextOf[i], h.firstOf[of] = h.firstOf[of], int32(i)
	}
}

// text is bytes of a hit's context as a text. It is read only while that lasts, and they are not written again before
// that.
func text(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// appendFacts lists what the event's signals say, as facts.
func (h *hitContext) appendFacts(s *signal.Signals) {
	if s.GPC != 0 {
		h.facts = append(h.facts, ledger.Signal{Source: "gpc", State: s.GPC.String()})
	}
	if s.DNT != 0 {
		h.facts = append(h.facts, ledger.Signal{Source: "dnt", State: s.DNT.String()})
	}
	for i := range s.Sources[:s.N] {
		said := &s.Sources[i]
		if said.State == 0 {
			continue
		}
		of := [6]signal.Categories{
			said.Granted, said.Refused, said.Declined, said.Doubt, said.Objected, signal.Categories(said.Service),
		}
		words := h.snapshot.said.get(of, func() string { return h.snapshot.Policy.Says(said) })
		h.facts = append(h.facts, ledger.Signal{Source: said.Kind.String(), State: said.State.String(), Says: words})
	}
	h.appendFact(signal.TransparencyConsent, s.TCF.State, s.TCF.Append)
	h.appendFact(signal.AdditionalConsent, s.AC.State, s.AC.Append)
	h.appendFact(signal.PrivacyPlatform, s.GPP.State, s.GPP.Append)
	h.appendFact(signal.USPrivacy, s.USP.State, s.USP.Append)
	h.appendFact(signal.Payload, s.Payload.State, s.Payload.Append)
}

// appendFact adds what a string says, where there was one.
func (h *hitContext) appendFact(kind signal.Kind, state signal.State, says func([]byte) []byte) {
	if state == signal.Absent {
		return
	}
	from := len(h.text)
	h.text = says(h.text)
	h.facts = append(h.facts, ledger.Signal{Source: kind.String(), State: state.String(), Says: text(h.text[from:])})
}

// eventName is the name as the ledger keeps it: scrubbed, and at most 64 characters of it.
func (h *hitContext) eventName(name string) string {
	if cached, ok := h.snapshot.names.Get(name); ok {
		return cached
	}
	clean := h.j.Policy.ScrubName(name)
	if len(name) <= 256 {
		h.snapshot.names.Add(strings.Clone(name), clean)
	}
	return clean
}
