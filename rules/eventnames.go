package rules

import (
	"slices"
	"strings"
)

// EventNames is a set of names of events, as activities and promises write them: whole names, beginnings
// ("checkout_*"), and "*" for all. The zero EventNames is empty.
type EventNames struct {
	all        bool
	names      []string
	beginnings []string
}

// EventNamesOf makes a set of what somebody wrote.
func EventNamesOf(written []string) (e EventNames) {
	for _, name := range written {
		switch beginning, open := strings.CutSuffix(name, "*"); {
		case open && beginning == "":
			e.all = true
		case open:
			e.beginnings = append(e.beginnings, beginning)
		default:
			e.names = append(e.names, name)
		}
	}
	return e
}

// Has tells whether a name is in the set.
func (e *EventNames) Has(name string) bool {
	if e.all || slices.Contains(e.names, name) {
		return true
	}
	for _, beginning := range e.beginnings {
		if strings.HasPrefix(name, beginning) {
			return true
		}
	}
	return false
}

// IsEmpty tells whether there is no name in it.
func (e *EventNames) IsEmpty() bool { return !e.all && len(e.names)+len(e.beginnings) == 0 }

// mapped is the set with other words for names and beginnings.
func (e *EventNames) mapped(change func(name string) string) EventNames {
	other := EventNames{all: e.all}
	for _, name := range e.names {
		other.names = append(other.names, change(name))
	}
	for _, beginning := range e.beginnings {
		other.beginnings = append(other.beginnings, change(beginning))
	}
	return other
}

// unnamed stands behind a beginning for what nobody names.
const unnamed = "…"

// Kinds lists names that stand for all there are, as far as sets of names can tell them apart: any other name is in the
// same of these sets as one of them. Those that nobody names end in an ellipsis.
func Kinds(sets ...*EventNames) []string {
	written := []string{""}
	for _, set := range sets {
		written = append(append(written, set.names...), set.beginnings...)
	}
	kinds := slices.Clone(written[1:])
	for _, beginning := range written {
		name := beginning + unnamed
		for slices.ContainsFunc(written, func(other string) bool {
			return len(other) > len(beginning) && strings.HasPrefix(other, name)
		}) {
			name += unnamed
		}
		kinds = append(kinds, name)
	}
	slices.Sort(kinds)
	return slices.Compact(kinds)
}
