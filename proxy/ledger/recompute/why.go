package recompute

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/rules"
)

// Explanation is why one event was decided as it was, by what the records say and by the policy of then. Its JSON is
// fixed: members may be added, none taken away.
type Explanation struct {
	Number uint64          `json:"number"`
	Time   time.Time       `json:"time"`
	Kind   string          `json:"kind"`
	Record json.RawMessage `json:"record"`

	Decision string    `json:"decision,omitempty"` // of an event; nothing else below is said of other records
	Reason   string    `json:"reason,omitempty"`
	Activity string    `json:"activity,omitempty"`
	Basis    string    `json:"basis,omitempty"`
	Policy   string    `json:"policy,omitempty"` // digest
	Site     string    `json:"site,omitempty"`
	Vendor   string    `json:"vendor,omitempty"`
	Endpoint string    `json:"endpoint,omitempty"`
	Region   string    `json:"region,omitempty"`
	Signals  []string  `json:"signals,omitempty"` // that were there, in words
	Ladder   []Judged  `json:"ladder,omitempty"`
	Rejudged string    `json:"rejudged,omitempty"` // same, otherwise or not_rejudged
	Differs  string    `json:"differs,omitempty"`  // in what
	Why      string    `json:"why_not,omitempty"`  // it was not judged again
	Assumed  []string  `json:"assumed,omitempty"`
	Key      string    `json:"key,omitempty"` // of the activity that decided: "basis", "regions"
	Others   []Sibling `json:"others,omitempty"`
	Outcomes []Ending  `json:"outcomes,omitempty"`
	Left     []string  `json:"left,omitempty"` // fields, kept or changed

	// Where the policy says so that decided, filled in by whoever has it at hand.
	Line    string `json:"line,omitempty"`    // "policy/activities.yaml:12:5", where the policy of now is that of then
	Profile string `json:"profile,omitempty"` // likewise, of the profile by which fields leave
	Archive string `json:"archive,omitempty"` // else: the archive of the policy, and where in it

	hit   uint64
	index uint32
}

// Judged is a rung as it was recorded, and what it comes to when it is judged again.
type Judged struct {
	Activity string `json:"activity"`
	Decision string `json:"decision"`
	Reason   string `json:"reason"`
	When     string `json:"when,omitempty"`  // met or unmet, where a condition was asked
	Again    string `json:"again,omitempty"` // decision and reason; "": it was not judged again
}

// Sibling is another event of the hit.
type Sibling struct {
	Number   uint64 `json:"number"`
	Event    uint32 `json:"event"`
	Name     string `json:"name"`
	Decision string `json:"decision"`
	Reason   string `json:"reason"`
}

// Ending is a record of what became of the event.
type Ending struct {
	Number  uint64    `json:"number"`
	Time    time.Time `json:"time"`
	Outcome string    `json:"outcome"`
	Why     string    `json:"why,omitempty"`
	Status  int       `json:"status,omitempty"`
}

// ErrGone says that there is no record of a number.
var ErrGone = errors.New("no record of that number is there")

// How many records behind one are looked at: for what became of its event, and for the others of a hit of which nothing
// left.
const (
	mostBehind = 2_000_000
	mostBeside = 10_000
)

// explaining is the explanation of a record, on the way to it and behind it.
type explaining struct {
	*walk
	number uint64
	found  *Explanation // nil: it was not reached
	before []Sibling    // of the hit that was read last
	hit    uint64       // its number
}

// Explain explains the record of a number. The error is [ErrGone], or says why the folder cannot be read.
func Explain(ctx context.Context, dir string, number uint64, compile func(string) (*rules.Policy, error)) (
	*Explanation, error) {
	e := &explaining{number: number, walk: &walk{report: newReport(&Options{}), judged: newJudged(compile)}}
	begin, err := ledger.SegmentOf(dir, number)
	if err != nil {
		return nil, err
	}
	r := ledger.Read(dir, begin)
	defer func() { _ = r.Close() }()
	for behind := 0; !e.over(behind); {
		if !r.Next() {
			if !r.Skip() {
				break
			}
			continue
		}
		if e.line.number%toldEvery == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		at, _ := r.Number()
		if e.found == nil && at > number {
			break
		}
		if e.line = parseLine(at, r.Record()); at > number {
			behind++
		}
		e.judged.in(r.Segment())
		e.next(r.Record())
	}
	switch {
	case e.found != nil:
		return e.found, nil
	case r.Err() != nil:
		return nil, r.Err()
	}
	return nil, gone(dir, number)
}

