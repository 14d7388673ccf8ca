package rules

import (
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// Overlong is the reason why a routed hit is refused that is over a limit, and of which no more than the head may have
// been read: [OverLimit], which SDKs answer by sending less at a time; or, where the head alone shows that every rung
// denies whatever the body says, the reason of the last of them. Such a hit is only denied: sending it again in parts
// would change nothing.
func Overlong(j *Judgement, in *Inputs) Reason {
	if !j.Site.signals.InHead() {
		return OverLimit
	}
	j.Region = j.Site.Region(&j.Hit.Request)
	j.ask.Reset()
	j.ask.Declaration, j.ask.Strings, j.ask.Scratch = &j.Route.Recipient.declared, in.Strings, &j.scratch
	var said signal.Signals
	j.Site.signals.Hit(&j.Hit, &said, &j.ask, nil)
	q := asked{site: j.Site, region: j.Region, signals: &said, unavailable: untaken(in.ObjectionsUnavailable,
		in.ObjectionsStale),
		now: in.Now, endpoint: j.Route.Endpoint}
	reason := NoActivity
	for _, a := range j.Route.ladder {
		if !a.On(q.site.ID) || !a.In(q.region) {
			continue
		}
		if a.Basis != basis.Consent {
			return OverLimit
		}
		if reason = a.byConsent(&q); reason == Permitted {
			return OverLimit
		}
	}
	return reason
}
