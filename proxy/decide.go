package proxy

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
)

// longestDecision is how many months a decision lasts at most: a situation changes, and whoever decides looks again.
const longestDecision = 12

// decisionOf checks a decision that somebody asks for against the policy in force,
// and fills in the assessment's version.
func decisionOf(loaded *config.Loaded, act *objection.Act, c objection.Change) (objection.Change, *objection.Fault) {
	d := *c.Decide
	fault := func(what, format string, args ...any) (objection.Change, *objection.Fault) {
		return c, &objection.Fault{What: "decision." + what, Err: fmt.Errorf(format, args...)}
	}
	if c.Source == "" {
		c.Source = objection.API
	}
	if act.Change.Holder == (objection.Holder{}) {
		c.Holder.Kind = objection.Role
	}
	register := loaded.Policy.Assessments()
	of := register.Assessment(d.Assessment)
	switch {
	case of == nil:
		return fault("assessment", "there is no assessment of that id%s", strict.SuggestionElse(d.Assessment, register.IDs()))
	case !of.CompellingGrounds():
		return fault("assessment", "%s names no compelling grounds (objection.compelling_grounds): nothing outweighs an "+
			"objection to what rests on it", of.ID)
	case !slices.ContainsFunc(loaded.Policy.Activities(), func(a *rules.Activity) bool {
		return a.Assessment == of.ID && a.Grounded()
	}):
		return fault("assessment", "no activity that could go on rests on %s: direct marketing never does", of.ID)
	}
	d.Version = of.Version
	if _, known := loaded.Server.Approvers[d.By]; !known {
		names := slices.Sorted(maps.Keys(loaded.Server.Approvers))
		return fault("by", "who decides is one of the server file's approvers: %s%s", strings.Join(names, ", "),
			strict.SuggestionElse(d.By, names))
	}
	d.Purposes = slices.Compact(slices.Sorted(slices.Values(d.Purposes)))
	for _, id := range d.Purposes {
		if !slices.Contains(of.Purposes, id) {
			return fault("purposes", "%s covers %s%s", of.ID, strings.Join(of.Purposes, ", "),
				strict.SuggestionElse(id, of.Purposes))
		}
	}
	d.Because, d.Told = strings.TrimSpace(d.Because), strings.TrimSpace(d.Told)
	switch {
	case d.Because == "":
		return fault("because", "it is missing: why do the grounds outweigh this person's situation? The person is shown it")
	case !rules.Clean(loaded.Policy.Detectors(), d.Because):
		return fault("because", "it holds what looks like personal data: whoever shows an id of the person is shown it")
	case !rules.Clean(loaded.Policy.Detectors(), d.Told):
		return fault("told", "it holds what looks like personal data: say how the person was told, not where: by letter")
	}
	c.Decide, c.Because = &d, d.Because
	return c, nil
}

// decidable says why a decision cannot be made as things stand now.
func (o *objector) decidable(snapshot *Snapshot, c *objection.Change) *objection.Fault {
	fault := func(what string, err error) *objection.Fault {
		return &objection.Fault{What: "decision." + what, Err: err}
	}
	policy, now := snapshot.Policy, o.opts.Now()
	d := c.Decide
	if d == nil {
		return nil
	}
	of := policy.Assessments().Assessment(d.Assessment)
	if v := policy.Assessments().Validity(of.ID, now); v != basis.Valid {
		return fault("assessment", fmt.Errorf("%s is not valid now (%s): nothing travels on it", of.ID, v))
	}
	latest := now.AddDate(0, longestDecision, 0)
	if end := of.ReviewBy.End(); end.Before(latest) {
		latest = end
	}
	switch {
	case d.Until.IsZero():
		return fault("until", errors.New("it is missing: until when is it decided? At most 12 months ahead"))
	case !d.Until.After(now):
		return fault("until", errors.New("it is over already"))
	case d.Until.After(latest):
		return fault("until", fmt.Errorf(
			"it is at most 12 months ahead, and not after %s is to be reviewed: %s is the latest",
			of.ID, latest.UTC().Format(time.RFC3339)))
	}
	return o.touched(snapshot, c, fault)
}

// touched says why a decision has nothing to be about: nothing in force for its subjects ends what it could lift, or
// something that was restricted does, and nobody said that this goes on, too.
func (o *objector) touched(
	snapshot *Snapshot, c *objection.Change, fault func(string, error) *objection.Fault,
) *objection.Fault {
	var all rules.Objections
	for i := range c.Subjects {
		found, err := snapshot.objections.Lookup(c.Subjects[i].Hash)
		if err != nil {
			return fault("ids", err)
		}
		all.Merge(found)
	}
	all.Lifts = nil
	now := o.opts.Now()
	lift := rules.Lift{
		Assessment: c.Decide.Assessment, Version: c.Decide.Version, Until: c.Decide.Until.Unix(),
	}.In(snapshot.Policy, c.Decide.Purposes)
	lifted := all
	lifted.Lifts = rules.LiftsOf(lift)
	goesOn := func(a *rules.Activity) bool { return all.Ends(a, now) && !lifted.Ends(a, now) }
	switch {
	case !slices.ContainsFunc(snapshot.Policy.Activities(), goesOn):
		return fault("ids", fmt.Errorf("nothing that they object to ends what rests on %s: there is nothing to decide",
			c.Decide.Assessment))
	case all.Restricted && !c.Decide.Restriction:
		return fault("restriction", objection.ErrRestricted)
	}
	return nil
}

// Decided lists the decisions that stand for a person.
func (o *objector) Decided(ids []objection.ID, subjects []objection.Subject) ([]objection.Decision, error) {
	subjects, err := o.subjects(ids, subjects)
	if err != nil {
		return nil, err
	}
	return o.opts.Store.DecidedOn(subjects)
}
