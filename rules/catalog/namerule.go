package catalog

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/tagwarden/tagwarden/rules/hit"
)

type nameRule struct {
	always  bool   // no field is asked for
	is      string // the name, in place of the field's value
	byName  map[string]string
	pattern string // where in the field's value the name stands; "": it is the name
}

// names resolves the rules that find an event's name.
func (e *Endpoint) names(b *builder, rules []NameRule) error {
	for _, r := range rules {
		rule := nameRule{is: r.Is, byName: r.Map, pattern: r.Pattern, always: true}
		if r.Field != "" {
			field := b.find(e.fields, r.Field)
			if field == hit.None {
				return fmt.Errorf("event: %q is not among fields", r.Field)
			}
			if b.fields[field].nameRule == hit.None {
				b.fields[field].nameRule = int16(len(e.rules))
			}
			rule.always = false
		} else if r.Is == "" {
			return errors.New("event: a rule needs field or is")
		}
		e.rules = append(e.rules, rule)
	}
	if len(e.rules) == 0 {
		return errors.New("event: no rule says how an event's name is found")
	}
	return nil
}

// EventNames lists what events of the vendor can be called, as its file says. Open is true where a site may call them
// otherwise, too.
func (f *File) EventNames() (names []string, open bool) {
	rules := slices.Clone(f.Event)
	for i := range f.Endpoints {
		rules = append(rules, f.Endpoints[i].Event...)
	}
	for i := range rules {
		switch r := &rules[i]; {
		case r.Is != "":
			names = append(names, r.Is)
		case r.Map == nil:
			open = true
		}
		names = slices.AppendSeq(names, maps.Values(rules[i].Map))
	}
	slices.Sort(names)
	return slices.Compact(names), open
}
