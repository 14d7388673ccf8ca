package minimise

import (
	"bytes"

	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// Action is a compiled Spec for one class. It never changes and is safe for concurrent use. The nil *Action drops.
type Action struct {
	kind      Kind
	class     hit.Class
	spec      Spec
	canon     string
	rotation  pseudonym.Rotation // pseudonymise
	byPurpose bool               // pseudonymise
	only      map[string]struct{}
	url       *urlPlan
	inside    bool        // keep and scrub: addresses in the text are treated
	within    *Action     // as this one does; nil: they are replaced
	with      []hit.Class // rare
}

// Kind returns the action's minimiser.
func (a *Action) Kind() Kind {
	if a == nil {
		return Drop
	}
	return a.kind
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

// Scope returns the scope that the action's keys must be registered for with pseudonym.New or Derive; false where it needs none.
func (a *Action) Scope(vendor, purpose string) (pseudonym.Scope, bool) {
	switch a.Kind() {
	case Pseudonymise:
		s := pseudonym.Scope{Vendor: vendor, Rotation: a.rotation}
		if a.byPurpose {
			s.Purpose = purpose
		}
		return s, true
	case Derive:
		return pseudonym.Scope{Vendor: vendor, Rotation: pseudonym.Day}, true
	default:
		return pseudonym.Scope{}, false
	}
}

// Append applies the action to a value. Where the outcome is Rewritten or RewrittenNumber, out is dst with the new value behind it; else
// it is dst. dst lends its spare capacity as scratch space: a dst that is used again and again costs no allocation. v.Bytes must not
// lie there.
func (a *Action) Append(dst []byte, v Value, env *Env) (out []byte, outcome Outcome) {
	if a == nil || a.kind == Drop || env == nil {
		return dst, Dropped
	}
	base := len(dst)
	out, outcome = a.apply(dst, v, env)
	if outcome == Dropped || outcome == Kept {
		return out[:base], outcome
	}
	if a.kind != Replace && a.kind != Derive && bytes.Equal(out[base:], v.Bytes) && (v.Kind == NumberValue) == (outcome == RewrittenNumber) {
		return out[:base], Kept
	}
	return out, outcome
}

func (a *Action) apply(dst []byte, v Value, env *Env) ([]byte, Outcome) {
	saysNothing := v.Kind == NullValue || v.Kind == TextValue && len(v.Bytes) == 0
	if saysNothing && a.kind != Replace && a.kind != Derive && a.kind != Only {
		return dst, Kept
	}
	if a.TooLong(v.Bytes) {
		return dst, Dropped
	}
	switch a.kind {
	case Keep:
		return a.keep(dst, v, env)
	case Pseudonymise:
		return a.pseudonymise(dst, v, env)
	case Derive:
		return a.derive(dst, v, env)
	case Hash:
		return a.hash(dst, v)
	case Truncate:
		return a.truncate(dst, v, env)
	case Generalise:
		return a.generalise(dst, v)
	case URL:
		out, outcome := a.address(dst, v, env.Work)
		return ownIn(out, len(dst), outcome, env)
	case Scrub:
		return a.scrub(dst, v, env)
	case Only:
		return a.pass(dst, v)
	case Rare:
		return a.rare(dst, v, env)
	case Replace:
		return a.replace(dst, v)
	default:
		return dst, Dropped
	}
}
