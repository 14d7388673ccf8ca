package config

import (
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/promise"
)

// OnHits holds the promises of a configuration against hits that its policy judges. It is made once for all of them.
type OnHits struct {
	promises []promise.Promise
	places   map[*rules.Activity][]promise.Place
}

// NewOnHits makes it.
func NewOnHits(l *Loaded) *OnHits {
	h := &OnHits{places: map[*rules.Activity][]promise.Place{}}
	for i := range l.Proofs {
		h.promises = append(h.promises, *l.Proofs[i].Promise)
	}
	if len(h.promises) == 0 {
		return h
	}
	where := Whereabouts(l)
	for _, a := range l.Policy.Activities() {
		h.places[a] = where(a)
	}
	return h
}

// BrokenBy lists which promises a hit broke that was judged by the policy. Of a policy that keeps them none does, but
// for a hit that is taken to come from where no hit of its site does.
func (h *OnHits) BrokenBy(x *rules.Explanation) []promise.Violation {
	if len(h.promises) == 0 || len(x.Left) == 0 {
		return nil
	}
	of := promise.Hit{Site: x.Site, Left: x.Left}
	if x.Region != "" {
		region, err := rules.ParseRegion(x.Region)
		mustBeKnown(err == nil, x.Region)
		of.Region = region
	}
	return promise.BrokenBy(h.promises, &of, func(a *rules.Activity) []promise.Place { return h.places[a] })
}
