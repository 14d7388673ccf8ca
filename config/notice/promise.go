package notice

import (
	"slices"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/rules"
)

// promises are what the policy promises in public, but for what is about other sites alone.
func (b *builder) promises() (all []Promise) {
	for _, p := range config.Published(b.loaded) {
		of := p.Never.Site
		if len(of) == 0 || slices.ContainsFunc(b.sites, func(s *rules.Site) bool { return slices.Contains(of, s.ID) }) {
			all = append(all, b.promise(p))
		}
	}
	return all
}

func (b *builder) promise(p *config.Promise) Promise {
	return Promise{p.ID, b.text(p.Says, "promise "+p.ID+": says")}
}

// promisesOf are those that may be about an activity.
func (b *builder) promisesOf(written *config.Activity) (all []Promise) {
	for _, p := range config.Published(b.loaded) {
		if p.MayConcern(b.loaded, written) {
			all = append(all, b.promise(p))
		}
	}
	return all
}
