package minimise

import (
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
	"github.com/tagwarden/tagwarden/rules/scrub"
)

// Action is a compiled [Spec] for one class. It never changes and is safe for concurrent use. The nil *Action drops.
type Action struct {
	is    *minimiser // nil drops
	kind  Kind
	class hit.Class
	spec  Spec // with its defaults
	canon string
	salt  uint64    // what a [Memo] is asked with; 0: it is not
	looks scrub.Set // what is looked for in a value

	keyed     bool               // a key of the vendor is needed
	byPurpose bool               // and of the purpose
	byFamily  bool               // of the vendor's family, rather: browser and server are to agree
	rotation  pseudonym.Rotation // and of a period
	only      map[string]struct{}
	url       *urlPlan
	inside    bool        // addresses in the text are treated
	within    *Action     // as this one does; nil: they are replaced
	with      []hit.Class // rare
	atMoment  *Action     // what becomes of an id that holds a time; nil: what becomes of others
}

// Kind returns the action's minimiser.
func (a *Action) Kind() Kind {
	if a == nil {
		return Drop
	}
	return a.kind
}

// Class is the class whose values the action is for.
func (a *Action) Class() hit.Class {
	if a == nil {
		return hit.Unknown
	}
	return a.class
}

// Rank is Kind().Rank().
func (a *Action) Rank() int { return a.Kind().Rank() }

// Spec returns what the action was compiled from, defaults filled in.
func (a *Action) Spec() Spec {
	if a == nil {
		return Spec{}
	}
	return a.spec
}

// Canon is a text that is the same for two actions that make the same of every
// value, whatever their profiles are called.
func (a *Action) Canon() string {
	if a == nil {
		return ""
	}
	return a.class.String() + ": " + a.canon
}

// Scope returns the scope that the action's keys must be registered for with [pseudonym.New] or Derive; false where it
// needs none.
func (a *Action) Scope(vendor, purpose string) (pseudonym.Scope, bool) {
	if a == nil || !a.keyed {
		return pseudonym.Scope{}, false
	}
	s := pseudonym.Scope{Vendor: vendor, Rotation: a.rotation}
	if a.byPurpose {
		s.Purpose = purpose
	}
	return s, true
}

// Append applies the action to a value. Where the outcome is [Rewritten] or [RewrittenNumber], out is dst with the new
// value behind it; else it is dst. dst lends its spare capacity as scratch space: a dst that is used again and again
// costs no allocation. v.Bytes must not lie there.
func (a *Action) Append(dst []byte, v Value, env *Env) (out []byte, outcome Outcome) {
	if a == nil || a.is == nil || a.is.apply == nil || env == nil {
		return dst, Dropped
	}
	saysNothing := v.Kind == NullValue || len(v.Bytes) == 0
	switch {
	case saysNothing && !a.is.anyway:
		return dst, Kept
	case a.TooLong(v.Bytes):
		return dst, Dropped
	}
	if salt, ok := a.recallable(&v, env); ok {
		return a.recalled(dst, v, env, salt)
	}
	return a.make(dst, v, env)
}
