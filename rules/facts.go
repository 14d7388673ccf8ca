package rules

import (
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// Facts are what was decided of one event, and by what: all that a record, an explanation and a comparison say of it
// beside the values of its fields. Its texts are the policy's, but for Name; that and its slices hold until the
// [Judgement] is reset.
type Facts struct {
	Event int    // its number in the hit
	Name  string // as received; whoever keeps it scrubs it (see [Policy.ScrubName])
	In    int    // bytes of the hit's query and body

	// where it came, and by what it was judged
	Site     string
	Vendor   string
	Endpoint string
	Policy   string // digest
	Region   Region
	Server   bool // a server that may send as such sent the hit

	// what was decided
	Decision Decision
	Reason   Reason
	Leaves   bool // it is permitted, and so is the request that it is part of

	// what carries it; where it is denied, what was judged last: "" where nothing was
	Activity   string
	Purposes   []string
	Basis      string
	Assessment string
	Version    int // of the assessment
	Profile    string

	// by what
	Ladder     []Rung
	Signals    *signal.Signals
	Objected   []string // scopes of what was objected to, and of an opt-out that is kept there; nil where there are none
	Restricted bool     // one of them is a restriction (Art. 18)
	Decided    Lift     // by which it travels though somebody objected; the zero value where none carries it
	ConsentAt  int64    // when the consent was given that it travels on, Unix seconds; 0 where no source tells
	KeptSince  int64    // since when an opt-out by the browser's signal is kept, where it counts, Unix seconds; 0: none is
}

// Facts says what was decided of an event of a hit that was judged.
func (j *Judgement) Facts(event int) Facts {
	v := &j.Verdicts[event]
	f := j.facts()
	f.Event, f.Name, f.Region, f.Server = event, j.Hit.EventName(int32(event)), j.Region, j.FromServer
	f.Decision, f.Reason = v.Decision, v.Reason
	f.Leaves = v.Decision == Permit && j.Out.Forward
	if a := v.Activity; a != nil {
		f.Activity, f.Purposes, f.Profile = a.ID, a.PurposeIDs, a.Profile
		f.Basis, f.Assessment = a.Basis.String(), a.Assessment
		f.Version = j.Policy.assessments.Version(a.Assessment)
	}
	f.Ladder, f.Signals = j.Rungs(v), j.SignalsOf(event)
	objected := j.Objections[event]
	objected.Receipts = signal.Receipt{} // among signals
	if objected.KeptOptOut != 0 && !j.Region.KeepsGPC(j.at) {
		objected.KeptOptOut = 0
	}
	if objected != (Objections{}) {
		f.Objected, f.Restricted = j.Policy.Scopes(objected), objected.Restricted
	}
	f.KeptSince = objected.KeptOptOut
	if v.Decision == Permit {
		f.Decided, _ = objected.LiftFor(v.Activity, j.latest)
		if v.Activity.Basis == basis.Consent {
			f.ConsentAt = f.Signals.Consent(v.Activity.needs).At
		}
	}
	return f
}

// Refusal says that a hit was refused as a whole. Nothing is known of its events; where it leads nowhere, little of
// itself.
func (j *Judgement) Refusal(reason Reason) Facts {
	f := j.facts()
	f.Decision, f.Reason = Deny, reason
	return f
}

// facts are what is known of a hit before it is judged.
func (j *Judgement) facts() (f Facts) {
	f.In = len(j.Hit.Request.Query) + len(j.Hit.Request.Body)
	if j.Policy != nil {
		f.Policy = j.Policy.digest
	}
	if j.Site != nil {
		f.Site = j.Site.ID
	}
	switch {
	case j.Route != nil:
		f.Vendor, f.Endpoint = j.Route.Recipient.ID, j.Route.Endpoint.ID
	case j.Owner != nil:
		f.Vendor = j.Owner.ID
	}
	return f
}
