package minimise

import (
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// pseudonymise writes a keyed pseudonym in the vendor's format, else in the one that the identifier has in its normal form, so that every spelling of
// it gets the same. A phone number's is text: one of digits might be somebody else's number. Without a key for the scope the field is dropped.
func (a *Action) pseudonymise(dst []byte, v Value, env *Env) ([]byte, Outcome) {
	scope, _ := a.Scope(env.Vendor, env.Purpose)
	if a.byPurpose && env.Purpose == "" || v.Kind == BoolValue {
		return dst, Dropped
	}
	key, ok := keyFor(env, scope)
	if !ok {
		return dst, Dropped
	}
	base := len(dst)
	dst = pseudonym.AppendNormal(dst, NormOf(a.class), v.Bytes)
	if len(dst) == base {
		return dst, Dropped
	}
	mac := key.Pseudonym(dst[base:], a.spec.Pseudonymise.Bits)
	switch {
	case v.Format != pseudonym.Auto:
	case a.class == hit.Phone:
		v.Format = pseudonym.Text
	default:
		v.Format = pseudonym.Shape(dst[base:])
	}
	return appendID(dst[:base], &mac, v)
}

// keyFor returns the key of a scope, if the keys are those of now.
func keyFor(env *Env, scope pseudonym.Scope) (*pseudonym.Key, bool) {
	if !env.Keys.Valid(env.Now) {
		return nil, false
	}
	return env.Keys.For(scope)
}

// appendID writes an identifier in the value's format; one that is a number stays one where the format has digits only.
func appendID(dst []byte, mac *[32]byte, v Value) ([]byte, Outcome) {
	format := v.Format
	if format == pseudonym.Auto {
		format = pseudonym.Shape(v.Bytes)
	}
	if v.Kind == NumberValue && format == pseudonym.Digits {
		return pseudonym.AppendFormat(dst, mac, format, v.Bytes), RewrittenNumber
	}
	return pseudonym.AppendFormat(dst, mac, format, v.Bytes), Rewritten
}
