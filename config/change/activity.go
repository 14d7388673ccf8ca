package change

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
)

// activities compares activities by id.
func (c *comparison) activities() {
	for i := range c.new.Activities {
		a := &c.new.Activities[i]
		where := "activity " + a.ID
		if before := activityOf(c.old, a.ID); before != nil {
			c.activity(where, before, a)
		} else {
			c.add(where, Wider, "new: %s for %s on %s", a.Vendor, strings.Join(a.Purposes, ", "), a.Basis)
		}
	}
	for i := range c.old.Activities {
		a := &c.old.Activities[i]
		if activityOf(c.new, a.ID) == nil {
			c.add("activity "+a.ID, Narrower, "removed: %s for %s on %s", a.Vendor, strings.Join(a.Purposes, ", "), a.Basis)
		}
	}
}

func activityOf(l *config.Loaded, id string) *config.Activity {
	at := slices.IndexFunc(l.Activities, func(a config.Activity) bool { return a.ID == id })
	if at < 0 {
		return nil
	}
	return &l.Activities[at]
}

func (c *comparison) activity(where string, old, changed *config.Activity) {
	c.value(where, "vendor", Wider, old.Vendor, changed.Vendor)
	// More purposes: the data are used for more. Fewer: less consent is asked for, and fewer objections count.
	c.set(where, "purposes", old.Purposes, changed.Purposes, Wider, Wider)
	c.value(where, "basis", basisEffect(old.Basis, changed.Basis), old.Basis, changed.Basis)
	if old.Explicit != changed.Explicit {
		c.add(where, either(changed.Explicit), "explicit consent: %t (only then what is sensitive may pass)",
			changed.Explicit)
	}
	c.value(where, "assessment", Wider, old.Assessment, changed.Assessment)
	c.value(where, "exemption", either(changed.Exemption != ""), old.Exemption, changed.Exemption)
	switch {
	case old.Reference == "" && changed.Reference != "":
		c.value(where, "reference", Wider, "", changed.Reference)
	case changed.Reference == "":
		c.value(where, "reference", Narrower, old.Reference, "")
	default:
		c.value(where, "reference", Neutral, old.Reference, changed.Reference)
	}
	c.period(where, "consent_max_age", old.ConsentMaxAge, changed.ConsentMaxAge)
	c.period(where, "retention", old.Retention, changed.Retention)
	c.transfer(where, old.Transfer, changed.Transfer)
	c.set(where, "attested", attested(old), attested(changed), Neutral, Neutral)
	c.told(where, old, changed)
	if old.Profile != changed.Profile && old.Vendor == changed.Vendor {
		c.value(where, "profile", Neutral, old.Profile, changed.Profile)
		c.treatments(where, compiledActivity(c.old, old.ID), compiledActivity(c.new, old.ID))
		c.constants(where, old.Vendor, c.old.Profiles[old.Profile].Set[old.Vendor],
			c.new.Profiles[changed.Profile].Set[old.Vendor])
	}
	c.set(where, "events", old.Events, changed.Events, Wider, Narrower)
	c.set(where, "except_events", old.ExceptEvents, changed.ExceptEvents, Narrower, Wider)
	c.scope(where, "regions", old.Regions, changed.Regions)
	c.scope(where, "sites", old.Sites, changed.Sites)
	if old.Source != changed.Source {
		c.add(where, either(changed.Source == ""), "%s", map[string]string{"": "no longer only of hits that servers send",
			"server": "only of hits that servers send"}[changed.Source])
	}
	switch {
	case old.AfterRefusal == nil && changed.AfterRefusal != nil:
		c.add(where, Wider, "goes on after a refusal: %s", changed.AfterRefusal.Because)
	case old.AfterRefusal != nil && changed.AfterRefusal == nil:
		c.add(where, Narrower, "ends with a refusal")
	case old.AfterRefusal != nil:
		c.value(where, "goes on after a refusal because", Neutral, old.AfterRefusal.Because.String(),
			changed.AfterRefusal.Because.String())
	}
	switch {
	case old.When == changed.When:
	case old.When == "":
		c.add(where, Narrower, "only when %s", changed.When)
	case changed.When == "":
		c.add(where, Wider, "no longer only when %s", old.When)
	default:
		c.add(where, Wider, "when %s instead of %s, which may hold more often", changed.When, old.When)
	}
	c.stopped(where, old.ID)
}

