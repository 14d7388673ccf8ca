package config

import (
	"fmt"
	"slices"

	"github.com/tagwarden/tagwarden/config/strict"
)

// report gathers what is wrong, what is worth a warning, and what is as it may be and good to know, each at its place.
type report struct {
	faults, warnings, notes strict.Faults
	missing                 []Missing
}

// invalid adds a fault where there is one, and nothing is found wrong with the value already.
func (r *report) invalid(doc *strict.Document, at []any, fault string) {
	if fault != "" && !r.faults.Has(doc, doc.Find(at)) {
		r.faults.At(doc, at, "%s", fault)
	}
}

// known adds a fault where a name is not among those that are known. What is known nowhere because its file was not
// readable is let pass.
func (r *report) known(doc *strict.Document, at []any, what, name string, names []string) bool {
	if slices.Contains(names, name) {
		return true
	}
	r.faults.At(doc, at, "%s %q is not known%s", what, strict.Shortened(name), strict.Suggestion(name, names))
	return false
}

// doubles reports what stands in a list twice.
func (r *report) doubles(doc *strict.Document, at []any, list []string) {
	for i, element := range list {
		if slices.Contains(list[:i], element) {
			r.faults.At(doc, append(slices.Clone(at), i),
				"%q stands in the list twice: remove one", strict.Shortened(element))
		}
	}
}

// refuse reports at a value that a policy says what a rule refuses. The message says what is wrong here, and what would
// be right.
func (r *report) refuse(doc *strict.Document, at []any, id, format string, args ...any) {
	list, rule := r.rule(id)
	list.At(doc, at, "%s (%s; %s)", fmt.Sprintf(format, args...), rule.ID, rule.Source)
}

// refuseKey is refuse at a key.
func (r *report) refuseKey(doc *strict.Document, at []any, id, format string, args ...any) {
	list, rule := r.rule(id)
	list.Key(doc, at, "%s (%s; %s)", fmt.Sprintf(format, args...), rule.ID, rule.Source)
}

// rule finds a rule, and where what it says belongs.
func (r *report) rule(id string) (*strict.Faults, Refusal) {
	i := slices.IndexFunc(lawful, func(rule Refusal) bool { return rule.ID == id })
	if i < 0 {
		panic("BUG: unknown rule " + id)
	}
	if lawful[i].Advice {
		return &r.warnings, lawful[i]
	}
	return &r.faults, lawful[i]
}
