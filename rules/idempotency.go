package rules

import (
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// IdempotencyKey returns what the vendor knows a permitted event by when it comes again, as it leaves: nil where the
// vendor knows none, or where what leaves does not tell this event from every other. The vendor does so
// for as long as the catalog says ([catalog.Idempotency]), and counts the event twice from then on. The bytes hold
// until the hit is judged anew.
func (j *Judgement) IdempotencyKey(event int) []byte {
	of := &j.Route.Endpoint.Repeats
	if of.Field == hit.None || !j.Out.Forward || j.Verdicts[event].Decision != Permit {
		return nil
	}
	node := j.leaving(event, of.Field)
	if node == hit.None || !j.tellsApart(event, node) {
		return nil
	}
	for _, field := range of.With {
		if j.leaving(event, field) == hit.None {
			return nil
		}
	}
	key := j.asItLeaves(node)
	if len(key) < leastID || placeholder(key) {
		return nil
	}
	return key
}

// leaving finds the node of an event that is a field and leaves; hit.None where there is none, where it says nothing,
// or where there are several.
func (j *Judgement) leaving(event int, field int32) int32 {
	h, found := &j.Hit, int32(hit.None)
	for i := h.FirstOf(int32(event)); i != hit.None; i = h.Nodes[i].Peer {
		n := &h.Nodes[i]
		if n.Field != field || n.Kind.Holds() || n.Opened || !h.Sent(i) {
			continue
		}
		if found != hit.None || n.Kind == hit.Null || n.Kind == hit.Bool || len(j.asItLeaves(i)) == 0 {
			return hit.None
		}
		found = i
	}
	return found
}

// asItLeaves is the text of a node that leaves.
func (j *Judgement) asItLeaves(i int32) []byte {
	if n := &j.Hit.Nodes[i]; n.Fate == hit.Rewrite {
		return j.Hit.Bytes(n.Edit)
	}
	return j.Hit.Text(i)
}

// tellsApart tells whether what became of an id is another one for each. Where the policy says what stands there, it is
// the same for all; and of what an object or a list holds in its place, nobody knows what the vendor makes.
func (j *Judgement) tellsApart(event int, i int32) bool {
	n, plan := &j.Hit.Nodes[i], j.Verdicts[event].Activity.plan
	if n.Made || plan.setOf[n.Field] != hit.None {
		return false
	}
	if n.Parent != hit.None && j.Hit.Nodes[n.Parent].Field == n.Field {
		return false
	}
	a, _ := plan.action(n.Field, n.Class, n.Alias)
	return oneToOne(a)
}

// oneToOne tells whether an action leaves another id of each: it whole, a pseudonym of which no bits to speak of were
// cut, or its hash.
func oneToOne(a *minimise.Action) bool {
	const enough = 64 // bits: of ten million ids two are the same in one of 300,000 cases
	switch a.Rewrites() {
	case minimise.Keep, minimise.Hash:
		return true
	case minimise.Pseudonymise:
		bits := a.Spec().Pseudonymise.Bits
		return bits == 0 || bits >= enough
	default:
		return false
	}
}
