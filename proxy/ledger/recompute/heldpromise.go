package recompute

import (
	"cmp"
	"fmt"
	"time"

	"github.com/tagwarden/tagwarden/rules/plural"
	"github.com/tagwarden/tagwarden/rules/promise"
)

// Breach is what broke a promise.
type Breach struct {
	ID       string `json:"id"`
	Says     string `json:"says"`
	Activity string `json:"activity"`
	Name     string `json:"name,omitempty"` // the event's
	Field    string `json:"field"`
	Class    string `json:"class,omitempty"` // "": nobody knows
	Action   string `json:"action"`          // what was done to it, as its profile says it; "keep": it left as it came
}

// HeldPromise is how records stand to a promise. One that says something else under the same name is another one.
type HeldPromise struct {
	ID      string     `json:"id"`
	Says    string     `json:"says"`
	InForce []InForce  `json:"in_force"`         // when, as far as records say
	Signed  *Signature `json:"signed,omitempty"` // nil: no record says that an approver signed it
	Tally              // of events that were decided under policies which promise it
	// of the newest policy's: how older records stand to it, which is nobody's fault
	Before *Before `json:"before,omitempty"`

	digest string // of what an approver signs
}

// InForce is that a promise was in force, from a record on.
type InForce struct {
	Since       time.Time `json:"since"`
	Record      uint64    `json:"record"`
	OrBefore    bool      `json:"or_before,omitempty"` // the records before are not there
	Until       time.Time `json:"until,omitzero"`      // zero: to the end
	UntilRecord uint64    `json:"until_record,omitempty"`
}

// Signature is who signed a promise.
type Signature struct {
	Version int       `json:"version"`
	By      string    `json:"by"`
	At      time.Time `json:"at"`
}

// Tally counts events.
type Tally struct {
	Kept   uint64 `json:"kept"`
	Broken uint64 `json:"broken"`
	Untold uint64 `json:"untold"` // their records do not hold what would tell
}

func (t *Tally) add(state promise.State, n uint64) {
	switch state {
	case promise.Kept:
		t.Kept += n
	case promise.Broken:
		t.Broken += n
	default:
		t.Untold += n
	}
}

// Before counts events that were decided before a promise was made: they broke nothing.
type Before struct {
	Tally
	Record   uint64    `json:"record,omitempty"` // the first that would have broken it
	At       time.Time `json:"at,omitzero"`
	Activity string    `json:"activity,omitempty"`
	Field    string    `json:"field,omitempty"`
	Class    string    `json:"class,omitempty"`
}

// promises are how records stand to promises.
func (r *Report) promises() Section {
	s := Section{Title: "Promises, of events that left"}
	for i := range r.Promises {
		p := &r.Promises[i]
		s.Rows = append(s.Rows, [2]string{p.ID + ": " + p.inForce(), p.words()})
		if b := p.Before; b != nil {
			s.Notes = append(s.Notes, b.says(p))
		}
	}
	if len(r.Promises) == 0 {
		s.Notes = []string{"No policy of these records promises anything, or none is known."}
	}
	return s
}

// words counts in words.
func (t Tally) words() string {
	return fmt.Sprintf("kept by %d, broken by %d, not to be told of %d", t.Kept, t.Broken, t.Untold)
}

// inForce says since when it is in force, and who signed it.
func (p *HeldPromise) inForce() string {
	text := "never in force here"
	if n := len(p.InForce); n > 0 {
		last := &p.InForce[n-1]
		text = fmt.Sprintf("since %s (record %d)", stamp(last.Since), last.Record)
		if last.OrBefore {
			text = fmt.Sprintf("since %s or before (record %d is the first)", stamp(last.Since), last.Record)
		}
		if last.UntilRecord != 0 {
			text += fmt.Sprintf(" until %s (record %d)", stamp(last.Until), last.UntilRecord)
		}
		if n > 1 {
			text += fmt.Sprintf(", and %s before", plural.Of(n-1, "time"))
		}
	}
	if p.Signed != nil {
		text += fmt.Sprintf(", signed by %s, version %d", p.Signed.By, p.Signed.Version)
	}
	return text
}

// says says how what was before stands to it.
func (b *Before) says(p *HeldPromise) string {
	if b.Broken == 0 {
		return fmt.Sprintf("%s: before it was in force it was %s.", p.ID, b.words())
	}
	return fmt.Sprintf("%s: it would have been broken by %s before it was in force, the first in record %d (%s, %s on "+
		"%s); kept by %d, not to be told of %d. That is no fault.", p.ID, plural.Of(b.Broken, "event"), b.Record, b.Field,
		cmp.Or(b.Class, "of no known class"), b.Activity, b.Kept, b.Untold)
}
