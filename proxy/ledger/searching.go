package ledger

import (
	"maps"
	"slices"
	"strings"

	"github.com/tidwall/gjson"
)

// searching is a query that is asked of records in their order. What the record of an event does not say itself, the
// rungs that it names do, which stand before it: policy, region, endpoint.
type searching struct {
	q     *Query
	names []string          // of the members that are asked about
	rungs map[string]uint64 // by id: which of them are as wanted, by their place in names
}

func newSearching(q *Query) *searching {
	return &searching{q: q, names: slices.Sorted(maps.Keys(q.Members)), rungs: map[string]uint64{}}
}

// matches tells whether a record is wanted.
func (s *searching) matches(record []byte) bool {
	if len(s.names) == 0 || len(s.names) > 64 {
		return s.q.Matches(record)
	}
	switch string(kindOf(record)) {
	case KindRungs:
		s.learn(record)
	case KindEvent:
		return s.matchesEvent(record)
	}
	return s.q.Matches(record)
}

// learn notes what rungs say of what is asked about.
func (s *searching) learn(record []byte) {
	var as uint64
	for i, name := range s.names {
		if found := member(record, name); found.Exists() && isAmong(found, s.q.Members[name]) {
			as |= 1 << i
		}
	}
	id := member(record, "rungs").Str
	s.rungs[strings.Clone(id)] |= as // the parts of one record, where it has several
}

func (s *searching) matchesEvent(record []byte) bool {
	var as uint64
	if rungs := member(record, "rungs").Str; rungs != "" {
		as = s.rungs[rungs]
	}
	for i, name := range s.names {
		found := member(record, name)
		if !found.Exists() && as&(1<<i) != 0 {
			continue
		}
		if !isAmong(found, s.q.Members[name]) {
			return false
		}
	}
	return s.q.inTime(record)
}

// member is a member of a record by its name, which is no path and no modifier.
func member(record []byte, name string) gjson.Result {
	return gjson.GetBytes(record, gjson.Escape(name))
}

// isAmong tells whether a value is as wanted, or, of a list, one of its values.
func isAmong(found gjson.Result, want string) bool {
	if !found.IsArray() {
		return found.String() == want
	}
	return slices.ContainsFunc(found.Array(), func(item gjson.Result) bool { return item.String() == want })
}
