package change

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/rules/basis"
)

// Change is one thing that a new policy does otherwise than an old one.
type Change struct {
	Where  string `json:"where"` // "activity ga4-with-consent"
	What   string `json:"what"`
	Effect Effect `json:"effect"`
}

// Effect says which way a change goes. What cannot be shown to let through no more than before counts as wider.
type Effect string

// The effects.
const (
	Wider    Effect = "wider"    // more data, more events, more recipients, or fewer ways to say no
	Narrower Effect = "narrower" // no more than before
	Neutral  Effect = "neutral"  // nothing that decides
)

// String writes the change in a line: "activity x: basis legitimate_interest instead of consent: WIDER".
func (c Change) String() string {
	mark := ""
	switch c.Effect {
	case Wider:
		mark = ": WIDER"
	case Narrower:
		mark = ": narrower"
	case Neutral:
	}
	return c.Where + ": " + c.What + mark
}

// comparison gathers what is different between two policies.
type comparison struct {
	old, new *config.Loaded
	at       time.Time
	changes  []Change
}

// Between lists what a new policy does otherwise than an old one, as things stand at a time.
func Between(old, changed *config.Loaded, at time.Time) []Change {
	c := &comparison{old: old, new: changed, at: at}
	chosen := c.new.Regions["CH"] // the one region for which a policy may choose
	c.value("Switzerland", "regime", either(chosen != ""), cmp.Or(c.old.Regions["CH"], "opt_in"), cmp.Or(chosen, "opt_in"))
	c.activities()
	c.ladders()
	c.profiles()
	c.vendors()
	c.purposes()
	c.assessments()
	c.promises()
	c.detectors()
	c.sites()
	c.server()
	if len(c.changes) == 0 && old.Policy.Digest() != changed.Policy.Digest() {
		c.add("policy", Neutral, "its digest is another one, and nothing that is compared here differs: defaults written "+
			"out, or a newer list of regions")
	}
	return c.changes
}

func (c *comparison) add(where string, e Effect, format string, args ...any) {
	c.changes = append(c.changes, Change{where, fmt.Sprintf(format, args...), e})
}

// value reports a value that became another one.
func (c *comparison) value(where, what string, e Effect, old, changed string) {
	if old != changed {
		c.add(where, e, "%s %s instead of %s", what, cmp.Or(changed, "none"), cmp.Or(old, "none"))
	}
}

// either gives one effect or the other.
func either(wider bool) Effect {
	if wider {
		return Wider
	}
	return Narrower
}

// set reports what came to a list, and what went from it.
func (c *comparison) set(where, what string, old, changed []string, came, went Effect) {
	if added := without(changed, old); len(added) > 0 {
		c.add(where, came, "%s added: %s", what, strings.Join(added, ", "))
	}
	if removed := without(old, changed); len(removed) > 0 {
		c.add(where, went, "%s removed: %s", what, strings.Join(removed, ", "))
	}
}

// scope reports a list that means all where it is empty: regions, sites, vendors.
func (c *comparison) scope(where, what string, old, changed []string) {
	switch {
	case len(old) == 0 && len(changed) > 0:
		c.add(where, Narrower, "%s only %s, instead of all", what, strings.Join(changed, ", "))
	case len(old) > 0 && len(changed) == 0:
		c.add(where, Wider, "%s all, instead of only %s", what, strings.Join(old, ", "))
	default:
		c.set(where, what, old, changed, Wider, Narrower)
	}
}

func without(list, other []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(other, s) })
}

// longer tells whether a period lasts longer than another one, both counted from the same first of January.
func longer(a, b basis.Period) bool {
	from := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	return a.After(from).After(b.After(from))
}
