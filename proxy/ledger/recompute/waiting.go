package recompute

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/rules"
)

// name is an event's.
type name struct {
	hit   uint64
	index uint32
}

// waiting is an event that may leave, until it is said how it ended.
type waiting struct {
	decided  uint64 // number of its record
	look     uint64 // it was asked who objected after the record of that number, before it left
	lookedAt time.Time
	at       time.Time // when it was decided
	last     time.Time // when a record said something of it
	run      int       // of the server, in which it was decided
	carrier  *carrier
	consent  int64
	subjects []hash
	by       uint64 // number of the decision that it travels by
	queued   bool
	taken    bool // another node decided it
	counted  bool // it is in the time that is asked about
}

// permit notes an event that may leave.
func (w *walk) permit(e *event, c *carrier) {
	of := name{e.hit, e.index}
	if e.recovered && w.waits[of] != nil {
		return // it was not lost after all
	}
	w.waits[of] = &waiting{
		decided: w.line.number, look: w.line.number, lookedAt: w.line.at, at: w.line.at, last: w.line.at, run: w.run,
		carrier: c, consent: e.ConsentAt, subjects: slices.Clone(e.subjects), by: e.Decided, queued: e.queued, taken: e.taken,
		counted: w.counts(),
	}
	if e.Decided != 0 && w.counts() {
		w.report.Exceptions.ByDecision++
		w.travelled = append(w.travelled, travelled{of, w.line.number, e.Decided, c, w.line.at})
	}
}

// outcome goes on with what became of events.
func (w *walk) outcome() {
	o := &w.said
	o.read(&w.line)
	for index := uint32(0); o.whole > 0 && index < mostEvents && len(o.of) < o.whole; index++ {
		if of := (name{o.hit, index}); w.waits[of] != nil {
			o.of = append(o.of, of)
		}
	}
	for _, of := range o.of {
		e := w.waits[of]
		if e == nil {
			if o.why != "damaged" { // its decision may be lost as well
				w.unmatch(unmatched{name: of, number: w.line.number, ends: o.ends(), left: o.left(), unsaid: !w.counts()})
			}
			continue
		}
		if o.left() {
			leaving{w}.hold(of, e)
		}
		if e.counted {
			w.report.Outcomes.add(o, &w.words)
		}
		if o.ends() {
			delete(w.waits, of)
			continue
		}
		e.look, e.lookedAt, e.last = w.line.number, w.line.at, w.line.at
	}
}

// attempt goes on with an attempt that is about to begin: whoever objected is asked for once more behind it.
func (w *walk) attempt() {
	for _, of := range exchanged(nil, lineOf(&w.line).Get("of")) {
		e := w.waits[of]
		if e == nil {
			w.unmatch(unmatched{name: of, number: w.line.number, attempt: true, unsaid: !w.counts()})
			continue
		}
		e.look, e.lookedAt, e.last = w.line.number, w.line.at, w.line.at
	}
}

// leaving is an event that left, held against what stood then.
type leaving struct{ *walk }

// hold holds an event whose bytes left against what its visitor objected to: what stood in a record
// before the last time that anybody asked.
func (w leaving) hold(of name, e *waiting) {
	if !e.counted && !w.counts() {
		return
	}
	w.report.Suppression.Left++
	subject, broken, flying := w.broken(e)
	if broken != nil {
		w.suspect(of, e, subject, broken)
		return
	}
	if flying {
		w.report.Suppression.InFlight++
	}
	if f := w.revokedBefore(of, e); f != nil {
		w.found(*f)
	}
}

// broken finds what stood for one of an event's subjects in a record before the last time that anybody asked, and
// forbids it; nil: nothing did. Flying says that something of the kind came later.
func (w leaving) broken(e *waiting) (subject hash, first *entry, flying bool) {
	for _, subject = range e.subjects {
		look := func(one *entry) {
			switch {
			case !w.forbids(e, subject, one):
			case one.since >= e.look:
				flying = true
			case first == nil || one.since < first.since:
				first = one
			}
		}
		w.objected.each(subject, look)
		for i := range w.objected.past[subject] {
			if p := &w.objected.past[subject][i]; p.until > e.look && p.untilAt.Sub(e.lookedAt) > recordedApart {
				look(&p.entry)
			}
		}
		if first != nil {
			return subject, first, flying
		}
	}
	return subject, nil, flying
}

