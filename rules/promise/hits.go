package promise

import (
	"slices"

	"github.com/tagwarden/tagwarden/rules"
)

// occasion is a hit that an activity may carry, as far as promises ask for it.
type occasion struct {
	site   *rules.Site
	region rules.Region
	event  string
}

// occasions finds hits of an activity by an endpoint: one of which a promise may be, and one that its exception is
// surely not about. Either is nil where there is none.
func (p *proof) occasions(of *Promise, flow *flow, a *rules.Activity) (bound, free *occasion) {
	events := []string{""}
	if sets := p.eventSets(of, a); len(sets) > 2 || !sets[1].IsEmpty() {
		events = rules.Kinds(sets...)
	}
	for _, s := range flow.from {
		if !a.On(s.ID) || len(of.Never.Sites) > 0 && !slices.Contains(of.Never.Sites, s.ID) {
			continue
		}
		siteFree := of.Unless == nil || len(of.Unless.Sites) > 0 && !slices.Contains(of.Unless.Sites, s.ID)
		for _, r := range p.world.from[s] {
			if !a.In(r) || !mayBeIn(r, of.Never.Regions) {
				continue
			}
			placeFree := siteFree || !surelyIn(r, of.Unless.Regions)
			for _, name := range events {
				if name != "" && !a.Speaks(name) || !of.Never.Events.IsEmpty() && !of.Never.Events.Has(name) {
					continue
				}
				hit := &occasion{s, r, name}
				if bound == nil {
					bound = hit
				}
				if placeFree || !of.Unless.Events.IsEmpty() && !of.Unless.Events.Has(name) {
					return bound, hit
				}
			}
		}
	}
	return bound, nil
}

// eventSets are the sets of names that matter to whether an activity's events are a promise's: its own, those that it
// leaves out, and the promise's.
func (p *proof) eventSets(of *Promise, a *rules.Activity) []*rules.EventNames {
	events, except := a.Events()
	sets := []*rules.EventNames{events, except}
	if !of.Never.Events.IsEmpty() {
		sets = append(sets, &of.Never.Events)
	}
	if of.Unless != nil && !of.Unless.Events.IsEmpty() {
		sets = append(sets, &of.Unless.Events)
	}
	return sets
}
