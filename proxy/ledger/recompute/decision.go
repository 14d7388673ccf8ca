package recompute

import (
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"
)

// decision is a person's decision on an objection, as its record says it.
type decision struct {
	number      uint64 // by which records of events name it
	record      uint64 // that says it
	assessment  string
	version     int
	purposes    []string // none: whatever rests on the assessment
	until       time.Time
	restriction bool   // it lifts restrictions, too
	ended       uint64 // number of the record that ends it; 0: it stands
	endedAt     time.Time
}

// read adds a member.
func (d *decision) read(name string, value gjson.Result) {
	switch name {
	case "assessment":
		d.assessment = strings.Clone(value.Str)
	case "assessment_version":
		d.version = int(value.Int())
	case "purposes":
		for _, purpose := range value.Array() {
			d.purposes = append(d.purposes, strings.Clone(purpose.Str))
		}
	case "until":
		d.until, _ = time.Parse(time.RFC3339Nano, value.Str)
	case "restriction_lifted":
		d.restriction = value.Bool()
	}
}

// decisions are those that were made.
type decisions struct {
	by      map[uint64]*decision
	subject map[hash][]*decision
}

// add notes a decision.
func (all *decisions) add(a *act) {
	d := a.decision
	d.number, d.record = a.seq, a.number
	all.by[d.number] = &d
	for _, subject := range a.subjects {
		all.subject[subject] = append(all.subject[subject], &d)
	}
}

// end notes that one ended.
func (all *decisions) end(a *act, at time.Time) {
	if d := all.by[a.ends]; d != nil && d.ended == 0 {
		d.ended, d.endedAt = a.number, at
	}
}

// lifts tells whether a decision may have lifted what a subject objected to, for what rests on an assessment for some
// purposes, when an event left.
func (all *decisions) lifts(subject hash, c *carrier, restricted bool, w *waiting) bool {
	return slices.ContainsFunc(all.subject[subject], func(d *decision) bool {
		return d.assessment == c.assessment && (d.ended == 0 || d.ended > w.look) && (!restricted || d.restriction) &&
			w.at.Before(d.until) && d.covers(c.purposes)
	})
}

// covers tells whether a decision is about all of some purposes.
func (d *decision) covers(purposes []string) bool {
	return len(d.purposes) == 0 || !slices.ContainsFunc(purposes, func(p string) bool {
		return !slices.Contains(d.purposes, p)
	})
}
