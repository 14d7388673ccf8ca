package rules

import "time"

// clockSkew is how far apart the clocks of whoever dates an event and of whoever dates an act may be: an event is from
// before an act only where it was so much earlier.
const clockSkew = 5 * time.Minute

// Denials remembers events that were denied, so that one that is sent again after a yes is known to be from before it,
// though nothing tells when it was. It is asked from many goroutines at once, and must not block.
type Denials interface {
	// Sum is a keyed hash of a text, for as long as the process lives.
	Sum(text []byte) uint64
	// Denied tells whether the event of that sum was denied for lack of a yes, lately.
	Denied(sum uint64, now time.Time) bool
}

// isBefore tells whether the event is from before the act that would permit it: the yes of a source, or the day when an
// objection was taken back. A yes covers what comes after it. That holds wherever one may refuse, on legitimate
// interest too: what happened before a yes may have been refused, and whether it was is not known any more.
func (a *Activity) isBefore(q *asked) bool {
	if !a.directMarketing && !a.Basis.OpenToObjection() {
		return false
	}
	if q.given != nil {
		return q.given.isBefore(a)
	}
	if q.stamps.wasDenied() {
		return true
	}
	if back := &q.objections.TakenBack; back.At != 0 && back.touches(a) && a.heeds() &&
		q.stamps.isBefore(back.At*1000, false) {
		return true
	}
	if q.objections.touches(a) {
		d := q.objections.lift(a, q.until())
		if d != nil && d.Since != 0 && q.stamps.isBefore(d.Since*1000, false) {
			return true // it was restricted then
		}
	}
	at := q.signals.Acted(a.categories, a.tcf)
	return at != 0 && q.stamps.isBefore(at*1000, true)
}

// lacksYes tells whether a reason says that the visitor did not allow something: a later yes does not reach back to it.
// What was denied for another one may be sent again.
func (r Reason) lacksYes() bool {
	switch r {
	case NoConsent, ConsentRefused, ConsentExpired, BeforeChoice, TCFVendor, TCFRestriction, TCFPurposeLI, TCFVendorLI,
		Objection, GPC, DNT, OptedOut:
		return true
	default:
		return false
	}
}

// DeniedSums yields an event that was denied, and that a yes was lacking for on any rung, as d is to remember it: by
// each of its ids, and by these with whom it is about. It yields nothing of another event, nor of one without an id.
func (j *Judgement) DeniedSums(event int, d Denials, yield func(sum uint64) bool) {
	v := &j.Verdicts[event]
	if v.Decision == Permit || len(j.Hit.Stamps) == 0 {
		return
	}
	rungs := j.Rungs(v)
	for i := range rungs {
		if rungs[i].Decision == Deny && rungs[i].Reason.lacksYes() {
			of := stamps{hit: &j.Hit, event: int32(event), vendor: j.Route.Recipient.ID}
			of.sums(d, func(sum uint64) bool { return yield(sum) && yield(sum+of.whose(d)) })
			return
		}
	}
}
