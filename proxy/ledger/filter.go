package ledger

import (
	"maps"
	"slices"
	"strings"

	"github.com/tidwall/gjson"
)

// Filter is a query that is asked of all records of a log, in their order. What the record of an event does not say
// itself, the rungs that it names do, which stand before it: policy, region, endpoint.
type Filter struct {
	q     Query
	names []string          // of the members that are asked about
	rungs map[string]uint64 // by id: which of them are as wanted, by their place in names
}

// NewFilter begins to ask a query.
func NewFilter(q Query) *Filter {
	return &Filter{q: q, names: slices.Sorted(maps.Keys(q.Members)), rungs: map[string]uint64{}}
}

// Matches tells whether a record is wanted.
func (f *Filter) Matches(record []byte) bool {
	if len(f.names) == 0 || len(f.names) > 64 {
		return f.q.Matches(record)
	}
	switch string(kindOf(record)) {
	case KindRungs:
		f.learn(record)
	case KindEvent:
		return f.matchesEvent(record)
	}
	return f.q.Matches(record)
}

// learn notes what rungs say of what is asked about.
func (f *Filter) learn(record []byte) {
	var as uint64
	for i, name := range f.names {
		if found := member(record, name); found.Exists() && isAmong(found, f.q.Members[name]) {
			as |= 1 << i
		}
	}
	id := member(record, "rungs").Str
	f.rungs[strings.Clone(id)] |= as // the parts of one record, where it has several
}

func (f *Filter) matchesEvent(record []byte) bool {
	var as uint64
	if rungs := member(record, "rungs").Str; rungs != "" {
		as = f.rungs[rungs]
	}
	for i, name := range f.names {
		found := member(record, name)
		if !found.Exists() && as&(1<<i) != 0 {
			continue
		}
		if !isAmong(found, f.q.Members[name]) {
			return false
		}
	}
	return f.q.inTime(record)
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
