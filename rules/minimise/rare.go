package minimise

import (
	"slices"

	"github.com/tagwarden/tagwarden/rules/hit"
)

// What rare may ask for. Counting is exact up to MaxK.
const (
	MaxK    = 1000
	MaxDays = 30
)

// most is how many other classes a combination may have.
const most = 8

func (a *Action) compileRare() error {
	r := &a.spec.Rare
	if r.K == 0 {
		r.K = 50
	}
	if r.Days == 0 {
		r.Days = 7
	}
	if r.K < 2 || r.K > MaxK {
		return wrong("k", "must be at least 2, and at most %d", MaxK)
	}
	if r.Days < 1 || r.Days > MaxDays {
		return wrong("days", "must be from 1 to %d", MaxDays)
	}
	if len(r.With) > most {
		return wrong("with", "must be at most %d classes", most)
	}
	r.With = slices.Clone(r.With)
	for _, name := range r.With {
		class, ok := hit.ParseClass(name)
		if !ok || !common.has(class) || class == a.class {
			return wrong("with", "%q is none of the other classes that values are counted of: %v", name, common)
		}
		a.with = append(a.with, class)
	}
	slices.Sort(a.with)
	a.with = slices.Compact(a.with)
	return a.fits(common)
}

// Rarity says how many networks must share a value, and together with those of which classes; 0 where the action does not ask.
func (a *Action) Rarity() (k int, with []hit.Class) {
	if a.Kind() != Rare {
		return 0, nil
	}
	return a.spec.Rare.K, a.with
}

// rare passes a value that enough networks share; any other becomes "other". Without counts every value is rare.
func (a *Action) rare(dst []byte, v Value, env *Env) ([]byte, Outcome) {
	value := v.Bytes
	if len(a.with) > 0 {
		value = env.Together
	}
	if env.Rare != nil && len(value) > 0 && env.Rare.Common(a.class, value, a.spec.Rare.K, a.spec.Rare.Days) {
		return dst, Kept
	}
	return append(dst, "other"...), Rewritten
}