// gone says that there is no record of a number, and which there are.
func gone(dir string, number uint64) error {
	all, err := ledger.Segments(dir)
	if err != nil || len(all) == 0 {
		return fmt.Errorf("%w: %d", ErrGone, number)
	}
	r, err := ledger.Last(dir, 1)
	if err != nil {
		return fmt.Errorf("%w: %d", ErrGone, number)
	}
	defer func() { _ = r.Close() }()
	last, known := uint64(0), false
	for r.Next() {
		last, known = r.Number()
	}
	switch {
	case !known:
		return fmt.Errorf("%w: %d", ErrGone, number)
	case number >= all[0].First && number < last:
		return fmt.Errorf("%w: %d (there are %d to %d, and some between them are gone)", ErrGone, number, all[0].First, last)
	}
	return fmt.Errorf("%w: %d (there are %d to %d)", ErrGone, number, all[0].First, last)
}

// over tells whether nothing more is looked for.
func (e *explaining) over(behind int) bool {
	x := e.found
	switch {
	case x == nil:
		return false
	case x.Kind != ledger.KindEvent:
		return true
	case behind < mostBeside && x.Decision != rules.Permit.String():
		return false
	}
	return behind >= mostBehind || x.Decision != rules.Permit.String() || x.ended()
}

// next goes on with the record that was read.
func (e *explaining) next(record []byte) {
	switch at := e.line.number; {
	case at == e.number:
		e.found = e.explain(record)
		if e.found.hit == e.hit {
			e.found.Others = e.before
		}
	case at > e.number:
		e.goesOn(e.found)
	default:
		if e.name(); e.line.kind != ledger.KindEvent || e.line.part > 1 {
			return
		}
		e.event.reset()
		e.event.read(&e.line)
		if e.event.hit != e.hit {
			e.hit, e.before = e.event.hit, nil
		}
		e.before = append(e.before, siblingOf(at, &e.event))
	}
}

// name notes what a record names, where it names something.
func (w *walk) name() {
	if w.line.at.After(w.latest) {
		w.latest = w.line.at
	}
	switch w.line.kind {
	case ledger.KindRungs, ledger.KindShape:
		lines := w.fact()
		switch {
		case lines == nil:
		case w.line.kind == ledger.KindRungs:
			w.judged.addRungs(lines)
		default:
			w.judged.addShape(lines)
		}
	}
}

// explain explains the record that the walk is at.
func (w *walk) explain(record []byte) *Explanation {
	x := &Explanation{Number: w.line.number, Time: w.line.at, Kind: strings.Clone(w.line.kind),
		Record: slices.Clone(record)}
	if x.Kind != ledger.KindEvent {
		return x
	}
	e := &w.event
	e.reset()
	kept := w.line
	kept.text = strings.Clone(w.line.text)
	e.read(&kept)
	r := w.judged.of(e)
	x.hit, x.index = e.hit, e.index
	x.Decision, x.Reason, x.Activity, x.Basis = e.Decision, e.Reason, e.Activity, e.Basis
	x.Policy, x.Site, x.Vendor, x.Endpoint, x.Region = r.digest, e.site, e.vendor, r.of.Endpoint, r.of.Region
	for i := range r.of.Signals {
		x.Signals = append(x.Signals, inWords(&r.of.Signals[i]))
	}
	if s := w.judged.shapes[e.shape]; s != nil {
		x.Left = s.leaves
	}
	for i := range r.of.Ladder {
		rung := &r.of.Ladder[i]
		x.Ladder = append(x.Ladder, Judged{
			Activity: rung.Activity, Decision: rung.Decision, Reason: rung.Reason,
			When: [...]string{"", "met", "unmet"}[rung.When],
		})
	}
	if len(x.Ladder) > 0 {
		x.Key = keyOf(e.Reason)
	}
	x.again(w, e, r)
	return x
}

