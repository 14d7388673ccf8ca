package proxy

import (
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/rules"
)

// windowPicks tells which records of events a window is about. What an event was for, the policy says that it was
// judged by: today's may have its activity for something else, or not at all.
type windowPicks struct {
	window   *config.Window
	policies *policiesThen
	rungs    map[string]string          // digest of the policy, by the name of rungs
	carry    map[string]map[string]bool // by digest: activities for the window's purpose
}

func newWindowPicks(w *config.Window, policies *policiesThen) *windowPicks {
	return &windowPicks{w, policies, map[string]string{}, map[string]map[string]bool{}}
}

// others notes what rungs say of the policy that events were judged by. They stand before the events that name them.
func (p *windowPicks) others(record []byte) {
	if p.window.Purpose == "" || string(ledger.KindOf(record)) != ledger.KindRungs {
		return
	}
	said := gjson.GetManyBytes(record, "rungs", "policy")
	if said[1].Str != "" { // of several parts the first one says it
		p.rungs[strings.Clone(said[0].Str)] = strings.Clone(said[1].Str)
	}
}

// picks is for [ledger.Erasing]: there is one reason.
func (p *windowPicks) picks(record []byte) int {
	said := gjson.GetManyBytes(record, "site", "activity", "rungs", "policy")
	if p.window.Site != "" && said[0].Str != p.window.Site {
		return -1
	}
	if p.window.Purpose == "" {
		return 0
	}
	digest := said[3].Str // of records before there were rungs
	if digest == "" {
		digest = p.rungs[said[2].Str]
	}
	if !p.carrying(digest)[said[1].Str] {
		return -1
	}
	return 0
}

// carrying are the activities that were for the window's purpose under a policy.
func (p *windowPicks) carrying(digest string) map[string]bool {
	if all := p.carry[digest]; all != nil {
		return all
	}
	all := map[string]bool{}
	for _, a := range p.policies.of(digest).Activities() {
		if slices.Contains(a.PurposeIDs, p.window.Purpose) {
			all[a.ID] = true
		}
	}
	p.carry[strings.Clone(digest)] = all
	return all
}

// policiesThen are the policies that records name.
type policiesThen struct {
	now *rules.Policy
	dir string
	by  map[string]*rules.Policy
}

func newPoliciesThen(loaded *config.Loaded) *policiesThen {
	return &policiesThen{loaded.Policy, PoliciesDir(loaded.Server.Data),
		map[string]*rules.Policy{loaded.Policy.Digest(): loaded.Policy}}
}

// of is the policy of a digest. Where it is not known, or does not compile any more, it is the one in force.
func (p *policiesThen) of(digest string) *rules.Policy {
	policy, known := p.by[digest]
	if !known {
		var err error
		if policy, err = config.CompileArchived(p.dir, digest); err != nil {
			policy = p.now
		}
		p.by[strings.Clone(digest)] = policy
	}
	return policy
}
