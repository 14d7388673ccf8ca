package recompute

import (
	"fmt"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
)

// assessments is what records say became of assessments.
type assessments struct {
	approved map[version]uint64 // number of the first record that says so
	revoked  map[string][]revoked
}

// version is one of an assessment.
type version struct {
	id     string
	number int
}

// revoked is that a version, and all before it, was taken back.
type revoked struct {
	version int
	record  uint64
	at      time.Time
}

// approve notes that a version came into force.
func (w *walk) approve() {
	said := lineOf(&w.line)
	of := version{strings.Clone(said.Get("assessment").Str), int(said.Get("assessment_version").Int())}
	if _, known := w.assessments.approved[of]; !known {
		w.assessments.approved[of] = w.line.number
	}
}

// revoke notes that one was taken back.
func (w *walk) revoke() {
	said := lineOf(&w.line)
	id, number := strings.Clone(said.Get("assessment").Str), int(said.Get("assessment_version").Int())
	for _, r := range w.assessments.revoked[id] {
		if r.version >= number {
			return // it is repeated, so that it outlives the records that are deleted
		}
	}
	w.assessments.revoked[id] = append(w.assessments.revoked[id], revoked{number, w.line.number, w.line.at})
}

// underWay is how long a hit goes on by what it began with, at most.
const underWay = 2 * time.Minute

// assessed holds the assessment that an event was permitted on against what became of it. What is to be said
// of the policy is asked by the ladder.
func (w *walk) assessed(e *event, c *carrier, found *rules.Rejudged) {
	if c.basis != basis.LegitimateInterest.String() {
		return
	}
	if of := w.revocation(c, w.line.at); of != nil {
		w.found(w.of(e, AssessmentInvalid, fmt.Sprintf("%s version %d was revoked by record %d", c.assessment,
			c.version, of.record),
			of.record))
		return
	}
	if _, known := w.assessments.approved[version{c.assessment, c.version}]; !known && w.complete() {
		w.found(w.of(e, AssessmentInvalid, fmt.Sprintf("no record before it says that %s version %d was approved",
			c.assessment,
			c.version)))
		return
	}
	if why := overrun(found, e); why != "" {
		w.found(w.of(e, AssessmentInvalid, fmt.Sprintf("%s version %d was not valid then by the policy: %s",
			c.assessment, c.version,
			why)))
	}
}

// complete tells whether every record so far was read, and says all that today's do.
func (w *walk) complete() bool {
	return w.first == 0 && len(w.holes.all)+len(w.holes.damaged) == 0 && !w.earlier
}

// revocation is what had an assessment be over at a time; nil: nothing had.
func (w *walk) revocation(c *carrier, at time.Time) *revoked {
	all := w.assessments.revoked[c.assessment]
	for i := range all {
		if r := &all[i]; r.version >= c.version && at.Sub(r.at) > underWay {
			return r
		}
	}
	return nil
}

// revokedBefore holds an event that waited, and left, against what became of its
// assessment meanwhile; nil: nothing did.
func (w leaving) revokedBefore(of name, e *waiting) *Finding {
	c := e.carrier
	if !e.queued || c.basis != basis.LegitimateInterest.String() || !e.taken && w.revocation(c, e.at) != nil {
		return nil // that was said when it was decided
	}
	r := w.revocation(c, e.lookedAt)
	if r == nil {
		return nil
	}
	index := of.index
	return &Finding{
		Kind: AssessmentInvalid, Records: []uint64{e.decided, r.record, w.line.number}, Hit: of.hit, Event: &index,
		What: fmt.Sprintf("it waited, and left after %s version %d had been revoked by record %d", c.assessment,
			c.version, r.record),
	}
}

// travelled is an event that went on though somebody objected, by a decision.
type travelled struct {
	name
	record, decision uint64
	carrier          *carrier
	at               time.Time
}

// decidedOn holds events that travelled by a decision against it.
func (w closing) decidedOn() {
	for i := range w.travelled {
		t := &w.travelled[i]
		d, why := w.decisions.by[t.decision], ""
		more := []uint64{t.record}
		switch {
		case d == nil && (w.first > 0 || len(w.holes.all)+len(w.holes.damaged) > 0):
			w.report.unsaid("what decision %d said: its record is not there", t.decision)
		case d == nil:
			why = "no record says that there was such a decision"
		case d.assessment != t.carrier.assessment || d.version != t.carrier.version:
			why = fmt.Sprintf("it is about %s version %d", d.assessment, d.version)
		case t.carrier.activity != nil && !d.covers(t.carrier.purposes):
			why = "it is about other purposes"
		case !t.at.Before(d.until):
			why = "its time was over on " + d.until.UTC().Format(time.RFC3339)
		case d.ended != 0 && d.ended < t.record && t.at.Sub(d.endedAt) > underWay:
			why = fmt.Sprintf("record %d says that it had ended", d.ended)
		}
		if why == "" {
			continue
		}
		if d != nil {
			more = append(more, d.record)
		}
		index := t.index
		w.found(Finding{
			Kind: DecisionNotValid, Records: more, Hit: t.hit, Event: &index,
			What: fmt.Sprintf("it travelled by decision %d on %s: %s", t.decision, t.carrier.id, why),
		})
	}
}
