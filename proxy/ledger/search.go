package ledger

import (
	"time"

	"github.com/tidwall/gjson"
)

// Query says which records are wanted. What is zero or empty is not asked about.
type Query struct {
	From, To time.Time         // From is included, To is not
	Members  map[string]string // by name of a member: its value; of a list, one of its values
}

// Matches tells whether a record is wanted, by what it says itself.
func (q *Query) Matches(record []byte) bool {
	for name, want := range q.Members {
		if !isAmong(member(record, name), want) {
			return false
		}
	}
	return q.inTime(record)
}

// inTime tells whether a record was written when it is asked about.
func (q *Query) inTime(record []byte) bool {
	if q.From.IsZero() && q.To.IsZero() {
		return true
	}
	at, err := time.Parse(time.RFC3339Nano, gjson.GetBytes(record, "time").Str)
	return err == nil && !at.Before(q.From) && (q.To.IsZero() || at.Before(q.To))
}

// Matcher tells whether a record is wanted, by what it says and by what the rungs do that it names. It is asked of all
// records in their order, from the beginning of a segment on.
func (q *Query) Matcher() func(record []byte) bool { return NewFilter(*q).Matches }

// Search yields the records of every segment that are wanted, by what they say and by what the rungs do that they name:
// oldest first, as they are stored, without the line's end; they hold until yield returns. It ends at the first record
// that is none, with a [Damage] that says where it is.
func Search(dir string, q Query, yield func(record []byte) bool) error {
	return SearchNumbered(dir, q, func(_ uint64, record []byte) bool { return yield(record) })
}

// SearchNumbered is [Search] with the records' numbers.
func SearchNumbered(dir string, q Query, yield func(number uint64, record []byte) bool) error {
	r := Read(dir, 0)
	defer func() { _ = r.Close() }()
	wanted := q.Matcher()
	for r.Next() {
		if number, _ := r.Number(); wanted(r.Record()) && !yield(number, r.Record()) {
			break
		}
	}
	return r.Err()
}
