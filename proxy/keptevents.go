package proxy

import (
	"go.uber.org/zap"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// keptEvents are events that waited and are about to leave in one request, of one hit or of several. They are judged
// again from what was kept with them, by the policy, the objections, the assessments and the time of that moment: once
// before the request is put together, so that those that may not leave are left out of it (look), and once more at the
// gate (hold), where it is all of them or nothing.
type keptEvents struct {
	log  *zap.Logger
	now  func() (*Snapshot, rules.Moment) // what they are judged by; asked anew for each look
	acts func() uint64                    // the version of the objections ([objection.Store.Version]); nil: nobody knows
	hits []keptHit

	kept  rules.Kept
	of    []byte // the facts that kept was read from
	holds bool   // it may hold what was read
	names bool   // any event that was held up holds an identifier
	last  looked // by what they were looked at last
}

// gate is the send gate of the request that they leave in.
func (k *keptEvents) gate(in *inflight, of *counters) *sendGate {
	leaving := 0
	for i := range k.hits {
		leaving += len(k.hits[i].events)
	}
	return &sendGate{inflight: in, counters: of, events: k, leaving: leaving}
}

// keptHit is what was kept of a hit, and which of its events are to leave.
type keptHit struct {
	facts  []byte // as [rules.Judgement.Keep] wrote them
	events []int  // by their index in the hit
	looked looked // by what they were found to be permitted; zero: they were not
}

// looked is what events were looked at by.
type looked struct {
	snapshot *Snapshot
	moment   rules.Moment
	acts     uint64 // the version of the objections before the first one was looked up
	names    bool   // any of them holds an identifier
}

// finds tells whether whatever is looked at by the one and by the other is found alike. By nothing, nothing is found.
func (l *looked) finds(other *looked) bool {
	return l.snapshot != nil && l.snapshot == other.snapshot && l.acts == other.acts && l.names == other.names &&
		l.moment.JudgesAs(other.moment)
}

// keptVerdict is what was found of an event.
type keptVerdict struct {
	hit    int // in keptEvents.hits
	event  int // its index in the hit
	reason rules.Reason
}

// permits tells whether the event may leave.
func (v *keptVerdict) permits() bool { return v.reason == rules.Permitted }

// waits tells whether the event may neither leave nor be dropped: nobody knows by now whether it was objected to, or
// objections cannot be taken. It is asked about again.
func (v *keptVerdict) waits() bool {
	return v.reason == rules.ObjectionsUntaken || v.reason == rules.ObjectionsStale
}

// look appends what becomes of each event, in the order of hits.
func (k *keptEvents) look(found []keptVerdict) []keptVerdict {
	k.names = false
	k.each(func(v keptVerdict) bool {
		found = append(found, v)
		return true
	})
	return found
}

// hold looks at them again only where something can have changed since they were found to be permitted.
func (k *keptEvents) hold() bool {
	if k.isUnchanged() {
		return true
	}
	all := true
	k.names = false
	k.each(func(v keptVerdict) bool {
		all = v.permits()
		return all
	})
	return all && len(k.hits) > 0
}

// isUnchanged tells whether each of them was found to be permitted by what holds still: the same policy, objections
// that are the same, and a moment that judges alike. It is asked once the send has begun ([inflight.Enter]), whatever
// it said before. Where an act is acknowledged before it ends, then it began after that act was seen in the
// version, which the version asked for here tells, and, being the same, so did the one that was asked for before
// they were looked at: the look saw the act.
func (k *keptEvents) isUnchanged() bool {
	if k.acts == nil || len(k.hits) == 0 {
		return false
	}
	acts := k.acts()
	snapshot, moment := k.now()
	names := false
	for i := range k.hits {
		was := &k.hits[i].looked
		if was.snapshot == nil || was.snapshot != snapshot || was.acts != acts || !was.moment.JudgesAs(moment) {
			return false
		}
		names = names || was.names
	}
	k.names = names
	return true
}

func (k *keptEvents) named() bool { return k.names }

// each judges the events of every hit, as long as yield wants to know.
func (k *keptEvents) each(yield func(keptVerdict) bool) {
	k.last = looked{}
	if k.acts != nil {
		k.last.acts = k.acts()
	}
	snapshot, moment := k.now()
	k.last.snapshot, k.last.moment = snapshot, moment
	for i := range k.hits {
		whole := k.open(snapshot, k.hits[i].facts)
		for _, event := range k.hits[i].events {
			v := keptVerdict{i, event, whole}
			if whole == rules.Permitted {
				v.reason = k.kept.JudgeIndex(snapshot.Policy, event, moment)
			}
			if !yield(v) {
				return
			}
		}
	}
}

// forget forgets them: their bytes are about to be others.
func (k *keptEvents) forget() {
	k.hits, k.of, k.last = hit.Emptied(k.hits), nil, looked{}
	if k.holds {
		k.kept.Reset()
		k.holds = false
	}
}

// read reads what was kept of a hit, unless it did so last.
func (k *keptEvents) read(facts []byte) error {
	if len(facts) > 0 && len(k.of) == len(facts) && &k.of[0] == &facts[0] {
		return nil
	}
	k.of, k.holds = nil, true
	if err := k.kept.Read(facts); err != nil {
		return err
	}
	k.of = facts
	return nil
}

// open reads what was kept of a hit and looks objections up for it: [rules.Permitted], or why none of its events may
// leave.
func (k *keptEvents) open(snapshot *Snapshot, facts []byte) rules.Reason {
	if err := k.read(facts); err != nil {
		fault(k.log, "an event that waited cannot be judged again", err)
		return rules.FactsUnreadable
	}
	k.names = k.names || len(k.kept.Subjects) > 0
	if err := k.kept.LookUp(snapshot.objections); err != nil {
		fault(k.log, "objections cannot be looked up", err)
		return rules.ObjectionsUntaken
	}
	return rules.Permitted
}
