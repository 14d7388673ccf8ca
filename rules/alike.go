package rules

import (
	"bytes"

	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// alike knows what became of values of a batch, so that what stands in each of its events (the browser, the page, the
// visitor's id) is looked over once. It holds numbers of nodes, and lasts as long as the hit.
type alike struct {
	last [alikes]treated
	used bool
}

// alikes is how many values are known at once, a power of two.
const alikes = 64

// shortestAlike is the length below which a value is looked over sooner than looked up.
const shortestAlike = 6

// treated is what became of a node's value.
type treated struct {
	action   *minimise.Action
	activity *Activity // that the event travels on; nil: the node belongs to the whole hit
	node     int32
	class    hit.Class // that the action went by
	outcome  minimise.Outcome
	steps    int // that it took: a value that was treated before costs a hit as much as one that was not
}

// reset forgets the hit.
func (k *alike) reset() {
	if k.used {
		*k = alike{}
	}
}

// makeAlike is [minimiseState.make] for the value of node i, of which becomes what became of the
// same value where it was treated alike.
func (m *minimiseState) makeAlike(i int32, a *minimise.Action, value minimise.Value) (made []byte,
	outcome minimise.Outcome) {
	h := m.hit
	if len(h.Events) < 2 || len(value.Bytes) < shortestAlike || value.Exact || a.Kind() == minimise.Rare {
		return m.make(a, value)
	}
	n := &h.Nodes[i]
	var activity *Activity
	if n.Event != hit.Shared {
		activity = m.verdicts[n.Event].Activity
	}
	known := &m.alike.last[placeOf(n.Field, value.Bytes)]
	if other := &h.Nodes[known.node]; known.action == a && known.activity == activity && known.class == value.Class &&
		other.Field == n.Field && other.Kind == n.Kind && bytes.Equal(h.Text(known.node), value.Bytes) {
		m.budget.Spend(known.steps)
		return h.Bytes(other.Edit), known.outcome
	}
	before, _ := m.budget.Taken()
	if made, outcome = m.make(a, value); outcome != minimise.Dropped && bytes.Equal(made, value.Bytes) {
		outcome = minimise.Kept
	}
	after, _ := m.budget.Taken()
	if !m.budget.Spent() { // what was not looked over to its end is not known
		m.alike.used = true
		*known = treated{a, activity, i, value.Class, outcome, after - before}
	}
	return made, outcome
}

// placeOf is where a value that is not empty is looked for.
func placeOf(field int32, text []byte) uint32 {
	n := len(text)
	return (uint32(field)*31 + uint32(n)*7 + uint32(text[n/2])*131 + uint32(text[n-1])*521) % alikes
}
