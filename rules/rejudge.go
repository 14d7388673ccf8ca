package rules

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// RecordedRungs is by what events were judged, and how, as a record of the ledger says it.
type RecordedRungs struct {
	Site, Vendor, Endpoint string
	Region                 string
	Server                 bool
	Ladder                 []RecordedRung // as far as it was climbed, from the top
	Signals                []RecordedSignal
}

// RecordedRung is an activity, and what was decided of an event by it.
type RecordedRung struct {
	Activity string
	When     When
	Decision string
	Reason   string
}

// RecordedEvent is what the record of an event says of it.
type RecordedEvent struct {
	Name       string // scrubbed
	Decision   string
	Reason     string
	Activity   string
	Basis      string
	Assessment string
	Version    int
	ConsentAt  int64   // Unix seconds; 0: not known
	Dates      []int64 // of what each signal says, where one has another; nil: ConsentAt
	Objected   []string
	Decided    uint64 // number of the decision that it travels by; 0: none
	KeptSince  int64
	Unnamed    bool // it holds no subject
	At         time.Time
	Latest     time.Time // that was known by then
}

// Assumed is what a record does not hold, and is taken as it was found then. Several are added up.
type Assumed uint8

// What is assumed.
const (
	AssumedCondition Assumed = 1 << iota // whether a condition (`when`) was met
	// whether the event was from before an act that would permit it, or was denied before
	AssumedChoice
	AssumedName     // that a name which the ledger has scrubbed is of an activity's events, or is not
	AssumedUntaken  // that objections could not be taken then, or not all of them be known
	AssumedDecision // that a decision lifted an objection then
	AssumedNobody   // that a hit of an opaque stream named nobody, where its record holds no subject
	assumptions
)

// Says are assumptions in words, each a line.
func (a Assumed) Says() (all []string) {
	words := map[Assumed]string{
		AssumedCondition: "whether conditions (when) were met: what they ask of an event is not recorded",
		AssumedChoice: "whether an event was from before the choice that permits it, or had been denied before: its own " +
			"time is not recorded",
		AssumedName: "whether a scrubbed name is one that an activity names: names are recorded scrubbed",
		AssumedUntaken: "that objections could not be taken, or that not all of them were known, where a rung was denied " +
			"for that",
		AssumedDecision: "that a person's decision lifted an objection, where a rung shows that one did",
		AssumedNobody:   "that a stream which cannot be minimised named nobody, where its record holds no subject",
	}
	for one := AssumedCondition; one < assumptions; one <<= 1 {
		if a&one != 0 {
			all = append(all, words[one])
		}
	}
	return all
}

// Rejudged is what an event's ladder comes to when it is judged again by what is recorded. Ladder holds until the next
// event is.
type Rejudged struct {
	Decision Decision
	Reason   Reason
	Activity *Activity // nil: none was judged
	Ladder   []Rung
	Differs  string // from what is recorded; "": it is the same
	Assumed  Assumed
	Refused  bool // it travels though a category of it was refused, as its activity says (after_refusal)
}

// Why nothing can be judged again.
var (
	ErrNoLadder = errors.New("it was refused before a ladder was climbed")
	ErrUnknown  = errors.New("the policy does not know what the record names")
)

// Rejudge judges events again by the facts that records hold of them, with the ladder's own functions.
// It is used by one goroutine at a time.
type Rejudge struct {
	policy   *Policy
	site     *Site
	route    *Route
	region   Region
	server   bool
	signals  signal.Signals
	sources  []dated
	recorded []RecordedRung // by the place of a rung in the route's ladder; without an activity: it was not judged
	count    int            // how many were
	given    given
	climbing decideState
}

// timeApart is how much before the record of an event it may have been judged: the hit's body took that long to come,
// or the disk. What stands between the two moments, such as the end of a day, is no difference.
const timeApart = 10 * time.Minute

