package config

import (
	"slices"

	"github.com/tagwarden/tagwarden/rules/promise"
)

// Published are the promises that visitors are told of: those with publish:, as far as the policy keeps them.
func Published(l *Loaded) (all []*Promise) {
	for i := range l.Proofs {
		if p := &l.Promises[i]; p.Publish && l.Proofs[i].State != promise.Broken {
			all = append(all, p)
		}
	}
	return all
}

// MayConcern tells whether a promise may be about what travels on an activity: by
// its vendor, purposes, basis and sites.
func (p *Promise) MayConcern(l *Loaded, a *Activity) bool {
	never := &p.Never
	return few(never.Vendor, a.Vendor, l.Server.Vendors[a.Vendor].Catalog) && few(never.Purpose, a.Purposes...) &&
		few(never.Basis, a.Basis) && (len(a.Sites) == 0 || few(never.Site, a.Sites...))
}

// few tells whether a list names one of some, or says nothing.
func few(list Few, some ...string) bool {
	return len(list) == 0 || slices.ContainsFunc(some, func(one string) bool { return slices.Contains(list, one) })
}
