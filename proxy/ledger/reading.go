package ledger

import (
	"time"

	"go.uber.org/zap/zapcore"
)

// Kinds of records about who reads the log, and who was not let in.
const (
	// Somebody reads the log: by, verb, through, asked, from, to, number, subjects; records where it is known how many
	// were shown, else reading, by which a record reading_end names it.
	KindReading    = "reading"
	KindReadingEnd = "reading_end" // how many records were shown of a reading: reading, by, records
	KindTurnedAway = "turned_away" // calls of the API that were not let in, and why: one aggregate a minute
)

// Reading is that somebody reads the log. Whom one asked about it says by the hashes that records of events have; of
// what else was asked, the names of the members alone.
type Reading struct {
	ID       string // names it, where End says more; "": nothing does
	By       string // a token's name, or "operator"
	Verb     string // search, record, prove, why, subject, tail, export, audit
	Through  string // http, socket, command
	Asked    []string
	From, To time.Time // zero: not asked about
	Number   *uint64   // the one record that was asked for
	Subjects [][16]byte
	Form     uint8 // number of the normal form that they were hashed in
	Records  *int  // how many were shown
}

// ReadingEnd is how many records were shown of a reading.
type ReadingEnd struct {
	ID      string
	By      string
	Records int
}

// TurnedAway is how many calls of the API were not let in, for one reason. It holds nothing of where they came from.
type TurnedAway struct {
	From, To   time.Time
	Why        string // ambiguous, wrong_token, too_many, forbidden
	Permission string // of forbidden: what was wanted
	By         string // of forbidden: the token's name
	Count      uint64
}

var (
	_ zapcore.ObjectMarshaler = (*Reading)(nil)
	_ zapcore.ObjectMarshaler = (*ReadingEnd)(nil)
	_ zapcore.ObjectMarshaler = (*TurnedAway)(nil)
)

// Read records a reading. When it returns nil that is on disk: what was asked for may be shown.
func (r *records) Read(of Reading) error { return r.put(synced, entry{KindReading, &of}) }

// ReadEnd records how many records were shown. Where that cannot be written it is kept in memory until it can.
func (r *records) ReadEnd(of ReadingEnd) error { return r.put(kept, entry{KindReadingEnd, &of}) }

// TurnedAway records aggregates. Where that cannot be written they are kept in memory until it can.
func (r *records) TurnedAway(all []TurnedAway) error {
	entries := make([]entry, len(all))
	for i := range all {
		entries[i] = entry{KindTurnedAway, &all[i]}
	}
	return r.put(kept, entries...)
}

// MarshalLogObject writes a reading's members. What is empty is left out.
func (r *Reading) MarshalLogObject(to zapcore.ObjectEncoder) error {
	addText(to, "reading", r.ID)
	addText(to, "by", r.By)
	addText(to, "verb", r.Verb)
	addText(to, "through", r.Through)
	if err := addTexts(to, "asked", r.Asked); err != nil {
		return err
	}
	addTime(to, "from", r.From)
	addTime(to, "to", r.To)
	if r.Number != nil {
		to.AddUint64("number", *r.Number)
	}
	if len(r.Subjects) > 0 {
		addForm(to, r.Form)
		if err := to.AddArray("subjects", (*subjects)(&Event{Subjects: r.Subjects})); err != nil {
			return err
		}
	}
	if r.Records != nil {
		to.AddInt("records", *r.Records)
	}
	return nil
}

// MarshalLogObject writes the members.
func (e *ReadingEnd) MarshalLogObject(to zapcore.ObjectEncoder) error {
	addText(to, "reading", e.ID)
	addText(to, "by", e.By)
	to.AddInt("records", e.Records)
	return nil
}

// MarshalLogObject writes an aggregate's members. What is empty is left out.
func (a *TurnedAway) MarshalLogObject(to zapcore.ObjectEncoder) error {
	to.AddTime("from", a.From.UTC())
	to.AddTime("to", a.To.UTC())
	addText(to, "why", a.Why)
	addText(to, "permission", a.Permission)
	addText(to, "by", a.By)
	to.AddUint64("count", a.Count)
	return nil
}

// addTime adds a time, where there is one.
func addTime(to zapcore.ObjectEncoder, name string, at time.Time) {
	if !at.IsZero() {
		to.AddTime(name, at.UTC())
	}
}
