package pseudonym

import "time"

// Chains are the chains' keys of one moment. [State.Chains] makes them.
type Chains struct {
	until time.Time
	keys  [numRotations]Key
}

// Scope says how far a pseudonym is the same: for one vendor, for one purpose of it
// where Purpose is given, for one period.
type Scope struct {
	Vendor   string // id in the server file
	Purpose  string // id in the policy; "" for pseudonyms of the vendor as a whole
	Rotation Rotation
}

// Keys are the keys of registered scopes for the periods of one moment. They never change and are safe for
// concurrent use. The nil *Keys knows no scope.
type Keys struct {
	until  time.Time
	scopes map[Scope]*Hasher
}

// New returns the keys of the scopes, made from the root, as they are at t.
func New(root Root, t time.Time, scopes ...Scope) *Keys {
	s := root.State(t)
	return Derive(s.Chains(), scopes...)
}

// Derive returns the keys of the scopes below the chains.
func Derive(c Chains, scopes ...Scope) *Keys {
	k := &Keys{until: c.until, scopes: make(map[Scope]*Hasher, len(scopes))}
	for _, s := range scopes {
		if s.Vendor == "" || s.Rotation >= numRotations {
			continue // such a scope is never served: asking for it gives no key
		}
		key := c.key(s)
		k.scopes[s] = key.Hasher()
	}
	return k
}

// key is that of a scope.
func (c *Chains) key(s Scope) Key {
	label := "vendor"
	if s.Purpose != "" {
		label = "vendor and purpose"
	}
	return below(c.keys[s.Rotation][:], label, s.Vendor, s.Purpose)
}

// Valid tells whether the keys may be used at t: their day is not over. A clock that was set back
// uses those it has: yesterday's are gone.
func (k *Keys) Valid(t time.Time) bool { return k != nil && t.Before(k.until) }

// Until returns the first moment at which the keys are no longer valid: the end of the day (UTC) that they are of.
func (k *Keys) Until() time.Time { return k.until }

// For returns the key of a scope; false where it was not registered, and then nothing may be sent.
func (k *Keys) For(s Scope) (*Hasher, bool) {
	if k == nil {
		return nil, false
	}
	key, ok := k.scopes[s]
	return key, ok
}
