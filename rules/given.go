package rules

import (
	"errors"
	"strings"
	"unicode/utf8"
)

// given is what a record says of an event that was judged, where the ladder asks what it does not hold: whether a
// condition was met, and whether the event was from before a choice. It notes what was taken from it.
type given struct {
	of       *Rejudge
	scrubbed map[*Activity]scrubbedEvents
	assumed  Assumed
}

// scrubbedEvents are the events of an activity, as the ledger has their names.
type scrubbedEvents struct{ events, except EventNames }

func (s *scrubbedEvents) has(name string) bool { return s.events.Has(name) && !s.except.Has(name) }

// rung is what is recorded of an activity of the ladder; without an activity: nothing is.
func (g *given) rung(a *Activity) *RecordedRung {
	for i, of := range g.of.route.ladder {
		if of == a {
			return &g.of.recorded[i]
		}
	}
	return &RecordedRung{}
}

// speaksOf tells whether an activity is of events of a name, as it was scrubbed. Where what was scrubbed away could
// have made it another name, it is what the record says.
func (g *given) speaksOf(a *Activity, name string) bool {
	if a.events.all && a.except.IsEmpty() {
		return true
	}
	names, rung := g.names(a), g.rung(a)
	differs := !NameIsWhole(name)
	if !names.has(name) {
		if !differs || len(a.events.beginnings) == 0 && a.except.IsEmpty() {
			return false
		}
		g.assumed |= AssumedName
		return rung.Activity != "" && rung.Reason != OtherEvent.String()
	}
	if rung.Reason == OtherEvent.String() {
		g.assumed |= AssumedName // there may have been signs in it that no record holds
		return false
	}
	if differs {
		g.assumed |= AssumedName
	}
	return true
}

// NameIsWhole tells whether a name of an event that the ledger has is all that it was called, but for signs that no
// record holds: nothing of it was scrubbed away, or cut off.
func NameIsWhole(name string) bool {
	return !strings.ContainsAny(name, "[]") && utf8.RuneCountInString(name) < MaxName
}

// names are the events of an activity, as the ledger has them.
func (g *given) names(a *Activity) scrubbedEvents {
	names, known := g.scrubbed[a]
	if !known {
		scrub := g.of.policy.ScrubName
		names = scrubbedEvents{a.events.mapped(scrub), a.except.mapped(scrub)}
		g.scrubbed[a] = names
	}
	return names
}

// errGiven says that a condition failed.
var errGiven = errors.New("the condition failed, as is recorded")

// meets tells whether the condition of an activity was met.
func (g *given) meets(a *Activity) (bool, error) {
	g.assumed |= AssumedCondition
	rung := g.rung(a)
	if rung.Reason == ConditionFailed.String() {
		return false, errGiven
	}
	return rung.When == WhenMet, nil
}

// isBefore tells whether the event was from before the choice that would permit it.
func (g *given) isBefore(a *Activity) bool {
	g.assumed |= AssumedChoice
	return g.rung(a).Reason == BeforeChoice.String()
}
