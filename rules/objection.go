package rules

import "github.com/tagwarden/tagwarden/rules/signal"

// Objections are the scopes of what a subject refused: Art. 21 objections and Art. 18 restrictions alike. The zero
// value is none. Purposes and vendors are bits, by their place in the policy.
type Objections struct {
	All      bool
	Purposes uint64
	Vendors  uint64

	Restricted bool // at least one of the scopes is a restriction (Art. 18), not an objection

	// KeptOptOut is since when an opt-out by the browser's signal is kept for the subject, Unix seconds; 0: none is. It is
	// no objection, and none of the scopes: see keptopt.go.
	KeptOptOut int64

	Receipts signal.Receipt // what the visitor's choices come to that somebody sent receipts of; no scope either

	TakenBack TakenBack // what was refused once, and is no more

	Lifts *Lifts // by which some of it goes on all the same; nil: nothing does. See decided.go
}

// TakenBack are scopes that a subject refused once and took back. What happened before that stays refused.
type TakenBack struct {
	All      bool
	Purposes uint64
	Vendors  uint64
	At       int64 // when the last of them was taken back, Unix seconds
}

// Any tells whether there is any scope at all.
func (t *TakenBack) Any() bool { return t.All || t.Purposes != 0 || t.Vendors != 0 }

// merge adds what another identifier of the same visitor took back.
func (t *TakenBack) merge(other TakenBack) {
	t.All = t.All || other.All
	t.Purposes |= other.Purposes
	t.Vendors |= other.Vendors
	t.At = max(t.At, other.At)
}

// touches tells whether a scope covers an activity.
func (t *TakenBack) touches(a *Activity) bool {
	return t.All || t.Purposes&a.purposes != 0 || t.Vendors&a.Recipient.bit != 0
}

// AsTakenBack is a scope that was taken back at a time, Unix seconds.
func (o Objections) AsTakenBack(at int64) TakenBack {
	return TakenBack{All: o.All, Purposes: o.Purposes, Vendors: o.Vendors, At: at}
}

// Merge adds what another identifier of the same visitor is known for.
func (o *Objections) Merge(other Objections) {
	o.mergeLifts(&other)
	o.All = o.All || other.All
	o.Purposes |= other.Purposes
	o.Vendors |= other.Vendors
	o.Restricted = o.Restricted || other.Restricted
	o.KeptOptOut = max(o.KeptOptOut, other.KeptOptOut) // a consent has to be younger than all of them
	o.TakenBack.merge(other.TakenBack)
	o.Receipts.Merge(other.Receipts)
}

// Any tells whether there is any scope at all. An opt-out that is kept is none.
func (o Objections) Any() bool { return o.All || o.Purposes != 0 || o.Vendors != 0 }

// touches tells whether a scope covers an activity.
func (o Objections) touches(a *Activity) bool {
	return o.All || o.Purposes&a.purposes != 0 || o.Vendors&a.Recipient.bit != 0
}

// Adds tells whether other holds a scope that o does not.
func (o Objections) Adds(other Objections) bool {
	return other.All && !o.All || other.Purposes&^o.Purposes != 0 || other.Vendors&^o.Vendors != 0
}

// Tightens tells whether other may deny what o does not: it holds a scope that o does not, or an opt-out that is kept
// since later, or receipts of more refusals or fewer grants, or o was judged by a decision that other may not have.
func (o Objections) Tightens(other Objections) bool {
	return o.Adds(other) || other.KeptOptOut > o.KeptOptOut || o.Receipts.Tightens(other.Receipts) ||
		o.Lifts != nil && other.Any() && o.Lifts != other.Lifts
}

// Stands tells whether what was decided of an event still holds in the face of these objections: those of the moment
// when it is about to leave. What was denied stays denied.
func (j *Judgement) Stands(event int, o Objections) bool {
	v := &j.Verdicts[event]
	switch {
	case v.Decision != Permit:
		return true
	case v.Activity.heeds() && o.ends(v.Activity, j.latest):
		return false
	case j.receiptsDeny(event, o.Receipts):
		return false
	default:
		return !j.keptDenies(event, o)
	}
}

// ScopeName tells whether a text can name a scope: a purpose, "vendor:ID" or "all", whether or not a policy knows it.
func ScopeName(text string) bool { return len(text) <= 80 && scopeName([]byte(text)) }