// stopped reports what begins or ends to take place as things stand.
func (c *comparison) stopped(where, id string) {
	old, changed := compiledActivity(c.old, id), compiledActivity(c.new, id)
	before, after := c.old.Stopped(old, c.at), c.new.Stopped(changed, c.at)
	switch {
	case before != "" && after == "":
		c.add(where, Wider, "begins to take place: before, %s", before)
	case before == "" && after != "":
		c.add(where, Narrower, "takes place no longer: %s", after)
	}
}

func compiledActivity(l *config.Loaded, id string) *rules.Activity {
	for _, a := range l.Policy.Activities() {
		if a.ID == id {
			return a
		}
	}
	panic("BUG: no activity " + id)
}

// period reports a span that became another one; none given is any.
func (c *comparison) period(where, what string, old, changed basis.Period) {
	wider := changed.IsZero() || !old.IsZero() && longer(changed, old)
	c.value(where, what, either(wider), old.String(), changed.String())
}

func (c *comparison) transfer(where string, old, changed *config.Transfer) {
	switch {
	case old == nil && changed == nil:
	case old == nil:
		c.add(where, Wider, "a transfer to %s (%s)", changed.Country, changed.Safeguard)
	case changed == nil:
		c.add(where, Neutral, "no transfer to %s stated any more", old.Country)
	default:
		c.value(where, "transfer to", Wider, old.Country, changed.Country)
		c.value(where, "transfer by", Wider, old.Safeguard.String(), changed.Safeguard.String())
	}
}

// attested are what people answer for, a text each.
func attested(a *config.Activity) []string {
	all := make([]string, len(a.Attested))
	for i := range a.Attested {
		of := &a.Attested[i]
		all[i] = fmt.Sprintf("%s (by %s on %s, until %s; %s)", strings.Join(of.Lines, " "), of.By, of.On,
			of.Last(), of.Evidence)
	}
	return all
}

// basisRanks order the bases by what a visitor can do against them: the less, the later.
var basisRanks = map[string]int{
	basis.Consent.String(): 0, basis.LegitimateInterest.String(): 1, basis.PublicTask.String(): 2,
	basis.OptOut.String():   3,
	basis.Contract.String(): 4, basis.LegalObligation.String(): 4, basis.VitalInterests.String(): 4,
}

// basisEffect: narrower only where the visitor can do more against it than before.
func basisEffect(old, changed string) Effect { return either(basisRanks[changed] >= basisRanks[old]) }

// ladders reports activities of a vendor that are asked in another order, and lower
// rungs that a removed one leaves events to.
func (c *comparison) ladders() {
	for _, vendor := range slices.Sorted(maps.Keys(c.new.Server.Vendors)) {
		old, changed := ladderOf(c.old, vendor), ladderOf(c.new, vendor)
		before, after := without(old, without(old, changed)), without(changed, without(changed, old))
		if !slices.Equal(before, after) {
			c.add("vendor "+vendor, Wider, "its activities are asked in another order: %s, instead of %s",
				strings.Join(after, ", "), strings.Join(before, ", "))
		}
		for i, id := range old {
			if slices.Contains(changed, id) {
				continue
			}
			for _, below := range without(old[i+1:], without(old, changed)) {
				c.add("activity "+id, c.handedDown(id, below), "the events that it carried may travel on %s", below)
			}
		}
	}
}

// handedDown says which way it goes when events of an activity that is no more travel on a lower one: narrower where
// that lets through no more, for no other purpose, and no condition is gone whose failure denied.
func (c *comparison) handedDown(id, below string) Effect {
	gone, next := activityOf(c.old, id), activityOf(c.new, below)
	within := &comparison{}
	within.treatments("", compiledActivity(c.old, id), compiledActivity(c.new, below))
	wider := slices.ContainsFunc(within.changes, func(change Change) bool { return change.Effect == Wider })
	return either(wider || gone.When != "" || len(without(next.Purposes, gone.Purposes)) > 0)
}

// ladderOf lists the activities of a vendor, top to bottom.
func ladderOf(l *config.Loaded, vendor string) []string {
	var ids []string
	for i := range l.Activities {
		if l.Activities[i].Vendor == vendor {
			ids = append(ids, l.Activities[i].ID)
		}
	}
	return ids
}
