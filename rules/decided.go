package rules

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/rules/basis"
)

// Lift is a person's decision for one who objected: that the compelling grounds of an assessment outweigh that one's
// interests (Art. 21(1)). It lifts the objection for what rests on that version of the assessment, and for
// nothing else: its zero value lifts nothing.
type Lift struct {
	Number     uint64 // that records name it by; 0 where it is supposed, in a question
	Assessment string
	Version    int    // of the assessment
	Purposes   uint64 // that it is about, as in [Objections]; all ones for whatever rests on the assessment
	Since      int64  // when it was made, Unix seconds: what happened before stays refused; 0: at no time
	Until      int64  // when it ends, Unix seconds
}

// Lifts are the decisions that stand for what was objected to. They are never changed.
type Lifts struct{ all []Lift }

// LiftsOf puts decisions together, nil where there are none.
func LiftsOf(all ...Lift) *Lifts {
	if len(all) == 0 {
		return nil
	}
	return &Lifts{all}
}

// and is what was decided for both of two identifiers of one visitor: one without a decision leaves nothing.
func (d *Lifts) and(other *Lifts) *Lifts {
	if d == nil || other == nil || d == other {
		if d == nil {
			return nil
		}
		return other
	}
	var both []Lift
	for i := range d.all {
		for j := range other.all {
			a, b := &d.all[i], &other.all[j]
			if a.Assessment != b.Assessment || a.Version != b.Version || a.Purposes&b.Purposes == 0 {
				continue
			}
			both = append(both, Lift{
				Number: max(a.Number, b.Number), Assessment: a.Assessment, Version: a.Version,
				Purposes: a.Purposes & b.Purposes, Since: max(a.Since, b.Since), Until: min(a.Until, b.Until),
			})
		}
	}
	return LiftsOf(both...)
}

// lift is the decision by which an activity goes on at a time though it was objected to, nil where there is none. Only
// what rests on a legitimate interest with compelling grounds can go on, and never direct marketing.
func (o *Objections) lift(a *Activity, at time.Time) *Lift {
	if o.Lifts == nil || !a.grounded {
		return nil
	}
	for i := range o.Lifts.all {
		d := &o.Lifts.all[i]
		if d.Assessment == a.Assessment && d.Version == a.version && a.purposes&^d.Purposes == 0 && at.Unix() < d.Until {
			return d
		}
	}
	return nil
}

// ends tells whether what was objected to ends an activity at a time: it touches it, and no decision lifts that.
func (o *Objections) ends(a *Activity, at time.Time) bool {
	return o.touches(a) && o.lift(a, at) == nil
}

// mergeLifts is Merge for decisions: an identifier that nobody objected for has no say, and every one that somebody did
// has to have a decision of its own.
func (o *Objections) mergeLifts(other *Objections) {
	switch {
	case !other.Any():
	case !o.Any():
		o.Lifts = other.Lifts
	default:
		o.Lifts = o.Lifts.and(other.Lifts)
	}
}

// Declare is Merge for what a browser's own cookie says. Where its visitor was told of decisions made before told, Unix
// seconds, and the cookie says nothing that does not stand for an identifier as well, it is the same objection, which
// these decisions were about.
func (o *Objections) Declare(declared Objections, told int64) {
	lifts, same := o.Lifts, declared.Any() && (o.All || !o.Adds(declared))
	if o.Merge(declared); same {
		o.Lifts = lifts.before(told)
	}
}

// before are those that were made before a time, Unix seconds.
func (d *Lifts) before(at int64) *Lifts {
	later := func(l Lift) bool { return l.Since >= at }
	if d == nil || !slices.ContainsFunc(d.all, later) {
		return d
	}
	return LiftsOf(slices.DeleteFunc(slices.Clone(d.all), later)...)
}

// until is what a decision has to last beyond: what was over by the latest time that was ever known stays over.
func (q *asked) until() time.Time {
	if q.latest.After(q.now) {
		return q.latest
	}
	return q.now
}

