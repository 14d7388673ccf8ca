package config

import (
	"slices"

	"github.com/tagwarden/tagwarden/config/strict"
)

// Fact is what kind of fact is missing.
type Fact uint8

// The kinds: who is responsible and who receives, and what makes that lawful; how long the log is kept; what visitors
// alone are told, so that the record of processing does without.
const (
	WhoReceives Fact = iota
	LogPeriod
	ToldAlone
)

// Missing is a fact that has to be told and that no file says: check warns of it, and there is no notice before
// somebody says it. The policy is carried out all the same.
type Missing struct {
	strict.Fault
	Of       Fact
	Activity string // that lacks it; "" is all, the service itself among them
}

// lacks notes what nobody says, at a key or, where there is none, at what it would stand in.
func (r *report) lacks(of Fact, doc *strict.Document, at []any, activity, format string, args ...any) {
	for len(at) > 0 && !doc.Has(at...) {
		at = at[:len(at)-1]
	}
	var one strict.Faults
	one.Key(doc, at, format, args...)
	r.missing = append(r.missing, Missing{one[0], of, activity})
}

// Lacks lists what nobody says of what is asked for; each once.
func (l *Loaded) Lacks(about func(Missing) bool) (faults strict.Faults) {
	for _, m := range l.Missing {
		if about(m) && !slices.Contains(faults, m.Fault) {
			faults = append(faults, m.Fault)
		}
	}
	return faults
}
