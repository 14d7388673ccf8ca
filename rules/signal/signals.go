// Package signal reads what a hit itself says of the visitor's choices: a [Reader] is made of the sources that a site
// lists, and puts what all of them say into one comparable [Signals]. What is absent, malformed or contradictory never
// counts as a yes.
//
// Consent strings are decoded by [github.com/tagwarden/tagwarden/rules/signal/iab], platforms' cookies are read by
// [github.com/tagwarden/tagwarden/rules/signal/cmp].
package signal

import (
	"math/bits"

	"github.com/tagwarden/tagwarden/rules/signal/read"
)

// State says how a source was found.
type State = read.State

// The states.
const (
	Absent    = read.Absent
	Valid     = read.Valid
	Malformed = read.Malformed
)

// Categories is a set of consent categories, by the numbers the policy gave them.
type Categories uint64

// Has tells whether any of the categories is in the set.
func (c Categories) Has(any Categories) bool { return c&any != 0 }

// All yields the numbers in the set.
func (c Categories) All(yield func(int) bool) {
	for rest := uint64(c); rest != 0; rest &= rest - 1 {
		if !yield(bits.TrailingZeros64(rest)) {
			return
		}
	}
}

// SourceReading is what one source says: the categories it grants, those it refuses, and those it speaks of without its
// being clear how.
type SourceReading struct {
	Kind     Kind
	State    State
	Granted  Categories
	Refused  Categories // there is no consent to them
	Declined Categories // those of Refused that the visitor said no to, by an act that the source records
	TCFOnly  Categories // those of Declined that were refused as purposes of the TCF alone, which is no word on interest
	Doubt    Categories
	Objected Categories // refused as an objection (Art. 21), which counts against every basis that one may object to
	Service  Refusal    // what the source says of the vendor that the hit is for, whatever it says of categories
	At       int64      // when the visitor chose, Unix seconds; 0 where the source does not tell
	Last     int64      // when they acted last, where that is told apart from when they chose first; else At
}

// Refusal is a no, and whether an act of the visitor is recorded with it. A default, and what is written down before
// anybody chose, is enough against consent; only an act counts on the other bases.
type Refusal uint8

// The refusals, the stricter the greater. The zero value is none.
const (
	NotRefused Refusal = iota
	Withheld           // by no act that is recorded
	Declined           // by an act of the visitor
)

// String returns the words that output uses of a refused service.
func (r Refusal) String() string {
	switch r {
	case Withheld:
		return "withholds the vendor's service"
	case Declined:
		return "refuses the vendor's service"
	default:
		return "no refusal"
	}
}

// MaxSources is how many sources a site may list.
const MaxSources = 16

// Signals is what a hit, or one event of it, says, as [Reader.Hit] and [Reader.Event] find it. It is comparable, and
// its zero value says nothing. [Signals.Consent], [Signals.Declines], [Signals.Objects] and [Signals.OptedOut] answer
// from it.
type Signals struct {
	GPC     State // Valid: the visitor's browser sends Sec-GPC: 1; Malformed: what cannot be read, and counts as that
	DNT     State // Valid: the visitor's browser sends DNT: 1; Malformed: as for GPC
	N       uint8
	Sources [MaxSources]SourceReading // in the order of the site's list, GPC, DNT and IAB's strings left out

	TCF     TCF     // TC strings, as they stand for the vendor that is asked about
	AC      AC      // Google's additional consent
	GPP     OptOuts // US sections of the GPP string
	USP     OptOuts // US privacy string
	Payload OptOuts // opt-outs in the SDK's own consent object
}

// Merge adds what another reading of the same source says; the stricter holds.
func (s *SourceReading) merge(o SourceReading) {
	switch {
	case o.State == Absent:
		return
	case s.State == Absent:
		kind := s.Kind
		*s = o
		s.Kind = kind
		return
	}
	if o.State == Malformed {
		s.State = Malformed
	}
	// A yes that only one of two readings gives is no yes.
	speak := s.Granted | s.Refused | s.Doubt
	other := o.Granted | o.Refused | o.Doubt
	granted := s.Granted&o.Granted | s.Granted&^other | o.Granted&^speak
	s.Refused |= o.Refused
	s.TCFOnly = (s.TCFOnly | o.TCFOnly) &^ (s.Declined &^ s.TCFOnly) &^ (o.Declined &^ o.TCFOnly)
	s.Declined |= o.Declined
	s.Objected |= o.Objected
	s.Service = max(s.Service, o.Service)
	s.Doubt |= o.Doubt | (s.Granted|o.Granted)&^granted&^s.Refused
	s.Granted = granted &^ (s.Refused | s.Doubt)
	s.At = read.Older(s.At, o.At)
	s.Last = max(s.Last, o.Last)
}
