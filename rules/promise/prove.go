package promise

import (
	"cmp"
	"slices"

	"github.com/tagwarden/tagwarden/rules"
)

// Prove proves promises over a policy, each by itself, in their order.
func Prove(policy *rules.Policy, promises []Promise, where Where) []Result {
	if len(promises) == 0 {
		return nil
	}
	p := &proof{policy: policy, world: newWorld(policy, promises), places: map[*rules.Activity][]Place{},
		order: map[*rules.Activity]int{}}
	for _, o := range rules.EndpointsOf(policy) {
		p.endpoints = append(p.endpoints, newEndpoint(policy, &o))
	}
	for _, o := range rules.OutflowsOf(policy) {
		f := newFlow(policy, &o, o.Leaving, o.Passes(), o.As)
		for i := range p.endpoints {
			if e := &p.endpoints[i]; e.Recipient == o.Recipient && e.Endpoint.ID == o.Endpoint.ID {
				f.paths = e.paths
			}
		}
		p.flows = append(p.flows, f)
	}
	for i, a := range policy.Activities() {
		p.places[a], p.order[a] = where(a), i
	}
	results := make([]Result, len(promises))
	for i := range promises {
		results[i] = p.prove(&promises[i])
	}
	return results
}

// proof is what proofs of one policy share.
type proof struct {
	policy    *rules.Policy
	world     *world
	endpoints []flow // what could leave
	flows     []flow // what may
	places    map[*rules.Activity][]Place
	order     map[*rules.Activity]int
}

// prove proves one promise.
func (p *proof) prove(of *Promise) Result {
	r := Result{Promise: of, State: Kept}
	if found := p.ways(of); len(found) > 0 {
		r.State, r.Counter = Broken, found[0].counter(p, of)
		for _, w := range found[1:] {
			if id := w.activity.ID; id != r.Counter.Activity.ID && !slices.Contains(r.Others, id) {
				r.Others = append(r.Others, id)
			}
		}
	} else if !p.couldBreak(of) {
		r.State = Vacuous
	}
	r.Assumed = p.assumed(of)
	return r
}

// way is a way in which a promise is broken.
type way struct {
	activity *rules.Activity
	flow     *flow
	hit      *occasion
	leaves   *leaves
}

// ways lists a way for each activity and endpoint by which a promise is broken, in the order of the activities;
// what shows by a name or a value alone comes last.
func (p *proof) ways(of *Promise) (all []way) {
	for i := range p.flows {
		f := &p.flows[i]
		var looked bool
		var any, free *leaves
		for _, a := range f.Activities {
			if !of.Never.mayBe(a, p.places[a]) {
				continue
			}
			if !looked {
				any, free = f.find(of)
				looked = true
			}
			if any == nil {
				break
			}
			if w := p.wayOf(of, f, a, any, free); w != nil {
				all = append(all, *w)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b way) int {
		return cmp.Or(cmp.Compare(a.leaves.obscure/namedToo, b.leaves.obscure/namedToo),
			p.order[a.activity]-p.order[b.activity])
	})
	return all
}

// wayOf finds how an activity breaks a promise by an endpoint; nil where it does not. Any is something that leaves and
// is the promise's, and free something of these that the exception is surely not about.
func (p *proof) wayOf(of *Promise, f *flow, a *rules.Activity, any, free *leaves) *way {
	bound, unbound := p.occasions(of, f, a)
	if bound == nil {
		return nil
	}
	switch {
	case of.Unless == nil, !of.Unless.surelyIs(a, p.places[a]):
		return &way{a, f, bound, any}
	case unbound != nil:
		return &way{a, f, unbound, any}
	case free != nil:
		return &way{a, f, bound, free}
	default:
		return nil
	}
}
