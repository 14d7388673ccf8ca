package proxy

import (
	"math"
	"slices"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/notice"
	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/proxy/visitor"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
)

// grounded lists what of a notice may go on despite an objection, where a person decides so.
func grounded(loaded *config.Loaded, n *notice.Notice) (all []visitor.Grounded) {
	for _, a := range loaded.Policy.Activities() {
		at := slices.IndexFunc(n.Activities, func(of notice.Activity) bool { return of.ID == a.ID })
		if at >= 0 && a.Grounded() {
			all = append(all, visitor.Grounded{
				Activity: a.ID, Vendor: a.Recipient.ID, Purposes: a.PurposeIDs, Grounds: n.Activities[at].Grounds,
			})
		}
	}
	return all
}

// goesOn lists what goes on for a visitor by decisions, as hits are judged that show these identifiers, or are of these
// subjects: chosen is what the browser's own cookie says.
func (o *objector) goesOn(
	site string, ids []objection.ID, subjects []objection.Subject, chosen []string,
) (all []visitor.GoingOn, err error) {
	decisions := o.opts.Store.Decisions()
	if len(ids)+len(subjects) == 0 || len(decisions) == 0 {
		return nil, nil
	}
	snapshot, keys, err := o.inForce()
	if err != nil {
		return nil, err
	}
	found, fault := subjectsOf(snapshot.Policy, keys, ids, subjects)
	if fault != nil {
		return nil, nil // a cookie that only looks like an identifier: nothing goes on by it
	}
	var objected, declared rules.Objections
	for i := range found {
		one, err := snapshot.objections.Lookup(found[i].Hash)
		if err != nil {
			return nil, err
		}
		objected.Merge(one)
	}
	for _, scope := range chosen {
		if one, ok := snapshot.Policy.Objection(scope); ok {
			declared.Merge(one)
		}
	}
	objected.Declare(declared, math.MaxInt64)
	now := o.opts.Now()
	for _, a := range snapshot.Policy.Activities() {
		by, ok := objected.LiftFor(a, now)
		if !ok || !a.On(site) || snapshot.Policy.Assessments().Validity(a.Assessment, now) != basis.Valid {
			continue
		}
		one := visitor.GoingOn{Activity: a.ID}
		for _, d := range decisions {
			if d.Number == by.Number {
				one.Since, one.Until, one.Because = d.Made, d.Until, d.Because
				all = append(all, one)
			}
		}
	}
	return all, nil
}
