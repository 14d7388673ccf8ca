package recompute

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/rules"
)

// recordedApart is how much later than it is in force it may be recorded that something was taken back, or that a
// person decided: records of events are written meanwhile.
const recordedApart = 10 * time.Second

// suspects are events that left though an act stood, by whom it stood for: until recordedApart has passed it may be
// recorded that it did not stand any more.
type suspects struct {
	queue []*suspect // in the order in which they left
	of    map[hash][]*suspect

	starting bool // a server started, and decided nothing yet
}

// suspect is such an event.
type suspect struct {
	of      name
	event   *waiting
	subject hash
	entry   entry
	number  uint64 // of the record that says that it left
	cleared bool
	revoked *Finding // that is said where it is cleared
}

// suspect notes one.
func (w leaving) suspect(of name, e *waiting, subject hash, one *entry) {
	last := *e // it is looked at once more later
	s := &suspect{of: of, event: &last, subject: subject, entry: *one, number: w.line.number,
		revoked: w.revokedBefore(of, e)}
	all := &w.suspects
	all.queue = append(all.queue, s)
	if all.of == nil {
		all.of = map[hash][]*suspect{}
	}
	all.of[subject] = append(all.of[subject], s)
}

// suspecting is a walk that may find what is only said later to be wrong, or right.
type suspecting struct{ *walk }

// takeBack goes on with what somebody took back.
func (w suspecting) takeBack(a *act) {
	w.objected.takeBack(a, w.line.at)
	w.clear(a)
	if w.objected.kept <= max(w.mostPast, 1024) {
		return
	}
	before := w.line.number
	for _, e := range w.waits {
		before = min(before, e.look)
	}
	for _, s := range w.suspects.queue {
		before = min(before, s.event.look)
	}
	w.objected.forgetPast(before)
	w.mostPast = 2*w.objected.kept + len(w.waits) + len(w.suspects.queue)
}

// clear looks once more at suspects for whom something was taken back, or decided.
func (w suspecting) clear(a *act) {
	if len(w.suspects.queue) == 0 {
		return
	}
	again := leaving(w)
	for _, subject := range a.subjects {
		all := w.suspects.of[subject]
		delete(w.suspects.of, subject)
		for _, s := range all {
			by, broken, _ := again.broken(s.event)
			if broken == nil {
				s.cleared = true
				continue
			}
			s.subject, s.entry = by, *broken
			w.suspects.of[by] = append(w.suspects.of[by], s)
		}
	}
}

// due says of suspects what is to be said by the time of a record. What a server that died had no time to record, the
// next one does before it decides anything.
func (w suspecting) due() {
	switch w.line.kind {
	case ledger.KindStart:
		w.suspects.starting = true
	case ledger.KindEvent:
		w.suspects.starting = false
	}
	if !w.suspects.starting {
		w.sayOf(w.line.at)
	}
}

// sayOf says of those suspects that they left though an act stood, of which nothing else can be recorded any more; the
// zero time: of all.
func (w suspecting) sayOf(now time.Time) {
	n := 0
	for _, s := range w.suspects.queue {
		if !now.IsZero() && now.Sub(s.event.lookedAt) <= recordedApart {
			break
		}
		n++
		if s.cleared {
			if s.revoked != nil {
				w.found(*s.revoked)
			}
			continue
		}
		leaving(w).accuse(s)
		of := w.suspects.of[s.subject]
		if at := slices.Index(of, s); at == 0 {
			of = of[1:]
		} else {
			of = slices.Delete(of, at, at+1)
		}
		if w.suspects.of[s.subject] = of; len(of) == 0 {
			delete(w.suspects.of, s.subject)
		}
	}
	w.suspects.queue = w.suspects.queue[n:]
}

// accuse says that an event left though somebody had objected.
func (w leaving) accuse(s *suspect) {
	e, one := s.event, &s.entry
	scope := w.objected.scopes.all[one.scope]
	kind, what := DespiteObjection, "an objection to "+scope
	if restricted, is := strings.CutPrefix(scope, restriction); is {
		kind, what = DespiteRestriction, "a restriction of "+restricted
	}
	if scope == rules.KeptOptOutScope {
		kind, what = DespiteKeptOptOut, "an opt-out by the browser's signal"
	}
	w.report.Suppression.Violations++
	index := s.of.index
	w.found(Finding{
		Kind: kind, Records: []uint64{e.decided, one.since, s.number}, Hit: s.of.hit, Event: &index,
		What: fmt.Sprintf("it left to %s on %s, though record %d says that %s is in force", e.carrier.vendor, e.carrier.id,
			one.since, what),
		act: one.since, look: max(s.number, w.line.number),
	})
}
