package recompute

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// Report is what recomputing came to. Its JSON is fixed: members may be added, none taken away.
type Report struct {
	Made    time.Time `json:"made,omitzero"`     // zero: nobody said when
	Version string    `json:"version,omitempty"` // of tagwarden, that made it
	Log     Log       `json:"log"`

	Records uint64    `json:"records"` // that were read
	First   uint64    `json:"first"`   // number of the first of them
	End     uint64    `json:"end"`     // number behind the last
	Gone    uint64    `json:"gone"`    // that are not there
	From    time.Time `json:"from"`
	To      time.Time `json:"to"`
	Since   time.Time `json:"since,omitzero"` // of which records something is said
	Until   time.Time `json:"until,omitzero"`

	Findings []Finding       `json:"findings"`
	More     uint64          `json:"more_findings,omitempty"` // that are not listed
	Found    map[Kind]uint64 `json:"found"`
	// not said, since records are missing that may have taken back what was objected to
	Doubtful uint64 `json:"doubtful,omitempty"`

	Events   Events   `json:"events"`
	Outcomes Outcomes `json:"outcomes"`
	// events of which an outcome is there, and whose decision may have been deleted
	Undecided   uint64        `json:"outcomes_without_decision"`
	Suppression Suppression   `json:"suppression"`
	Rejudged    Rejudged      `json:"rejudged"`
	Fields      Fields        `json:"fields"`
	Promises    []HeldPromise `json:"promises"` // in the order in which they came into force
	Retention   Retention     `json:"retention"`
	Exceptions  Exceptions    `json:"exceptions"`
	Access      []Access      `json:"access"`
	Purposes    []Purpose     `json:"purposes"`
	Acts        []Acts        `json:"acts"`

	Assumed []string `json:"assumed"` // what no record holds, and was taken as it was found then
	Unsaid  []string `json:"unsaid"`  // what cannot be said

	purposes map[string]*Purpose
	acts     map[Acts]uint64
	access   map[Access]uint64
}

// Log is the log that a report is of, as its newest checkpoint names it, when reading began. That its signature holds,
// and that the records are those, package audit tells.
type Log struct {
	Origin string `json:"origin,omitempty"` // "": there is neither a checkpoint nor a key
	Signed uint64 `json:"signed"`           // how many records the checkpoint is of
	Root   string `json:"root,omitempty"`   // of their tree, in base64; "": there is no checkpoint
}

// Events is what was decided of events.
type Events struct {
	Permitted uint64            `json:"permitted"`
	Denied    uint64            `json:"denied"`
	Reasons   map[string]uint64 `json:"denied_because"`
}

// Suppression is what became of events of people who objected.
type Suppression struct {
	Subjects uint64 `json:"subjects"` // for whom something stands at the end
	// events that an objection, or an opt-out that is kept, applied to, and that were denied
	Denied     uint64 `json:"denied"`
	Untouched  uint64 `json:"untouched"`  // likewise, and that it did not touch
	HeldBack   uint64 `json:"held_back"`  // that were permitted, and held back before they left
	InFlight   uint64 `json:"in_flight"`  // on their way when the act was recorded
	Left       uint64 `json:"left"`       // events that left, and were held against what stood
	Violations uint64 `json:"violations"` // that left though an act stood
}

// Fields is whether fields that left were held against their profiles.
type Fields struct {
	Checked uint64 `json:"checked"` // events
	Unknown uint64 `json:"unknown"` // of which no shape or no policy is known
}

// Retention is whether records are there longer than they are to be kept.
type Retention struct {
	Known   bool   `json:"known"`   // somebody said how long
	Overdue uint64 `json:"overdue"` // records
}

// Exceptions is what went on in the face of a no, as it may.
type Exceptions struct {
	ByDecision   uint64 `json:"by_decision"`   // on compelling grounds that a person decided on (Art. 21(1))
	AfterRefusal uint64 `json:"after_refusal"` // of activities that go on after a category was refused
}

// Access is how often somebody read the log, or was refused, or made a token or took one back.
type Access struct {
	Kind  string `json:"kind"`
	By    string `json:"by"`
	Count uint64 `json:"count"`
}

// Purpose is how often an objection applied to what was judged for a purpose.
type Purpose struct {
	ID       string  `json:"id"`
	Events   uint64  `json:"events"`
	Objected uint64  `json:"objected"`
	Rate     float64 `json:"rate"`
}

// Acts is how many acts came by a channel.
type Acts struct {
	Kind   string `json:"kind"`
	Source string `json:"source"`
	Site   string `json:"site"`
	Scopes string `json:"scopes"`
	Count  uint64 `json:"count"`
}

func newReport(o *Options) *Report {
	r := &Report{
		Made: o.Now, Version: o.Version,
		Since: o.Since, Until: o.Until, Findings: []Finding{}, Found: map[Kind]uint64{},
		Events: Events{Reasons: map[string]uint64{}}, Outcomes: Outcomes{Why: map[string]uint64{}},
		Rejudged: Rejudged{Why: map[string]uint64{}}, Retention: Retention{Known: o.Kept != nil},
		Promises: []HeldPromise{}, Access: []Access{}, Purposes: []Purpose{}, Acts: []Acts{}, Assumed: []string{},
		Unsaid:   []string{},
		purposes: map[string]*Purpose{}, acts: map[Acts]uint64{}, access: map[Access]uint64{},
	}
	return r
}