// NewRejudge makes ready to judge events again that name such rungs, under their policy. The error is
// [ErrUnknown], with what is not known.
func NewRejudge(p *Policy, of *RecordedRungs) (*Rejudge, error) {
	r := &Rejudge{policy: p, server: of.Server}
	if r.site, r.route = routeOf(p, of.Site, of.Vendor, of.Endpoint); r.route == nil {
		return nil, fmt.Errorf("%w: endpoint %s of %s on site %s", ErrUnknown, of.Endpoint, of.Vendor, of.Site)
	}
	if of.Region != "" {
		var err error
		if r.region, err = ParseRegion(of.Region); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrUnknown, err)
		}
	}
	var err error
	if r.sources, err = r.signalsOf(of.Signals); err != nil {
		return nil, err
	}
	r.recorded, r.count = make([]RecordedRung, len(r.route.ladder)), len(of.Ladder)
	for _, rung := range of.Ladder {
		at := r.route.rung(rung.Activity)
		if at < 0 {
			return nil, fmt.Errorf("%w: activity %s of %s", ErrUnknown, rung.Activity, of.Vendor)
		}
		r.recorded[at] = rung
	}
	r.given = given{of: r, scrubbed: map[*Activity]scrubbedEvents{}}
	return r, nil
}

// Region is where the visitor was.
func (r *Rejudge) Region() Region { return r.region }

// Activity is that of a name in the ladder; nil: there is none.
func (r *Rejudge) Activity(id string) *Activity {
	if at := r.route.rung(id); at >= 0 {
		return r.route.ladder[at]
	}
	return nil
}

// Judge judges an event again. The error is [ErrNoLadder], or [ErrUnknown] with what is not known.
func (r *Rejudge) Judge(e *RecordedEvent) (Rejudged, error) {
	if e.Decision != Permit.String() && r.count == 0 && e.Reason != NoActivity.String() {
		return Rejudged{}, ErrNoLadder
	}
	objected, err := r.objections(e)
	if err != nil {
		return Rejudged{}, err
	}
	for i := range r.sources {
		at := e.ConsentAt
		if i < len(e.Dates) {
			at = e.Dates[i]
		}
		r.sources[i].set(at)
	}
	r.given.assumed = 0
	found := r.judge(e, objected, e.At, e.Latest)
	if found.Differs != "" {
		before := e.At.Add(-timeApart)
		if second := r.judge(e, objected, before, before); second.Differs == "" {
			return second, nil
		}
		return r.judge(e, objected, e.At, e.Latest), nil
	}
	return found, nil
}

// judge judges it at a time.
func (r *Rejudge) judge(e *RecordedEvent, objected Objections, now, latest time.Time) Rejudged {
	q := asked{
		site: r.site, region: r.region, name: e.Name, signals: &r.signals, objections: objected, server: r.server,
		unavailable: r.untaken(), now: now, latest: now, endpoint: r.route.Endpoint, given: &r.given,
		nobody: r.route.Endpoint.Kind == catalog.Opaque && e.Unnamed,
	}
	if latest.After(now) {
		q.latest = latest
	}
	if q.nobody {
		r.given.assumed |= AssumedNobody
	}
	r.climbing.rungs = r.climbing.rungs[:0]
	v := r.climbing.climb(r.policy, r.route.ladder, &q)
	found := Rejudged{Decision: v.Decision, Reason: v.Reason, Activity: v.Activity, Ladder: r.climbing.rungs}
	found.Differs, found.Assumed = r.differs(e, &found), r.given.assumed
	found.Refused = v.Decision == Permit && v.Activity.afterRefusal && r.signals.Declines(v.Activity.categories)
	return found
}

// untaken says why nothing travelled then that one may object to.
func (r *Rejudge) untaken() Reason {
	for _, why := range [...]Reason{ObjectionsUntaken, ObjectionsStale} {
		if slices.ContainsFunc(r.recorded, func(of RecordedRung) bool { return of.Reason == why.String() }) {
			r.given.assumed |= AssumedUntaken
			return why
		}
	}
	return 0
}

