package proxy

import (
	"fmt"
	"slices"
	"sync"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy/ledger/dossier"
	"github.com/tagwarden/tagwarden/proxy/ledger/query"
	"github.com/tagwarden/tagwarden/rules"
)

// PolicyWords are what policies know that records are asked about by: vendors, sites, purposes, activities. Policies that
// are kept beside a ledger are compiled once. The zero value is ready; it is safe for concurrent use.
type PolicyWords struct {
	mu   sync.Mutex
	were map[string][]carrier // by digest: of policies that are kept
}

// carrier is an activity, and the purposes that it carries.
type carrier struct {
	id       string
	purposes []string
}

func carriersOf(activities []*rules.Activity) (all []carrier) {
	for _, a := range activities {
		all = append(all, carrier{a.ID, slices.Clone(a.PurposeIDs)})
	}
	return all
}

// Tell notes in a question what the policy in force knows, and which activities carry which purposes, under the policies
// that were as well where every is true or purposes are asked about. Of a policy that cannot be read note is told.
func (p *PolicyWords) Tell(q *query.Question, loaded *config.Loaded, every bool, note func(string)) {
	q.Known, q.Carried = map[string][]string{}, map[string][]string{}
	for _, purpose := range loaded.Policy.Purposes() {
		q.Carried[purpose.ID] = nil
		q.Known[query.Purpose] = append(q.Known[query.Purpose], purpose.ID)
	}
	for _, site := range loaded.Policy.Sites() {
		q.Known["site"] = append(q.Known["site"], site.ID)
	}
	for _, vendor := range loaded.Policy.Recipients() {
		q.Known["vendor"] = append(q.Known["vendor"], vendor.ID)
	}
	carries(q, carriersOf(loaded.Policy.Activities()))
	if !every && !slices.ContainsFunc(q.Where, func(c query.Condition) bool { return c.Member == query.Purpose }) {
		return
	}
	folder := PoliciesDir(loaded.Server.Data)
	digests, err := config.Archived(folder)
	if err != nil {
		note(fmt.Sprintf("which purposes activities had under policies before is not known: %v", err))
		return
	}
	for _, digest := range digests {
		if digest == loaded.Policy.Digest() {
			continue
		}
		all, err := p.archived(folder, digest)
		if err != nil {
			note(fmt.Sprintf("which purposes activities had under the policy %s is not known: %v", digest, err))
			continue
		}
		carries(q, all)
	}
}

// archived are the activities of a policy that is kept.
func (p *PolicyWords) archived(folder, digest string) ([]carrier, error) {
	p.mu.Lock()
	all, known := p.were[digest]
	p.mu.Unlock()
	if known {
		return all, nil
	}
	policy, err := config.CompileArchived(folder, digest)
	if err != nil {
		return nil, err
	}
	all = carriersOf(policy.Activities())
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.were == nil {
		p.were = map[string][]carrier{}
	}
	p.were[digest] = all
	return all, nil
}

// carries notes which purposes activities have.
func carries(q *query.Question, activities []carrier) {
	for _, activity := range activities {
		q.Known["activity"] = append(q.Known["activity"], activity.id)
		for _, purpose := range activity.purposes {
			q.Carried[purpose] = append(q.Carried[purpose], activity.id)
		}
	}
}

// PersonNames are what purposes are called in the policy in force, nil where none is at hand, and which activities carry
// them, as [PolicyWords.Tell] notes it in a question.
func PersonNames(q *query.Question, loaded *config.Loaded) dossier.Names {
	names := dossier.Names{Carried: q.Carried, Titles: map[string]string{}}
	if loaded != nil {
		for id := range loaded.Purposes {
			names.Titles[id], _ = loaded.Purposes[id].Title.In("en")
		}
	}
	return names
}