// mostUnsaid is how many things are listed that cannot be said.
const mostUnsaid = 100

func (r *Report) unsaid(format string, args ...any) {
	said := fmt.Sprintf(format, args...)
	if len(r.Unsaid) < mostUnsaid && !slices.Contains(r.Unsaid, said) {
		r.Unsaid = append(r.Unsaid, said)
	}
}

// figureEvent counts an event.
func (w *walk) figureEvent(e *event, c *carrier) {
	r := w.report
	if e.Decision == rules.Permit.String() {
		r.Events.Permitted++
	} else {
		r.Events.Denied++
		r.Events.Reasons[w.words.lasting(e.Reason)]++
	}
	objected := len(e.Objected) > 0
	switch {
	case objected && e.Decision != rules.Permit.String():
		r.Suppression.Denied++
	case objected && e.Decided == 0:
		r.Suppression.Untouched++
	}
	for _, id := range c.purposes {
		of := r.purposes[id]
		if of == nil {
			of = &Purpose{ID: id}
			r.purposes[id] = of
		}
		of.Events++
		if objected {
			of.Objected++
		}
	}
}

// figureAct counts an act.
func (w *walk) figureAct(a *act) {
	if !w.counts() {
		return
	}
	scopes := slices.Clone(a.scopes)
	slices.Sort(scopes)
	n := max(a.times, 1)
	if a.seq != 0 {
		n = a.last - a.seq + 1
	}
	keep := w.words.lasting
	w.report.acts[Acts{
		Kind: keep(a.kind), Source: keep(a.source), Site: keep(a.site), Scopes: keep(strings.Join(scopes, ", ")),
	}] += n
}

// finish puts figures in order, and says what was assumed, and what cannot be said.
func (r *Report) finish(w *walk) {
	r.Findings = slices.DeleteFunc(r.Findings, func(f Finding) bool {
		doubt := f.act != 0 && w.holes.doubtful(f.act, f.look)
		if doubt {
			r.Doubtful++
			r.Found[f.Kind]--
			r.Suppression.Violations--
		}
		return doubt
	})
	maps.DeleteFunc(r.Found, func(_ Kind, n uint64) bool { return n == 0 })
	slices.SortStableFunc(r.Findings, func(a, b Finding) int { return cmp.Compare(a.Records[0], b.Records[0]) })
	for _, id := range slices.Sorted(maps.Keys(r.purposes)) {
		p := *r.purposes[id]
		p.Rate = float64(p.Objected) / float64(p.Events)
		r.Purposes = append(r.Purposes, p)
	}
	for of, n := range r.acts {
		of.Count = n
		r.Acts = append(r.Acts, of)
	}
	slices.SortFunc(r.Acts, func(a, b Acts) int {
		return cmp.Or(strings.Compare(a.Kind, b.Kind), strings.Compare(a.Source, b.Source), strings.Compare(a.Site, b.Site),
			strings.Compare(a.Scopes, b.Scopes))
	})
	for of, n := range r.access {
		of.Count = n
		r.Access = append(r.Access, of)
	}
	slices.SortFunc(r.Access, func(a, b Access) int {
		return cmp.Or(strings.Compare(a.Kind, b.Kind), strings.Compare(a.By, b.By))
	})
	r.Suppression.Subjects = uint64(w.objected.now)
	r.Suppression.HeldBack = r.Outcomes.Why["objection"]
	if says := w.assumed.Says(); says != nil {
		r.Assumed = says
	}
	r.limits(w)
}

// limits says what cannot be said of any log.
func (r *Report) limits(w *walk) {
	r.unsaid("objections by campaign: the log does not hold which campaign an act came from")
	r.unsaid("objections that a browser's own cookie holds alone, and those of other events of the same visitor in a " +
		"hit: who that is, is not recorded; what applied to an event is, and its ladder is judged again by it")
	r.unsaid("objections for ids in an older form that differs from the newest: records of events hold the newest alone")
	if r.First > 0 {
		r.unsaid("what was objected to in the records before %d, which are not there", r.First)
	}
	if r.Doubtful > 0 {
		r.unsaid("whether %s left though somebody had objected: records are missing that may have taken it back",
			plural.Of(r.Doubtful, "event"))
	}
	if w.opts.Waits == 0 {
		r.unsaid("whether events wait for too long: no configuration says how long they may")
	}
	if w.opts.Kept == nil {
		r.unsaid("whether records are kept too long: no configuration says how long they are to be")
	}
	if r.Outcomes.Unknown > 0 {
		r.unsaid("whether %s arrived whose outcome is unknown: those are not held against objections",
			plural.Of(r.Outcomes.Unknown, "event"))
	}
}

// Accepted is how many events were taken: denied, ended in whatever way, or waiting.
func (r *Report) Accepted() uint64 {
	o := &r.Outcomes
	return r.Events.Denied + o.Delivered + o.Dropped + o.Unknown + o.Over + o.Pending + o.Unsaid + o.Lost
}
