package main

import (
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/plural"
	"github.com/tagwarden/tagwarden/rules/wire"
)

// A verb that is to look at something and finds nothing there is not fine: in CI a recording that failed, or one of
// another host's, would be taken for traffic in which nothing is wrong. It says so, and ends with usage.

// noLook begins what is said where there was nothing to look at.
const noLook = "there is nothing to look at: "

// nothing says that there was nothing to look at, and why: the verb ends with usage.
func nothing(t *terminal, format string, args ...any) {
	t.fail(noLook+format, args...)
}

// ofSites counts the hits that somebody takes here: the others nobody judges.
type ofSites struct {
	hits, taken int
	reasons     map[string]int // of those that nobody takes
}

// add counts a hit, as each of some policies judged it: one that takes it is enough.
func (o *ofSites) add(by ...*rules.Explanation) {
	o.hits++
	for _, x := range by {
		if !slices.Contains(nobodyTakes, x.Reason) {
			o.taken++
			return
		}
	}
	if o.reasons == nil {
		o.reasons = map[string]int{}
	}
	o.reasons[by[len(by)-1].Reason]++
}

// none tells whether there was nothing that a policy could have judged, and says it. Hosts are those that hits are
// taken for.
func (o *ofSites) none(t *terminal, host string, policies ...*rules.Policy) bool {
	if o.taken > 0 {
		return false
	}
	nothing(t, "of %s none is for a site, vendor or endpoint here (%s)", plural.Of(o.hits, "hit"), reasonsOf(o.reasons))
	if host == "" && o.reasons[rules.UnknownHost.String()] > 0 {
		t.hint("--host judges hits as if they were sent to a site: %s", strings.Join(hostsOf(policies...), ", "))
	}
	return true
}

// isHost tells whether a host that --host names is that of a site, under one of some policies at least, and says which
// there are where it is not. None is fine.
func isHost(t *terminal, host string, policies ...*rules.Policy) bool {
	if host == "" {
		return true
	}
	name, ok := wire.AppendHost(nil, []byte(host))
	if ok && slices.ContainsFunc(policies, func(p *rules.Policy) bool { return p.Site(name) != nil }) {
		return true
	}
	t.fail("--host: no site has the host %q%s", host, strict.SuggestionElse(host, hostsOf(policies...)))
	return false
}

// hostsOf are the hosts of all sites of some policies.
func hostsOf(policies ...*rules.Policy) (hosts []string) {
	for _, p := range policies {
		for _, site := range p.Sites() {
			hosts = append(hosts, site.Hosts...)
		}
	}
	slices.Sort(hosts)
	return slices.Compact(hosts)
}
