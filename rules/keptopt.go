package rules

import (
	"time"

	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// An opt-out by the browser's signal (Global Privacy Control) is kept for who sent it, where the law of the region says
// that it counts for the browser, its profiles and the consumer ([Region.KeepsGPC]). From then on it denies what the
// signal itself would, whether or not a hit carries it: activities on opt_out, and, of what is sold, shared or used for
// targeted advertising, those on consent, unless that was given later.

// KeptOptOutScope is how an opt-out that is kept is named beside the scopes of objections. No purpose has that id.
const KeptOptOutScope = "kept_opt_out"

// keptFrom tells whether an opt-out that is kept covers the activity, for the region and the time of an event.
func (a *Activity) keptFrom(q *asked) bool {
	return a.coversKept(q.objections.KeptOptOut, q.region, q.now)
}

// isOlderThanOptOut tells whether a consent of that time (0: not known) is not younger than an opt-out by the browser's
// signal, where such an opt-out is kept. One that is not kept yet is of now: the first hit with the signal is denied as
// those after it are.
func (a *Activity) isOlderThanOptOut(q *asked, consent int64) bool {
	since := q.objections.KeptOptOut
	if since == 0 && q.signals.GPC != signal.Absent {
		return a.coversKept(q.now.Unix(), q.region, q.now)
	}
	return a.coversKept(since, q.region, q.now) && consent <= since
}

// coversKept tells whether an opt-out that is kept since then covers the activity. One that is not younger than it does
// not lift it: for a consent that is to be asked as well.
func (a *Activity) coversKept(since int64, region Region, now time.Time) bool {
	if since == 0 {
		return false
	}
	switch a.Basis {
	case basis.OptOut:
		return (a.us != 0 || a.gpcObjects) && region.KeepsGPC(now)
	case basis.Consent:
		return a.us != 0 && region.KeepsGPC(now)
	default:
		return false
	}
}

// EndedByKept tells whether an opt-out that is kept since a time (Unix seconds) ends the activity, in a region and at a
// time, in the face of a consent of another time; 0: nobody knows of when that is.
func (a *Activity) EndedByKept(since int64, region Region, at time.Time, consent int64) bool {
	return a.coversKept(since, region, at) && (a.Basis != basis.Consent || consent <= since)
}

// keptDenies tells whether an opt-out that is kept by now denies an event that was permitted.
func (j *Judgement) keptDenies(event int, o Objections) bool {
	a := j.Verdicts[event].Activity
	if !a.coversKept(o.KeptOptOut, j.Region, j.at) {
		return false
	}
	return a.Basis != basis.Consent || j.SignalsOf(event).Consent(a.needs).At <= o.KeptOptOut
}

// AskedObjection is what a scope stands for in a [Question]: as [Policy.Objection] reads it, and, by [KeptOptOutScope],
// an opt-out that is kept since the time of the hit.
func (p *Policy) AskedObjection(scope string, at time.Time) (Objections, bool) {
	if scope == KeptOptOutScope {
		return Objections{KeptOptOut: at.Unix()}, true
	}
	return p.Objection(scope)
}
