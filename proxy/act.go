package proxy

import (
	"errors"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/ascii"
)

// mostIDs is how many identifiers one act may name.
const mostIDs = 100

// subjectsOf adds every form of every identifier to subjects.
func subjectsOf(policy *rules.Policy, keys *rules.Keys, ids []objection.ID, subjects []objection.Subject) (
	[]objection.Subject, *objection.Fault,
) {
	if len(ids) > mostIDs {
		return nil, &objection.Fault{What: "ids", Err: errTooMany}
	}
	all := slices.Clone(subjects)
	for _, id := range ids {
		of, err := policy.Identities(keys, id.Name, []byte(id.Value))
		if err != nil {
			return nil, &objection.Fault{What: "ids." + id.Name, Err: err}
		}
		for _, one := range of {
			if subject := objection.Subject(one); !slices.Contains(all, subject) {
				all = append(all, subject)
			}
		}
	}
	if len(all) == 0 {
		return nil, &objection.Fault{What: "ids", Err: errNobody}
	}
	return all, nil
}

var (
	errTooMany = errors.New("at most 100 identifiers are possible in one act")
	errNobody  = errors.New("at least one identifier is needed")
)

// changeOf checks an act and makes a change of it.
func changeOf(loaded *config.Loaded, keys *rules.Keys, act *objection.Act) (objection.Change, *objection.Fault) {
	c := act.Change
	var fault *objection.Fault
	if c.EndDecision != 0 {
		c.Because = loaded.Policy.ScrubName(c.Because)
		return c, nil
	}
	if c.Subjects, fault = subjectsOf(loaded.Policy, keys, act.IDs, c.Subjects); fault != nil {
		return c, fault
	}
	if c.Decide != nil {
		if fault = siteFault(loaded, c.Site); fault != nil {
			return c, fault
		}
		return decisionOf(loaded, act, c)
	}
	c.Object = slices.Compact(slices.Sorted(slices.Values(c.Object)))
	c.TakeBack = slices.Compact(slices.Sorted(slices.Values(c.TakeBack)))
	if len(c.Object)+len(c.TakeBack) == 0 && !c.Complaint {
		return c, &objection.Fault{What: "scopes", Err: errors.New("at least one is needed: a purpose, a vendor, or all")}
	}
	if len(c.Object) > 0 { // what an earlier version took can be taken back
		for _, id := range act.IDs {
			if rules.Placeholder([]byte(id.Value)) {
				return c, &objection.Fault{What: "ids." + id.Name, Err: objection.ErrPlaceholder}
			}
		}
	}
	for _, scope := range c.Object {
		// A link was made under an earlier policy: what it objects to may be there no more, and the objection is taken all
		// the same.
		if scope == objection.KeptOptOut {
			only := errors.New("an opt-out is kept by the browser's signal alone: it can be taken back by that name")
			return c, &objection.Fault{What: "object", Err: only}
		}
		if _, ok := loaded.Policy.Objection(scope); !ok && (c.Source != objection.Link || !rules.ScopeName(scope)) {
			return c, &objection.Fault{What: "object", Err: scopeFault(loaded.Policy, scope)}
		}
	}
	for _, scope := range c.TakeBack { // also one that the policy has no more
		if !rules.ScopeName(strings.TrimPrefix(scope, objection.RestrictionOf)) {
			return c, &objection.Fault{What: "take_back", Err: errors.New("that is no name of a scope")}
		}
	}
	if c.Source == "" {
		c.Source = objection.API
	}
	if c.Source == objection.SeenWith.String() || c.Source == objection.KeptOptOut {
		own := errors.New(c.Source + " is the server's own, of what hits show: name another")
		return c, &objection.Fault{What: "source", Err: own}
	}
	for what, word := range map[string]string{"source": c.Source, "channel": c.Channel} {
		if !plainWord(word) {
			return c, &objection.Fault{What: what, Err: errors.New("at most 32 of a-z, 0-9, \"-\" and \"_\" are right")}
		}
	}
	if fault = siteFault(loaded, c.Site); fault != nil {
		return c, fault
	}
	c.Campaign, c.Because = loaded.Policy.ScrubName(c.Campaign), loaded.Policy.ScrubName(c.Because)
	return c, nil
}

// siteFault says that an act is about a site that there is not: its id would stand in records, whatever it holds.
func siteFault(loaded *config.Loaded, site string) *objection.Fault {
	if _, ok := loaded.Server.Sites[site]; site == "" || ok {
		return nil
	}
	none := errors.New("there is no site of that id" + strict.SuggestionElse(site, siteIDs(loaded)))
	return &objection.Fault{What: "site", Err: none}
}

// scopeFault says what is wrong with the name of a scope. It may be anything that a caller wrote: only what looks like
// a name is repeated.
func scopeFault(policy *rules.Policy, scope string) error {
	if !rules.ScopeName(scope) {
		return errors.New("that is no name of a scope: a purpose's id, vendor:ID or all is")
	}
	suggestion := strict.SuggestionElse(scope, policy.ScopeNames())
	return errors.New(scope + " is no purpose of the policy, vendor:ID or all" + suggestion)
}

func siteIDs(loaded *config.Loaded) []string {
	var ids []string
	for _, site := range loaded.Policy.Sites() {
		ids = append(ids, site.ID)
	}
	return ids
}

// plainWord tells whether a text is a word of a closed kind, or empty.
func plainWord(text string) bool {
	for _, c := range []byte(text) {
		if !ascii.IsLower(c) && !ascii.IsDigit(c) && c != '-' && c != '_' {
			return false
		}
	}
	return len(text) <= 32
}