// forbids tells whether what stands for a subject has an event not leave.
func (w leaving) forbids(e *waiting, subject hash, one *entry) bool {
	scope, c := w.objected.scopes.all[one.scope], e.carrier
	if scope == rules.KeptOptOutScope {
		return w.optedOut(e, one)
	}
	if !c.endedBy(one.scope, scope) || e.queued && !c.open {
		return false // what is direct marketing is asked of the policy of the moment
	}
	_, restricted := strings.CutPrefix(scope, restriction)
	if w.decisions.lifts(subject, c, restricted, e) {
		return false
	}
	lead, follows := w.objected.lead(one)
	return !follows || !w.decisions.lifts(lead, c, restricted, e)
}

// keptApart is how much earlier than its record an opt-out may have been kept: it waits in a list, and for its group.
const keptApart = time.Hour

// optedOut tells whether an opt-out that is kept ends an event, whichever moment of those it can have been is meant.
func (w leaving) optedOut(e *waiting, one *entry) bool {
	a := e.carrier.activity
	if a == nil {
		return false
	}
	since := int64(one.at)
	if e.consent != 0 {
		since -= int64(keptApart / time.Second)
	}
	return a.EndedByKept(since, e.carrier.region, e.at, e.consent) && a.EndedByKept(since, e.carrier.region,
		w.line.at, e.consent)
}

// endedBy tells whether an objection to a scope ends what the activity carries. Where the policy is not
// known, it is what holds whatever that says.
func (c *carrier) endedBy(number uint32, scope string) bool {
	ends, known := c.ends[number]
	if known {
		return ends
	}
	scope = strings.TrimPrefix(scope, restriction)
	switch {
	case c.activity != nil:
		of, exists := c.policy.Objection(scope)
		ends = exists && of.Ends(c.activity, time.Time{})
	default:
		ends = c.open && (scope == "all" || scope == "vendor:"+c.vendor)
	}
	c.ends[number] = ends
	return ends
}

// unmatched is a record about an event that does not wait.
type unmatched struct {
	name
	number  uint64
	ends    bool
	left    bool
	attempt bool // it says that the event is about to leave, and of no outcome
	unsaid  bool // it is of another time than is asked about
}

// mostUnmatched is how many such records are looked at.
const mostUnmatched = 1_000_000

// unmatch notes such a record.
func (w *walk) unmatch(u unmatched) {
	if len(w.unmatched) == mostUnmatched {
		w.report.unsaid("more than %d records are about events that did not wait: the first of them were looked at",
			mostUnmatched)
		return
	}
	w.unmatched = append(w.unmatched, u)
}

// slack is how long after its last record an event of a server that goes on may be without an outcome.
const slack = 10 * time.Minute

// unended finds events of which nobody said how they ended, and which cannot wait any more.
func (w closing) unended() {
	names := slices.SortedFunc(maps.Keys(w.waits), func(a, b name) int {
		return cmp.Or(cmp.Compare(w.waits[a].decided, w.waits[b].decided), cmp.Compare(a.index, b.index))
	})
	before := map[name]bool{} // those that ended before they were decided, which is said of that record
	for i := range w.unmatched {
		before[w.unmatched[i].name] = w.unmatched[i].ends || before[w.unmatched[i].name]
	}
	for _, of := range names {
		e := w.waits[of]
		age := w.line.at.Sub(e.last)
		switch {
		case !e.counted, before[of]:
		case !e.queued && e.run != w.run:
			w.report.Outcomes.Unsaid++ // its server ended before it could say so
		case e.queued && (w.opts.Waits == 0 || age <= w.opts.Waits+slack), !e.queued && age <= slack:
			w.report.Outcomes.Pending++
		default:
			w.report.Outcomes.Lost++
			index := of.index
			w.found(Finding{
				Kind: WithoutOutcome, Records: []uint64{e.decided}, Hit: of.hit, Event: &index,
				What: fmt.Sprintf("no record says what became of it on its way to %s, for %s", e.carrier.vendor,
					age.Round(time.Minute)),
			})
		}
	}
}

// Outcomes is what became of events that might leave.
type Outcomes struct {
	Delivered uint64            `json:"delivered"`
	Dropped   uint64            `json:"dropped"`
	Unknown   uint64            `json:"unknown"`
	Over      uint64            `json:"handed_over,omitempty"` // to the nodes of the cluster, in whose logs it goes on
	Pending   uint64            `json:"pending"`
	Unsaid    uint64            `json:"unsaid"` // their server ended before it could say so
	Lost      uint64            `json:"lost"`   // of which a record is missing
	Why       map[string]uint64 `json:"dropped_why"`
}

func (all *Outcomes) add(o *outcome, words *texts) {
	switch o.what {
	case ledger.Delivered:
		all.Delivered++
	case ledger.Dropped:
		all.Dropped++
		all.Why[words.lasting(o.why)]++
	case ledger.Unknown:
		all.Unknown++
	case ledger.HandedOver:
		all.Over++
	}
}
