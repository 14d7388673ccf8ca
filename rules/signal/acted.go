package signal

import (
	"github.com/tagwarden/tagwarden/rules/signal/cmp"
	"github.com/tagwarden/tagwarden/rules/signal/iab"
)

// mostAhead is how far ahead of the clock a choice may be dated, in seconds: a day. Clocks of visitors are wrong by
// hours, and by whole time zones.
const mostAhead = 24 * 60 * 60

// datedAhead tells whether a choice is dated so far ahead that it is none. Without a clock (0) nothing is.
func datedAhead(at, now int64) bool { return now != 0 && at > now+mostAhead }

// dated dates what a platform's cookies say. A choice that is dated ahead, or over by its own word, grants nothing.
func (s *SourceReading) dated(statement *cmp.Statement, now int64) {
	if s.At == 0 && statement.EndMilli == 0 {
		return
	}
	s.Last = statement.Last()
	if datedAhead(s.Last, now) || statement.Over(now) {
		s.disregard()
	}
}

// disregard takes the yes out of a choice that is none: it was dated ahead, or is over by its own word. A no stays one,
// whatever is wrong with its date.
func (s *SourceReading) disregard() {
	s.Doubt |= s.Granted
	s.Granted, s.At, s.Last = 0, 0, 0
}

// Acted is when the visitor last acted who granted any of these: the newest of the acts that all sources tell of, Unix
// seconds; 0 where none is known. An event from before that may be one that was refused.
//
// Where a source tells of a renewal alone, that is the act: whether what stood before it was a yes is not known, and
// the error that denies an event of an earlier yes is the one that forwards nothing against a no.
func (s *Signals) Acted(of Categories, tcf iab.Purposes) int64 {
	var at int64
	for i := range s.Sources[:s.N] {
		if said := &s.Sources[i]; said.Granted.Has(of) {
			at = max(at, said.Last)
		}
	}
	if tcf != 0 && s.TCF.State == Valid {
		at = max(at, s.TCF.At)
	}
	return at
}
