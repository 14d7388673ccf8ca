package proxy

import (
	"cmp"
	"runtime/debug"
	"strings"
	"unicode/utf8"

	"go.uber.org/zap"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/tap"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// show shows a hit that was answered to whoever watches. Where nobody does it costs one look at a pointer.
func show(h *hitContext, reason rules.Reason) {
	watches := h.server.taps.Watches()
	if watches == nil {
		return
	}
	s := showing{h: h, reason: reason, watches: watches}
	defer s.recoverPanic()
	s.carries = tap.PreviewOf(&h.j.Hit.Request)
	if reason != rules.Unjudged && len(h.records) == 0 {
		s.refused()
		return
	}
	for e := range h.j.Verdicts {
		s.event(e)
	}
}

// showing makes lines of a hit, once somebody wants them.
type showing struct {
	h       *hitContext
	reason  rules.Reason // why the hit was refused as a whole; Unjudged: it was not
	watches []*tap.Watch
	carries tap.Preview
	notes   []rules.FieldNote
	noted   bool
}

// recoverPanic ends what is shown where that panicked. The hit has its answer, and keeps it.
func (s *showing) recoverPanic() {
	if recover() == nil {
		return
	}
	// What was caught may hold text of the hit: only where it happened is said.
	s.h.server.opts.Log.Error("a hit could not be shown to who watches; this is a bug",
		zap.ByteString("stack", debug.Stack()))
	s.h.server.metrics.Panics.Inc()
	s.h.spoiled = true
}

// refused shows a hit that was refused as a whole. What its fields were is not told: it may not have been read.
func (s *showing) refused() {
	f := s.h.j.Refusal(s.reason)
	l := s.line(&f)
	l.Kind = tap.OfHit
	for _, w := range s.watches {
		if w.Wants(l.Vendor, l.Endpoint, l.Reason, &s.carries) && w.Room() {
			l.Own = w.Own()
			w.Add(l, false)
		}
	}
}

// event shows one event, with its fields' values to whose it is alone.
func (s *showing) event(e int) {
	f := s.h.j.Facts(e)
	l := s.line(&f)
	l.Kind, l.Event, l.Name = tap.OfEvent, e, strings.Clone(s.h.eventName(f.Name))
	waits := s.outcome(&l, &f)
	var of [2]*tap.Line // of others, and of one's own
	for _, w := range s.watches {
		if !w.Wants(l.Vendor, l.Endpoint, l.Reason, &s.carries) || !w.Room() {
			continue
		}
		own := 0
		if w.Own() {
			own = 1
		}
		if of[own] == nil {
			one := l
			one.Own = w.Own()
			if !s.fields(&one) {
				w.Lose()
				continue
			}
			of[own] = &one
		}
		w.Add(*of[own], waits)
	}
}

// line is what facts say, but for what an event alone has.
func (s *showing) line(f *rules.Facts) tap.Line {
	return tap.Line{
		Time: s.h.in.Now.UTC(), Hit: s.h.number, Site: f.Site, Vendor: f.Vendor, Endpoint: f.Endpoint,
		Decision: f.Decision.String(), Reason: f.Reason.String(), Activity: f.Activity, Basis: f.Basis,
	}
}

// outcomeWaits is what is said of an event that is put where it waits for its vendor.
const outcomeWaits = "waits"

// outcome says what became of an event that leaves, and whether more comes of it later.
func (s *showing) outcome(l *tap.Line, f *rules.Facts) (waits bool) {
	switch {
	case !f.Leaves:
	case s.reason != rules.Unjudged: // once it was judged: it is not recorded, or cannot wait
		l.Outcome, l.Why = ledger.Dropped, s.reason.String()
	case s.h.accepted:
		l.Outcome = outcomeWaits
		return true
	case s.h.sent:
		o := &s.h.outcome
		l.Outcome, l.Why, l.Status = o.Kind.String(), o.Why.String(), o.Status
	}
	return false
}

// fields adds what became of the fields of an event; false where there is no memory for that.
func (s *showing) fields(l *tap.Line) bool {
	if !s.noted {
		r := &s.h.j.Hit.Request
		if !s.h.lease.Take(4 * (len(r.Query) + len(r.Body))) { // texts that are decoded, and copies of them
			return false
		}
		s.notes, s.noted = s.h.j.FieldNotes(), true
	}
	for i := range s.notes {
		n := &s.notes[i]
		if n.Event != l.Event && n.Event != hit.Shared {
			continue
		}
		var one tap.Field
		if l.Own {
			one = ownField(n)
		} else if one = maskedField(n); repeats(l.Fields, &one) {
			continue
		}
		if len(l.Fields) == tap.MostFields {
			l.Unshown++
			continue
		}
		l.Fields = append(l.Fields, one)
	}
	return true
}

// ownField is a field of one's own hit.
func ownField(n *rules.FieldNote) tap.Field {
	return tap.Field{
		Name: shortened(n.Path), Class: n.Class.String(), Action: n.Action, Sent: n.Sent,
		Before: shortened(n.Before), After: shortened(n.After),
	}
}

// maskedField is a field of anybody's hit, as the queue shows those that wait: by the catalog's name, and its value by
// kind and length.
func maskedField(n *rules.FieldNote) tap.Field {
	return tap.Field{
		Name: n.Name, Class: n.Class.String(), Action: n.Action, Sent: n.Sent,
		Is: kindOfText([]byte(cmp.Or(n.Before, n.After))),
	}
}

// repeats counts a field that is shown already by its name, class and what became of it.
func repeats(all []tap.Field, one *tap.Field) bool {
	for i := range all {
		f := &all[i]
		if f.Name == one.Name && f.Class == one.Class && f.Action == one.Action && f.Sent == one.Sent {
			f.Times = max(f.Times, 1) + 1
			return true
		}
	}
	return false
}

// shortened is as much of a text as is shown.
func shortened(text string) string {
	if len(text) > tap.LongestValue {
		text = text[:tap.LongestValue] + "…"
	}
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, "\uFFFD")
	}
	return strings.Clone(text)
}
