// Package query asks a ledger questions: which of its records say what, about whom, of when. What the record of an
// event does not say itself counts where the rungs or the shape that it names say it, or the outcome of its delivery.
//
// It promises that an answer is the one that reading every record gives, whether indexes lie there or not; that nothing
// is believed of an index that is damaged or of another segment; and that a question which no record can answer, since
// no record has such a member or such a value, is an error and not an empty answer.
package query

import (
	"slices"
	"time"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/ledger"
)

// Question is what is asked. The zero question is answered by every record. Conditions hold all together; of the values
// of one, any.
type Question struct {
	Where        []Condition
	Since, Until time.Time // Since is included, Until is not; zero: not asked about
	Numbers      Range
	Limit        int // how many records are wanted at most; 0: all
	// Carried are, by purpose, the activities that carry it, as policies have it:
	// records of events name the activity alone.
	Carried map[string][]string
	// Known are values that are known beside those in the log, by member: those of the policy in force.
	Known map[string][]string
	// Reading is the id by which the log says that this question is asked: the record
	// that says so is no part of the answer.
	Reading string
}

// And adds a condition. Where the member is asked about already, a record that has one of all the values is meant.
func (q *Question) And(member string, values ...string) *Question {
	if at := slices.IndexFunc(q.Where, func(c Condition) bool { return c.Member == member }); at >= 0 {
		q.Where[at].Values = append(q.Where[at].Values, values...)
		return q
	}
	q.Where = append(q.Where, Condition{member, values})
	return q
}

// Asks names what is asked about, in order, and, apart from that, whom: by the hashes that records have.
func (q *Question) Asks() (members, subjects []string) {
	for i := range q.Where {
		if c := &q.Where[i]; c.Member == Subject || c.Member == "subjects" {
			subjects = append(subjects, c.Values...)
		} else {
			members = append(members, c.Member)
		}
	}
	if q.Numbers != (Range{}) {
		members = append(members, "number")
	}
	slices.Sort(members)
	return slices.Compact(members), subjects
}

// mostConditions is how many conditions a question may have.
const mostConditions = 32

// Check tells what is wrong with a question, whichever ledger it is asked: a [*Fault], or nil.
func (q *Question) Check() error {
	if len(q.Where) > mostConditions {
		return &Fault{Why: "too many members are asked about at once"}
	}
	for i := range q.Where {
		if err := q.Where[i].check(); err != nil {
			return err
		}
	}
	if !q.Until.IsZero() && !q.Since.Before(q.Until) {
		return &Fault{Why: "the time that is asked about ends before it begins"}
	}
	if q.Limit < 0 {
		return &Fault{Why: "the limit is less than nothing"}
	}
	return nil
}

// inTime tells whether a record of a time is asked about.
func (q *Question) inTime(at time.Time) bool {
	return !at.Before(q.Since) && (q.Until.IsZero() || at.Before(q.Until))
}

// asks tells whether a record is that of the question itself.
func (q *Question) asks(record []byte) bool {
	if q.Reading == "" {
		return false
	}
	said := gjson.GetManyBytes(record, "kind", "reading")
	return said[0].Str == ledger.KindReading && said[1].Str == q.Reading
}

func (q *Question) timed() bool { return !q.Since.IsZero() || !q.Until.IsZero() }
