package proxy

import (
	"errors"
	"slices"
	"strings"
	"unsafe"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// record writes every decision of the hit down, and waits until that is done. Where it cannot be done nothing leaves.
// What is to wait for its vendor is put into the queue beside: what the SDK is told to be accepted is in both.
func record(s *Server, h *hitContext) result {
	if s.checkpoints.wrong() != "" { // which was said when it began
		return refused(rules.Unrecorded)
	}
	if s.unloaded.Load() {
		return refused(rules.Unrecorded)
	}
	waits := h.j.Out.Forward && h.mayWait()
	if waits {
		s.dispatch.adding.RLock()
		defer s.dispatch.adding.RUnlock()
	}
	h.number = s.hits.Add(1)
	h.sortSubjects()
	for e := range h.j.Verdicts {
		h.records = append(h.records, h.eventRecord(e))
	}
	if reason := h.writeDown(s, waits); reason != rules.Unjudged {
		return refused(reason)
	}
	for i := range h.j.Verdicts {
		h.snapshot.counters.events(h.j.Site.ID, h.j.Route.Recipient.ID, h.j.Verdicts[i].Reason, 1)
	}
	return next
}

// writeDown puts the records of the hit into the ledger, and its events into the queue where they are to wait.
func (h *hitContext) writeDown(s *Server, waits bool) rules.Reason {
	begun := s.opts.Elapsed()
	defer func() { s.metrics.Watch.Appended.Observe((s.opts.Elapsed() - begun).Seconds()) }()
	var err error
	if waits {
		if err = h.recordWaiting(s); !errors.Is(err, errCannotWait) {
			return h.unwritten(s, err)
		}
		for e := range h.records {
			h.records[e].Queued, h.records[e].Shared = false, false
		}
	}
	return h.unwritten(s, s.ledger.Append(h.records, (*recorded)(h)))
}

// unwritten is why a hit is refused whose records or events could not be written.
func (h *hitContext) unwritten(s *Server, err error) rules.Reason {
	switch {
	case err == nil:
		return rules.Unjudged
	case noRoom(err):
		s.dispatch.full(err)
		return rules.QueueFull
	default:
		fault(s.opts.Log, "decisions cannot be recorded", err)
		return rules.Unrecorded
	}
}

// recordWaiting records a hit whose events wait.
func (h *hitContext) recordWaiting(s *Server) (err error) {
	for e := range h.records {
		h.records[e].Queued = h.j.Verdicts[e].Decision == rules.Permit
		h.records[e].Shared = h.records[e].Queued && s.dispatch.shares()
	}
	if h.waits.lines, err = s.ledger.Write(h.records); err != nil {
		return err
	}
	defer s.ledger.GiveBack(h.waits.lines)
	if err := h.enqueue(s.dispatch.room); err != nil {
		return err
	}
	written, err := s.ledger.AddLines(h.waits.lines, h.records, (*recorded)(h))
	if err == nil {
		h.waits.ticket.Recorded()
		s.dispatch.commit.wait()
		err = written.Synced()
	}
	if err == nil && s.dispatch.shares() { // while no checkpoint is taken: what becomes of them is recorded, too
		err = h.waits.ticket.Synced()
	}
	if err != nil {
		h.refuseWaiting(false)
	}
	return err
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
	from = len(h.text)
	h.text = j.RungsID(h.text, e)
	r.Rungs = text(h.text[from:])
	r.ConsentAt, r.KeptSince = f.ConsentAt, f.KeptSince
	r.Dates = h.datesBeside(&f)
	hashes := len(h.hashes)
	for _, of := range [2]int{0, e + 1} {
		for i := h.firstOf[of]; i != hit.None; i = h.nextOf[i] {
			if j.Subjects[i].Form == pseudonym.NewestForm {
				h.hashes = append(h.hashes, j.Subjects[i].Ledger)
			}
		}
	}
	r.Subjects, r.Form = h.hashes[hashes:len(h.hashes):len(h.hashes)], pseudonym.NewestForm
	r.Salt = h.server.ledger.Salt()
	if f.Leaves {
		left := j.EventBytes(e)
		r.Out, r.Digest = len(left), h.in.Keys.Digest(r.Salt, left)
	}
	return r
}

// datesBeside are the dates of what the event's sources say, where one has another than that of the consent that it
// travels on; nil where none has.
func (h *hitContext) datesBeside(f *rules.Facts) []int64 {
	from := len(h.dates)
	h.dates = f.Signals.AppendDates(h.dates)
	for _, at := range h.dates[from:] {
		if at != 0 && at != f.ConsentAt {
			return h.dates[from:len(h.dates):len(h.dates)]
		}
	}
	h.dates = h.dates[:from]
	return nil
}

// recordOf is a record of facts, without what the ledger alone keeps: scrubbed name, shape, rungs, subjects, digest.
// What the rungs say of an event (endpoint, policy, region) is not said again.
func (h *hitContext) recordOf(f *rules.Facts) ledger.Event {
	return ledger.Event{
		Hit: h.number, Index: f.Event, Site: f.Site, Vendor: f.Vendor,
		Decision: f.Decision.String(), Reason: f.Reason.String(), In: f.In,
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
