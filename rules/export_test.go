package rules

import (
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/contact"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// AssembleEvent puts together anew what leaves of an event, to hold what EventBytes finds against.
func (j *Judgement) AssembleEvent(event int) []byte {
	return j.assembler.Again(nil, &j.Hit, j.Hit.Events[event].Root)
}

// JudgeKeeping judges a hit and keeps every leaf of it but those that drop names, whatever the policy says, and tells
// the vendor nothing: what would leave if minimising were gone.
func (j *Judgement) JudgeKeeping(in *Inputs, drop func(node int32) bool) Reason {
	route := *j.Route
	route.tells, j.Route = false, &route
	if reason := j.run(judgeStages[:2], in); reason != Unjudged {
		return reason
	}
	for i := range j.Hit.Nodes {
		if n := &j.Hit.Nodes[i]; !n.Made {
			n.Fate, n.Edit = hit.Keep, hit.Span{}
		}
	}
	for i := range j.Hit.Nodes {
		if drop(int32(i)) {
			j.Hit.Nodes[i].Fate = hit.Drop
		}
	}
	return j.run(judgeStages[2:], in)
}

// Invalid is the reason of a denial for what is wrong with an assessment.
var Invalid = invalid

// Asked is what an activity is judged by for one event.
type Asked struct {
	Region      Region
	Signals     *signal.Signals
	Objections  Objections
	Unavailable bool
	Now         time.Time
	Kind        catalog.Kind
}

// Permits tells whether the activity's basis carries an event.
func (p *Policy) Permits(a *Activity, q *Asked) Reason {
	return a.permits(p, &asked{
		region: q.Region, signals: q.Signals, objections: q.Objections, unavailable: untaken(q.Unavailable, false),
		now:      q.Now,
		endpoint: &catalog.Endpoint{Kind: q.Kind},
	})
}

// Why an activity may not rest on consent, or on legitimate interest, by a TC string.
var (
	ByTCF         = byTCF
	InterestByTCF = interestByTCF
)

// SubjectsIn are the hashes that objections are looked up by for what the nth field of the vendor file of a recipient
// holds, as an identifier of a class; of the newest form alone, in a site whose phone numbers are a country's, "" for
// none.
func (p *Policy) SubjectsIn(k *Keys, recipient string, field int, class hit.Class, country,
	text string) (all [][16]byte) {
	f := idVariants{events: 1}
	if of, ok := contact.FindCountry(country); ok {
		f.country = &of
	}
	for _, r := range p.recipients {
		if r.ID == recipient {
			f.add(0, class, r.idField(int32(field)), []byte(text))
		}
	}
	for _, of := range f.all {
		all = append(all, pseudonym.SubjectHash(k.subject, of.space, f.text[of.from:of.to]))
	}
	return all
}

// JudgeOn judges an event of a hit that was judged, on one activity alone, at another moment and with other objections:
// what judging it again has to find.
func (j *Judgement) JudgeOn(event int, a *Activity, o Objections, at Moment) Reason {
	o.Declare(j.declared.objections, j.declared.told)
	q := j.asks(&j.readState, event, o, &Inputs{
		Now: at.Now, Latest: at.Latest, ObjectionsUnavailable: at.ObjectionsUnavailable, ObjectionsStale: at.ObjectionsStale,
	})
	q.stamps.now = j.at
	v := j.climb(j.Policy, []*Activity{a}, &q)
	if v.Decision == Permit {
		return Permitted
	}
	return v.Reason
}

// SamePlan tells whether what was kept of an event is of the same plan under a policy.
func (k *Kept) SamePlan(p *Policy, event int) bool {
	_, route := routeOf(p, k.site, k.vendor, k.endpoint)
	if route == nil {
		return false
	}
	rung := route.rung(k.Events[event].Activity)
	return rung >= 0 && route.digests[rung] == k.Events[event].digest
}

// Said is all that was read of facts, in words.
func (k *Kept) Said() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s %s %s %q server %t nobody %t objects %q told %d\n",
		k.received.UTC().Format(time.RFC3339Nano),
		k.site, k.vendor, k.endpoint, k.region, k.server, k.nobody, k.scopes, k.told)
	for _, s := range k.Subjects {
		fmt.Fprintf(&text, "subject of %d, kind %d, %x\n", s.Visitor, s.Kind, s.Hash)
	}
	for i := range k.Events {
		e := &k.Events[i]
		fmt.Fprintf(&text, "event %d of %d: %q on %s %x, own %d, sent %d, signals %x\n", e.Index, e.Visitor, e.Name,
			e.Activity, e.digest, e.own, e.sent, e.signals)
	}
	return text.String()
}

// Digest is that of the plan that an event was shaped by.
func (k *Kept) Digest(event int) []byte { return k.Events[event].digest[:] }

// PlanDigests are the digests of every rung of every route, by vendor, and by endpoint and activity.
func (p *Policy) PlanDigests() map[string]map[string]string {
	all := map[string]map[string]string{}
	for _, s := range p.ids {
		for _, r := range s.all {
			of := all[r.Recipient.ID]
			if of == nil {
				of = map[string]string{}
				all[r.Recipient.ID] = of
			}
			for i, a := range r.ladder {
				of[r.Endpoint.ID+" "+a.ID] = hex.EncodeToString(r.digests[i][:])
			}
		}
	}
	return all
}