// grounded tells whether a decision can lift an objection to an activity: it rests on a legitimate interest, is no
// direct marketing, and its assessment names compelling grounds.
func (c *compiler) grounded(a *Activity) bool {
	if a.Basis != basis.LegitimateInterest || a.directMarketing {
		return false
	}
	of := c.policy.assessments.Assessment(a.Assessment)
	return of != nil && of.CompellingGrounds()
}

// Grounded tells whether a decision can lift an objection to the activity.
func (a *Activity) Grounded() bool { return a.grounded }

// In is a decision in a policy's words, about purposes; none: whatever rests on the assessment. A purpose that the
// policy does not know (any more) is left out: what is left is what it lifts.
func (d Lift) In(p *Policy, purposes []string) Lift {
	if len(purposes) == 0 {
		d.Purposes = ^uint64(0)
		return d
	}
	d.Purposes = 0
	for i := range p.purposes {
		if slices.Contains(purposes, p.purposes[i].ID) {
			d.Purposes |= 1 << i
		}
	}
	return d
}

// Lacks tells whether other holds what o does not: a scope, or one that is in o as well and lifted there, by a decision
// that other does not have.
func (o Objections) Lacks(other Objections) bool {
	if o.Adds(other) {
		return true
	}
	if o.Lifts == nil || !other.Any() {
		return false
	}
	return slices.ContainsFunc(o.Lifts.all, func(l Lift) bool {
		return other.Lifts == nil || !slices.ContainsFunc(other.Lifts.all, func(of Lift) bool {
			return of.Number == l.Number
		})
	})
}

// LiftFor returns the decision by which an activity goes on at a time in the face of objections. Ok is false where
// they do not touch it, or no decision lifts them.
func (o Objections) LiftFor(a *Activity, at time.Time) (Lift, bool) {
	if !o.touches(a) {
		return Lift{}, false
	}
	if d := o.lift(a, at); d != nil {
		return *d, true
	}
	return Lift{}, false
}

// Ends tells whether objections end an activity at a time: they touch it, it is open to them, and no decision lifts
// them.
func (o Objections) Ends(a *Activity, at time.Time) bool { return a.heeds() && o.ends(a, at) }

// AskedLift is what a text stands for in a [Question]: the id of an assessment, decided on in its present version
// until it is to be reviewed; or with "=" and a day until the end of which it was decided.
func AskedLift(p *Policy, text string) (Lift, error) {
	id, until, given := strings.Cut(text, "=")
	a := p.assessments.Assessment(id)
	if a == nil {
		return Lift{}, fmt.Errorf("%q is no assessment of the policy", id)
	}
	if !a.CompellingGrounds() {
		return Lift{}, fmt.Errorf("%s names no compelling grounds: nothing can be decided on it", id)
	}
	day := a.ReviewBy
	if given {
		var err error
		if day, err = basis.ParseDay(until); err != nil {
			return Lift{}, err
		}
	}
	return Lift{Assessment: id, Version: a.Version, Until: day.End().Unix()}.In(p, nil), nil
}

// Says puts a decision into words: "decided 17: compelling grounds of LIA-2026-003 ...".
func (d *Lift) Says() string {
	number := ""
	if d.Number != 0 {
		number = fmt.Sprintf(" %d", d.Number)
	}
	return fmt.Sprintf("decided%s: compelling grounds of %s, version %d, until %s", number, d.Assessment, d.Version,
		time.Unix(d.Until, 0).UTC().Format(time.RFC3339))
}

// suppose adds decisions to objections, as a question supposes them.
func (o *Objections) suppose(p *Policy, given []string) error {
	var all []Lift
	for _, text := range given {
		d, err := AskedLift(p, text)
		if err != nil {
			return err
		}
		all = append(all, d)
	}
	o.Lifts = LiftsOf(all...)
	return nil
}
