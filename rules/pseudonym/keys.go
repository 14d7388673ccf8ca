package pseudonym

import (
	"strconv"
	"time"
)

// Chains are the keys of the periods that one moment is in, one for each rotation. Whoever keeps key state on disk (a ratchet whose
// past keys are overwritten) makes them from that state with ChainsOf; Root.Chains makes them from the root.
type Chains struct {
	at   time.Time
	keys [numRotations]Key
}

// Chains returns the chain keys of the periods that t is in.
func (r Root) Chains(t time.Time) Chains {
	c := Chains{at: t}
	for k := range numRotations {
		c.keys[k] = below(r[:], "chain", k.String(), strconv.FormatInt(k.Period(t), 10))
	}
	return c
}

// ChainsOf returns chain keys that are kept elsewhere. They must be those of the periods that t is in.
func ChainsOf(t time.Time, day, week, month, never Key) Chains {
	return Chains{at: t, keys: [numRotations]Key{day, week, month, never}}
}

// Scope says how far a pseudonym is the same: for one vendor, for one purpose of it where Purpose is given, for one period.
type Scope struct {
	Vendor   string // id in the server file
	Purpose  string // id in the policy; "" for pseudonyms of the vendor as a whole
	Rotation Rotation
}

// Keys are the keys of registered scopes for the periods of one moment. They never change and are safe for concurrent use. The nil
// *Keys knows no scope.
type Keys struct {
	at     time.Time
	scopes map[Scope]*Key
}

// New returns the keys of the scopes, made from the root, for the periods that t is in.
func New(root Root, t time.Time, scopes ...Scope) *Keys { return Derive(root.Chains(t), scopes...) }

// Derive returns the keys of the scopes below the chains.
func Derive(c Chains, scopes ...Scope) *Keys {
	k := &Keys{at: c.at, scopes: make(map[Scope]*Key, len(scopes))}
	for _, s := range scopes {
		if s.Vendor == "" || s.Rotation >= numRotations {
			continue // such a scope is never served: asking for it gives no key
		}
		label := "vendor"
		if s.Purpose != "" {
			label = "vendor and purpose"
		}
		key := below(c.keys[s.Rotation][:], label, s.Vendor, s.Purpose)
		k.scopes[s] = &key
	}
	return k
}

// Valid tells whether the keys are those of the periods that t is in. Days (UTC) lie within one week and one month each, so the day
// decides.
func (k *Keys) Valid(t time.Time) bool {
	return k != nil && Day.Period(t) == Day.Period(k.at)
}

// Until returns the first moment at which the keys are no longer valid: the end of the day (UTC).
func (k *Keys) Until() time.Time { return Day.End(k.at) }

// For returns the key of a scope; false where it was not registered, and then nothing may be sent.
func (k *Keys) For(s Scope) (*Key, bool) {
	if k == nil {
		return nil, false
	}
	key, ok := k.scopes[s]
	return key, ok
}
