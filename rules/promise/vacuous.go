package promise

import (
	"slices"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// newEndpoint gathers what could leave for a vendor by an endpoint, if an activity's profile kept everything.
func newEndpoint(p *rules.Policy, o *rules.Outflow) flow {
	could := o.Could()
	f := newFlow(p, o, could, ^rules.Classes(0), func(l *rules.Leaving, _ hit.Class) *minimise.Action { return l.Action })
	f.Leaving = could
	f.paths = &paths{map[string]bool{}, map[string]map[string]bool{}}
	for i := range could {
		f.paths.all[could[i].Field] = true
	}
	return f
}

// couldBreak tells whether a policy of these vendors and sites could break a promise, whatever its activities and
// profiles were, and wherever the vendors' machines stood.
func (p *proof) couldBreak(of *Promise) bool {
	return slices.ContainsFunc(p.endpoints, func(e flow) bool {
		if !of.Never.isOf(e.Recipient) {
			return false
		}
		any, free := e.find(of)
		if any == nil || !p.couldCarry(of, &e) {
			return false
		}
		return free != nil || of.Unless == nil || p.couldEscape(of, &e)
	})
}

// couldCarry tells whether some hit by an endpoint could be what a promise is about.
func (p *proof) couldCarry(of *Promise, e *flow) bool {
	return slices.ContainsFunc(e.from, func(s *rules.Site) bool {
		return (len(of.Never.Sites) == 0 || slices.Contains(of.Never.Sites, s.ID)) &&
			slices.ContainsFunc(p.world.from[s], func(r rules.Region) bool {
				return mayBeIn(r, of.Never.Regions)
			})
	})
}

// couldEscape tells whether some hit by an endpoint, on some activity, could be what a promise is about and its
// exception is not.
func (p *proof) couldEscape(of *Promise, e *flow) bool {
	never, unless := &of.Never, of.Unless
	other := func(of, except []string) bool {
		return slices.ContainsFunc(of, func(id string) bool { return !slices.Contains(except, id) })
	}
	switch {
	case len(unless.Countries) > 0, !unless.isOf(e.Recipient):
		return true
	case len(unless.Bases) > 0 && slices.ContainsFunc(basis.Names(), func(name string) bool {
		b, _ := basis.Parse(name)
		return (len(never.Bases) == 0 || slices.Contains(never.Bases, b)) && !slices.Contains(unless.Bases, b)
	}):
		return true
	case len(unless.Purposes) > 0 && other(p.purposes(never.Purposes), unless.Purposes):
		return true
	case !unless.Events.IsEmpty() && slices.ContainsFunc(rules.Kinds(&never.Events, &unless.Events),
		func(name string) bool {
			return (never.Events.IsEmpty() || never.Events.Has(name)) && !unless.Events.Has(name)
		}):
		return true
	}
	return slices.ContainsFunc(e.from, func(s *rules.Site) bool {
		if len(never.Sites) > 0 && !slices.Contains(never.Sites, s.ID) {
			return false
		}
		return len(unless.Sites) > 0 && !slices.Contains(unless.Sites, s.ID) ||
			slices.ContainsFunc(p.world.from[s], func(r rules.Region) bool {
				return mayBeIn(r, never.Regions) && !surelyIn(r, unless.Regions)
			})
	})
}

// purposes are those of a list, or all where it is empty.
func (p *proof) purposes(list []string) []string {
	if len(list) > 0 {
		return list
	}
	for i := range p.policy.Purposes() {
		list = append(list, p.policy.Purposes()[i].ID)
	}
	return list
}