// again judges the event again, rung by rung.
func (x *Explanation) again(w *walk, e *event, r *rungs) {
	x.Rejudged, x.Why = "not_rejudged", r.why
	if r.again == nil {
		return
	}
	e.At, e.Latest, e.Unnamed = w.line.at, w.latest, len(e.subjects) == 0
	found, err := r.again.Judge(&e.RecordedEvent)
	if err != nil {
		x.Why = err.Error()
		return
	}
	x.Rejudged, x.Differs, x.Assumed = "same", found.Differs, found.Assumed.Says()
	if found.Differs != "" {
		x.Rejudged = "otherwise"
	}
	for i := range found.Ladder {
		rung := &found.Ladder[i]
		said := rung.Decision.String() + " " + rung.Reason.String()
		at := slices.IndexFunc(x.Ladder, func(j Judged) bool { return j.Activity == rung.Activity.ID })
		if at < 0 {
			x.Ladder = append(x.Ladder, Judged{Activity: rung.Activity.ID, Again: said})
			continue
		}
		x.Ladder[at].Again = said
	}
}

// inWords is what a signal said.
func inWords(s *rules.RecordedSignal) string {
	var all []string
	for _, of := range []struct {
		what  string
		names []string
	}{{"grants", s.Granted}, {"refuses", s.Declined}, {"is unclear on", s.Unclear}, {"objects to", s.Objected},
		{"opts out of", s.OptedOut}} {
		if len(of.names) > 0 {
			all = append(all, of.what+" "+strings.Join(of.names, ", "))
		}
	}
	if len(all) == 0 {
		all = []string{s.State}
	}
	return s.Source + ": " + strings.Join(all, "; ")
}

// keys are the keys of an activity that decide, by the reason that an event's ladder came to.
var keys = map[string]string{
	"permitted": "basis", "no_consent": "basis", "consent_refused": "basis", "consent_expired": "consent_max_age",
	"condition_failed": "when", "condition_unmet": "when", "other_site": "sites", "other_region": "regions",
	"other_event":  "events",
	"other_sender": "source", "no_legal_reference": "reference", "required_dropped": "profile", "opaque_stream": "profile",
	"objection": "purposes", "gpc": "purposes", "dnt": "purposes", "opted_out": "purposes", "before_choice": "purposes",
}

func keyOf(reason string) string {
	if strings.HasPrefix(reason, "assessment_") {
		return "assessment"
	}
	if strings.HasPrefix(reason, "tcf_") {
		return "purposes"
	}
	return keys[reason]
}

func siblingOf(number uint64, e *event) Sibling {
	return Sibling{
		Number: number, Event: e.index, Name: strings.Clone(e.Name), Decision: strings.Clone(e.Decision),
		Reason: strings.Clone(e.Reason),
	}
}

// goesOn adds what a record behind the one that is explained says of its event, or of its hit.
func (w *walk) goesOn(x *Explanation) {
	switch w.line.kind {
	case ledger.KindEvent:
		if w.event.reset(); w.line.part > 1 {
			return
		}
		w.event.read(&w.line)
		if w.event.hit == x.hit && x.hit != 0 {
			x.Others = append(x.Others, siblingOf(w.line.number, &w.event))
		}
	case ledger.KindOutcome:
		o := &w.said
		o.read(&w.line)
		if slices.Contains(o.of, name{x.hit, x.index}) {
			x.Outcomes = append(x.Outcomes, Ending{
				Number: w.line.number, Time: w.line.at, Outcome: strings.Clone(o.what), Why: strings.Clone(o.why), Status: o.status,
			})
		}
	}
}

// ended tells whether it is said how the event ended.
func (x *Explanation) ended() bool {
	return slices.ContainsFunc(x.Outcomes, func(e Ending) bool { return ledger.Ends(e.Outcome) })
}
