package proxy

import (
	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy/ledger/recompute"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/promise"
)

// archivedPolicies are the policies of a folder, by their digests, with what each promises, which is little and stays.
type archivedPolicies struct {
	dir      string
	promised map[string]recompute.Promises
}

func (a archivedPolicies) compile(digest string) (*rules.Policy, error) {
	loaded, err := config.LoadArchived(a.dir, digest)
	if err != nil {
		return nil, err
	}
	if _, known := a.promised[digest]; !known {
		a.promised[digest] = promisesIn(loaded)
	}
	return loaded.Policy, nil
}

func (a archivedPolicies) promises(digest string) recompute.Promises { return a.promised[digest] }

// promisesIn is what a policy promises, and where each activity's vendor stands.
func promisesIn(loaded *config.Loaded) recompute.Promises {
	p := recompute.Promises{Places: map[string][]promise.Place{}}
	for _, of := range config.StatedIn(loaded) {
		p.All = append(p.All, recompute.Promise{
			Promise: of.Promise, Says: of.Says, Same: of.Same.String(), Signed: of.Signed.String(),
		})
	}
	where := config.Whereabouts(loaded)
	for _, activity := range loaded.Policy.Activities() {
		p.Places[activity.ID] = where(activity)
	}
	return p
}
