package rules

import (
	"slices"
	"time"

	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// asked is what an activity is judged by for one event.
type asked struct {
	site        *Site
	region      Region
	event       EventView
	name        string
	signals     *signal.Signals
	objections  Objections
	server      bool   // a server that may send as such sent the hit
	unavailable Reason // why nothing travels now that one may object to; the zero value: nothing
	now         time.Time
	latest      time.Time // that was ever known: what had expired by then stays expired
	endpoint    *catalog.Endpoint
	nobody      bool // a stream that is not opened, of a hit that names nobody whose objection could be looked up
	stamps      stamps
	again       bool   // it was permitted before: its condition was met then, and what it was asked of is gone
	given       *given // what a record says of what is gone; nil: nothing is
}

// climb judges an event against a vendor's activities from top to bottom. The first that is permitted carries it; if
// none is, the reason is that of the last one judged. An error in a condition denies the event.
func (d *decideState) climb(p *Policy, ladder []*Activity, q *asked) Verdict {
	v := Verdict{Reason: NoActivity, first: int32(len(d.rungs))}
	for _, a := range ladder {
		decision, reason, when := a.judge(p, q)
		d.rungs = append(d.rungs, Rung{a, decision, reason, when})
		if decision == Skip {
			continue
		}
		v.Decision, v.Reason, v.Activity = decision, reason, a
		if decision == Permit || reason == ConditionFailed {
			break
		}
	}
	v.last = int32(len(d.rungs))
	return v
}

// speaksOf tells whether an activity is of events of that name.
func (q *asked) speaksOf(a *Activity) bool {
	if q.given != nil {
		return q.given.speaksOf(a, q.name)
	}
	return a.Speaks(q.name)
}

// meets tells whether the event meets the condition of an activity.
func (q *asked) meets(a *Activity) (bool, error) {
	if q.given != nil {
		return q.given.meets(a)
	}
	return a.when.Holds(q.event)
}

// judge asks an activity, and says whether its condition was met.
func (a *Activity) judge(p *Policy, q *asked) (Decision, Reason, When) {
	switch {
	case !a.On(q.site.ID):
		return Skip, OtherSite, WhenUnasked
	case !a.In(q.region):
		return Skip, OtherRegion, WhenUnasked
	case !q.speaksOf(a):
		return Skip, OtherEvent, WhenUnasked
	case a.server && !q.server:
		return Skip, OtherSender, WhenUnasked
	}
	when := WhenUnasked
	if a.when != nil {
		if !q.again {
			holds, err := q.meets(a)
			if err != nil {
				return Deny, ConditionFailed, WhenUnasked
			}
			if !holds {
				return Skip, ConditionUnmet, WhenUnmet
			}
		}
		when = WhenMet
	}
	if reason := a.carries(p, q); reason != Permitted {
		return Deny, reason, when
	}
	return Permit, Permitted, when
}

// carries asks whether an activity that speaks of the event carries it to where it is going.
func (a *Activity) carries(p *Policy, q *asked) Reason {
	reason := a.permits(p, q)
	switch {
	case reason != Permitted:
		return reason
	case q.endpoint.Kind == catalog.Opaque && (q.nobody || a.plan.byClass[hit.Recording].Kind() != minimise.Keep):
		return OpaqueStream
	case slices.Contains(a.refused, q.endpoint):
		return RequiredDropped
	case a.isBefore(q):
		return BeforeChoice
	default:
		return Permitted
	}
}

// permits asks whether the activity's basis carries the event now (DESIGN of the ladder:
// one function a basis, GDPR Art. 6(1)).
func (a *Activity) permits(p *Policy, q *asked) Reason {
	switch a.Basis {
	case basis.Consent:
		return a.byConsent(q)
	case basis.LegitimateInterest:
		return a.byLegitimateInterest(p, q)
	case basis.PublicTask:
		return a.byPublicTask(q)
	case basis.Contract, basis.LegalObligation, basis.VitalInterests:
		return a.byLaw(q)
	case basis.OptOut:
		return a.byOptOut(q)
	default:
		return Unjudged
	}
}

// byConsent: Art. 6(1)(a). Every source that speaks of the matter grants, at least one does, none
// refuses, and the choice is not too old.
func (a *Activity) byConsent(q *asked) Reason {
	if reason := a.objection(q); reason != Permitted {
		return reason
	}
	if q.signals.RefusedSale(a.us) {
		return ConsentRefused
	}
	if q.signals.MayRefuseSale(a.us) {
		return NoConsent
	}
	answer := q.signals.Consent(a.needs)
	switch answer.Consent {
	case signal.Refused:
		return ConsentRefused
	case signal.Granted:
	default:
		return byTCF(answer.TCF)
	}
	if a.isOlderThanOptOut(q, answer.At) {
		return OptedOut
	}
	if answer.At != 0 && !a.consentMaxAge.IsZero() && q.now.After(a.consentMaxAge.After(time.Unix(answer.At, 0))) {
		return ConsentExpired
	}
	return Permitted
}

// byLegitimateInterest: Art. 6(1)(f). A current, approved assessment, and nobody objected (Art. 21(1)) or refused. A TC
// string that was sent is asked too: its zero for legitimate interest may be an objection.
func (a *Activity) byLegitimateInterest(p *Policy, q *asked) Reason {
	if q.endpoint.Kind == catalog.Opaque {
		return OpaqueStream
	}
	if reason := invalid(p.assessments.ValidityAfter(a.Assessment, q.now, q.latest)); reason != Permitted {
		return reason
	}
	if a.heeds() {
		if reason := a.objection(q); reason != Permitted {
			return reason
		}
	}
	if a.declined(q) {
		return ConsentRefused
	}
	if q.unavailable != 0 {
		return q.unavailable
	}
	if a.tcf == 0 {
		return Permitted
	}
	return interestByTCF(q.signals.TCF.Interested(a.tcf))
}

// untaken is why nothing travels that one may object to; the zero value: nothing.
func untaken(unavailable, stale bool) Reason {
	switch {
	case unavailable:
		return ObjectionsUntaken
	case stale:
		return ObjectionsStale
	default:
		return 0
	}
}

// rests tells whether the basis holds only as long as nobody objects, so that it
// does not where objections are not known.
func (a *Activity) rests() bool {
	return a.Basis == basis.LegitimateInterest || a.Basis == basis.PublicTask || a.Basis == basis.OptOut
}

// byPublicTask: Art. 6(1)(e). Open to objection as legitimate interest is; the law
// it rests on must be named (Art. 6(3)).
func (a *Activity) byPublicTask(q *asked) Reason {
	if a.Reference == "" {
		return NoLegalReference
	}
	if reason := a.objection(q); reason != Permitted {
		return reason
	}
	switch {
	case a.declined(q):
		return ConsentRefused
	case q.unavailable != 0:
		return q.unavailable
	default:
		return Permitted
	}
}

// byLaw: Art. 6(1)(b) to (d). The contract or law must be named. There is no right
// to object, except to direct marketing.
func (a *Activity) byLaw(q *asked) Reason {
	switch {
	case a.Reference == "":
		return NoLegalReference
	case a.heeds():
		return a.objection(q)
	default:
		return Permitted
	}
}

// heeds tells whether an objection to the activity ends it: on every basis but those of Art. 6(1)(b) to (d), and always
// where it is direct marketing (Art. 21(2) and (3)). Compelling grounds that an assessment documents (Art.
// 21(1)) are no standing answer: processing is restricted (Art. 18(1)(d)) until a person decided on them for
// the one who objects (see decided.go).
func (a *Activity) heeds() bool { return a.directMarketing || a.Basis.OpenToObjection() }

// byOptOut: the rule of regions where processing is allowed until the visitor opts out of sale, sharing or targeted
// advertising. Whoever clicked "no" in the site's banner has opted out, whatever the banner asked for.
func (a *Activity) byOptOut(q *asked) Reason {
	if q.region.Regime() != OptOut {
		return NoConsent
	}
	switch reason := a.objection(q); {
	case reason == Objection:
		return Objection
	case reason != Permitted, q.signals.OptedOut(a.us), a.keptFrom(q), a.declinedAnyhow(q):
		return OptedOut
	case q.unavailable != 0:
		return q.unavailable
	default:
		return Permitted
	}
}

// objection tells whether a stored objection, one that a source carries, or a signal that a purpose counts as one
// touches the activity: [Objection], or the signal's own reason; else [Permitted].
func (a *Activity) objection(q *asked) Reason {
	switch {
	case q.objections.ends(a, q.until()) || q.signals.Objects(a.categories):
		return Objection
	case q.signals.GPC != signal.Absent && a.gpcObjects:
		return GPC
	case q.signals.DNT != signal.Absent && a.dntObjects:
		return DNT
	default:
		return Permitted
	}
}

// declined tells whether the visitor refused a category of the activity, or its vendor, by a recorded act: a no that
// counts on every basis that one may refuse. What goes on after a refusal goes on after one of a category.
func (a *Activity) declined(q *asked) bool {
	return q.signals.DeclinesVendor() || !a.afterRefusal && q.signals.Declines(a.categories)
}

// declinedAnyhow is declined where an opt-out is all that is asked for.
func (a *Activity) declinedAnyhow(q *asked) bool {
	return q.signals.DeclinesVendor() || !a.afterRefusal && q.signals.DeclinesAnyhow(a.categories)
}

func invalid(v basis.Validity) Reason {
	switch v {
	case basis.Valid:
		return Permitted
	case basis.Missing:
		return AssessmentMissing
	case basis.Unreadable:
		return AssessmentUnreadable
	case basis.Forged:
		return AssessmentForged
	case basis.Foreign:
		return AssessmentForeign
	case basis.ApproverRemoved:
		return AssessmentApproverRemoved
	case basis.Ambiguous:
		return AssessmentAmbiguous
	case basis.Changed:
		return AssessmentChanged
	case basis.FormOld:
		return AssessmentFormOld
	case basis.Revoked:
		return AssessmentRevoked
	case basis.Postdated:
		return AssessmentPostdated
	case basis.Expired:
		return AssessmentExpired
	default:
		return AssessmentUnapproved
	}
}
