package proxy

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/notice"
	"github.com/tagwarden/tagwarden/proxy/ledger/dossier"
	"github.com/tagwarden/tagwarden/proxy/ledger/query"
	"github.com/tagwarden/tagwarden/rules"
)

// PolicyWords are what policies know that records are asked about by: vendors, sites, purposes, activities. Policies
// that are kept beside a ledger are compiled once. The zero value is ready; it is safe for concurrent use.
type PolicyWords struct {
	mu   sync.Mutex
	were map[string]wasPolicy // by digest: policies that are kept
}

// wasPolicy is what is known of a policy that is kept.
type wasPolicy struct {
	carriers []carrier
	titles   map[string]string // of its purposes
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

// Tell notes in a question what the policy in force knows, and which activities carry which
// purposes, under the policies that were as well where every is true or purposes are asked about. Of
// a policy that cannot be read note is told.
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
	p.tellKept(q, PoliciesDir(loaded.Server.Data), loaded.Policy.Digest(), note)
}

// TellKept notes in a question which activities carry which purposes under the policies of a folder, where no policy in
// force is at hand. Of one that cannot be read note is told.
func (p *PolicyWords) TellKept(q *query.Question, folder string, note func(string)) {
	p.tellKept(q, folder, "", note)
}

func (p *PolicyWords) tellKept(q *query.Question, folder, but string, note func(string)) {
	digests, err := config.Archived(folder)
	if err != nil {
		note(fmt.Sprintf("which purposes activities had under policies before is not known: %v", err))
		return
	}
	for _, digest := range digests {
		if digest == but {
			continue
		}
		all, err := p.archived(folder, digest)
		if err != nil {
			note(fmt.Sprintf("which purposes activities had under the policy %s is not known: %v", digest, err))
			continue
		}
		carries(q, all.carriers)
	}
}

// archived is a policy that is kept.
func (p *PolicyWords) archived(folder, digest string) (wasPolicy, error) {
	p.mu.Lock()
	was, known := p.were[digest]
	p.mu.Unlock()
	if known {
		return was, nil
	}
	loaded, err := config.LoadArchived(folder, digest)
	if err != nil {
		return was, err
	}
	was = wasPolicy{carriersOf(loaded.Policy.Activities()), titlesOf(loaded)}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.were == nil {
		p.were = map[string]wasPolicy{}
	}
	p.were[digest] = was
	return was, nil
}

// carries notes which purposes activities have.
func carries(q *query.Question, activities []carrier) {
	if q.Carried == nil {
		q.Carried = map[string][]string{}
	}
	for _, activity := range activities {
		if q.Known != nil {
			q.Known["activity"] = append(q.Known["activity"], activity.id)
		}
		for _, purpose := range activity.purposes {
			q.Carried[purpose] = append(q.Carried[purpose], activity.id)
		}
	}
}

// titlesOf are what purposes are called, in English where they have a title in that.
func titlesOf(loaded *config.Loaded) map[string]string {
	titles := map[string]string{}
	for id := range loaded.Purposes {
		titles[id], _ = loaded.Purposes[id].Title.In("en")
	}
	return titles
}

// PersonNames are what purposes are called in the policy in force, nil where none is at hand, else in those that were
// looked at; which activities carry them, as [PolicyWords.Tell] or [PolicyWords.TellKept] noted it in a question; and
// what visitors are told at a time by the configuration in force.
func (p *PolicyWords) PersonNames(q *query.Question, loaded *config.Loaded, at time.Time) dossier.Names {
	names := dossier.Names{Carried: q.Carried, Titles: map[string]string{}}
	if loaded != nil {
		names.Titles, names.Told = titlesOf(loaded), toldBy(loaded, at)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	called := map[string][]string{} // each differently by policies that were
	for _, was := range p.were {
		for id, title := range was.titles {
			if names.Titles[id] == "" && !slices.Contains(called[id], title) {
				called[id] = append(called[id], title)
			}
		}
	}
	for id, titles := range called {
		slices.Sort(titles)
		names.Titles[id] = strings.Join(titles, " / ")
	}
	return names
}

// toldBy is what visitors are told, in the words of the notice.
func toldBy(loaded *config.Loaded, at time.Time) *dossier.Told {
	of, err := notice.NewAccess(loaded, "en", at)
	if err != nil {
		return nil // then the report says that it is missing
	}
	told := &dossier.Told{
		Contact: of.Contact, Rights: of.Rights, Complaint: of.Complaint,
		Recipients: map[string]dossier.Recipient{}, Activities: map[string]dossier.Sent{},
	}
	for _, one := range of.Responsible {
		told.Responsible = append(told.Responsible, dossier.Detail(one))
	}
	for id := range of.Recipients {
		r := of.Recipients[id]
		told.Recipients[id] = dossier.Recipient{Legal: r.Legal, Service: r.Name, Role: r.RoleName}
	}
	for id, one := range of.Activities {
		told.Activities[id] = dossier.Sent(one)
	}
	return told
}
