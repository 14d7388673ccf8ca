package minimise

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"

	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/scrub"
)

// Memo remembers what actions made of values, so that the title of a page is looked over once and not with each view of
// it. It is asked for values alone that many visitors share, and whose outcome follows from value, action and a site's
// own detectors: it is to be as old as those are. Many goroutines use it at once.
type Memo interface {
	// Recall returns what was made of a value below a salt; false where it is not known, and then the sum is what it is
	// to be remembered by. It must not keep the value.
	Recall(salt uint64, value []byte) (sum Sum, made Made, known bool)
	// Remember is told what was made of the value that has the sum. It copies the bytes, where it wants to keep them.
	Remember(Sum, Made)
}

// Sum is a keyed hash of a value and of the salt that it was asked for with. Two values of one sum are taken for each
// other, so nobody may be able to find any.
type Sum [2]uint64

// Made is what became of a value. Its bytes are not to be changed.
type Made struct {
	Outcome Outcome
	Steps   int    // of a [scrub.Meter], that it took: a value that is remembered costs a hit as much as one that is not
	Bytes   []byte // what was [Rewritten]
}

// MaxRemembered is how many bytes a value may have, before and behind, that a [Memo] is asked for.
const MaxRemembered = 512

// remembered are the classes whose values many visitors share, and which are no identifiers.
var remembered = of(hit.Campaign, hit.Custom, hit.EventName, hit.PageTitle, hit.Product, hit.Referrer,
	hit.SearchTerm, hit.URL)

// lasting are the minimisers whose outcome follows from the value alone: no key, no clock, no visitor and no count of
// others has a part in it.
var lasting = [NumKinds]bool{Keep: true, Scrub: true, URL: true, Generalise: true}

// sets what two actions that make the same of every value have alike, and whether it can be remembered.
func (a *Action) settle(canon string) {
	a.canon, a.salt = canon, 0
	if !remembered.has(a.class) || !lasting[a.kind] || a.atMoment != nil || a.within != nil && !lasting[a.within.kind] {
		return
	}
	sum := sha256.Sum256([]byte(a.Canon()))
	a.salt = binary.LittleEndian.Uint64(sum[:]) | 1<<63
}

// Bits of a salt that belong to the value. The uppermost is never zero.
const (
	saltKinds  = 0x7
	saltAction = ^uint64(saltKinds)
)

// recallable tells whether what becomes of a value is looked for in a memo, and below which salt. What is done at once
// is not worth it.
func (a *Action) recallable(v *Value, env *Env) (salt uint64, ok bool) {
	if env.Memo == nil || env.Work == nil || a.salt == 0 || v.Exact ||
		len(v.Bytes) < shortest || len(v.Bytes) > MaxRemembered || a.isAtOnce(v, env) {
		return 0, false
	}
	return a.salt&saltAction | uint64(v.Kind), true
}

// isAtOnce tells whether one look at a value shows that nothing is found in it.
func (a *Action) isAtOnce(v *Value, env *Env) bool {
	return (a.kind == Keep || a.kind == Scrub) && env.Detectors.Len() == 0 && scrub.PassesBy(v.Bytes, a.looksIn(v, env))
}

// recalled applies the action to a value, or appends what was made of it before.
func (a *Action) recalled(dst []byte, v Value, env *Env, salt uint64) ([]byte, Outcome) {
	sum, made, known := env.Memo.Recall(salt, v.Bytes)
	if known {
		env.Work.Spend(made.Steps)
		return append(dst, made.Bytes...), made.Outcome
	}
	before, _ := env.Work.Taken()
	base := len(dst)
	out, outcome := a.make(dst, v, env)
	after, _ := env.Work.Taken()
	if !env.Work.Spent() && len(out)-base <= MaxRemembered { // what was not looked over to its end is not known
		env.Memo.Remember(sum, Made{outcome, after - before, out[base:]})
	}
	return out, outcome
}

// make applies the action to a value that says something.
func (a *Action) make(dst []byte, v Value, env *Env) ([]byte, Outcome) {
	base := len(dst)
	out, outcome := a.is.apply(a, dst, v, env)
	if outcome == Dropped || outcome == Kept {
		return out[:base], outcome
	}
	if !a.is.anyway && bytes.Equal(out[base:], v.Bytes) && (v.Kind == NumberValue) == (outcome == RewrittenNumber) {
		return out[:base], Kept
	}
	return out, outcome
}