// objections are those that applied.
func (r *Rejudge) objections(e *RecordedEvent) (all Objections, err error) {
	for _, scope := range e.Objected {
		if scope == KeptOptOutScope {
			continue
		}
		of, known := r.policy.Objection(scope)
		if !known {
			return all, fmt.Errorf("%w: scope %s", ErrUnknown, scope)
		}
		all.Merge(of)
	}
	all.KeptOptOut = e.KeptSince
	var lifts []Lift
	for i, a := range r.route.ladder {
		if a.grounded && all.touches(a) && r.wasLifted(&r.recorded[i], e) {
			lifts = append(lifts, Lift{
				Number: e.Decided, Assessment: a.Assessment, Version: a.version, Purposes: a.purposes, Until: 1<<62 - 1,
			})
		}
	}
	all.Lifts = LiftsOf(lifts...)
	return all, nil
}

// wasLifted tells whether a rung shows that a decision lifted what touches it: it permitted by one, or was denied
// for what is asked behind an objection.
func (r *Rejudge) wasLifted(rung *RecordedRung, e *RecordedEvent) bool {
	switch rung.Reason {
	case Permitted.String():
		return rung.Activity == e.Activity && e.Decided != 0
	case ConsentRefused.String(), ObjectionsUntaken.String(), ObjectionsStale.String(), TCFPurposeLI.String(),
		TCFVendorLI.String(),
		TCFRestriction.String(), RequiredDropped.String(), BeforeChoice.String():
		r.given.assumed |= AssumedDecision
		return true
	default:
		return false
	}
}

// differs says in what a verdict is another than the recorded one; "": in nothing.
func (r *Rejudge) differs(e *RecordedEvent, found *Rejudged) string {
	for i := range found.Ladder {
		is, was := &found.Ladder[i], &r.recorded[i]
		switch {
		case was.Activity == "":
			return fmt.Sprintf("the record ends before %s, which comes to %s", is.Activity.ID, is.Reason)
		case is.Decision.String() != was.Decision || is.Reason.String() != was.Reason:
			return fmt.Sprintf("%s comes to %s %s, and is recorded as %s %s", is.Activity.ID, is.Decision, is.Reason,
				was.Decision, was.Reason)
		case is.When != was.When:
			return fmt.Sprintf("the condition of %s was asked otherwise than is recorded", is.Activity.ID)
		}
	}
	switch a := found.Activity; {
	case len(found.Ladder) != r.count:
		return fmt.Sprintf("the ladder ends with %s, and the record goes on", found.Reason)
	case found.Decision.String() != e.Decision || found.Reason.String() != e.Reason:
		return fmt.Sprintf("it comes to %s %s, and is recorded as %s %s", found.Decision, found.Reason, e.Decision, e.Reason)
	case a == nil && e.Activity != "" || a != nil && a.ID != e.Activity:
		return "another activity is judged last than is recorded: " + e.Activity
	case a != nil && a.Basis.String() != e.Basis:
		return fmt.Sprintf("%s rests on %s, and is recorded on %s", a.ID, a.Basis, e.Basis)
	case a != nil && (a.Assessment != e.Assessment || r.policy.assessments.Version(a.Assessment) != e.Version):
		return fmt.Sprintf("%s rests on %s version %d, and is recorded on %s version %d", a.ID, a.Assessment,
			r.policy.assessments.Version(a.Assessment), e.Assessment, e.Version)
	}
	return ""
}

// Outside lists which fields of an event that travelled on an activity, by their names in its shape, leave or were
// changed though its profile drops them, and nothing that a vendor is told stands in them. Nil for an activity that is
// none of the ladder's.
func (r *Rejudge) Outside(activity string, fields []string) (all []string) {
	at := r.route.rung(activity)
	if at < 0 {
		return nil
	}
	for _, name := range fields {
		if !r.mayLeave(at, name) {
			all = append(all, name)
		}
	}
	return all
}

// mayLeave tells whether a rung's profile keeps anything of a field, or something is put into it.
func (r *Rejudge) mayLeave(rung int, name string) bool {
	plan, fields := r.route.ladder[rung].plan, r.route.Recipient.Catalog.Fields
	for i := range fields {
		if fields[i].Path != name {
			continue
		}
		field := int32(i)
		if plan.byField[i] != nil || plan.setOf[i] >= 0 || fields[i].Signal != "" || r.route.Endpoint.CarryField == field ||
			slices.ContainsFunc(r.route.told[rung].says, func(s statement) bool { return s.field == field }) {
			return true
		}
	}
	return false
}
