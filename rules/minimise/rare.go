package minimise

import (
	"slices"
	"strconv"
	"strings"

	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// What rare may ask for. Counting is exact up to MaxK.
const (
	MaxK    = 1000
	MaxDays = 30
)

// most is how many other classes a combination may have.
const most = 8

// passesShared passes values that enough networks share.
var passesShared = minimiser{
	name: "rare",
	done: "kept where it is not rare",
	params: []parameter{
		{Param: Param{Name: "k", Type: Int, Min: 2, Max: MaxK, Default: "50",
			About: "networks (IPv4 /24, IPv6 /32) from which a value must come on one day for it to pass"},
			at: func(s *Spec) any { return &s.Rare.K }},
		{Param: Param{Name: "days", Type: Int, Min: 1, Max: MaxDays, Default: "7",
			About: "how many days back one such day may lie, today included"},
			at: func(s *Spec) any { return &s.Rare.Days }},
		{Param: Param{Name: "with", Type: Names,
			About: "classes of fields of the same event: then the combination with those must come from k networks"},
			at: func(s *Spec) any { return &s.Rare.With }},
	},
	classes:  common,
	compile:  compileRare,
	apply:    rare,
	stricter: func(a, b *Action) bool { return b.kind == Rare && rarer(&a.spec.Rare, &b.spec.Rare) },
	measure:  Shared,
	effect:   func(s *Spec) []phrase { return []phrase{{"", []string{"n", strconv.Itoa(s.Rare.K)}}} },
	unsaid: func(s *Spec) []string {
		more := []string{plural.Of(s.Rare.Days, "day")}
		if len(s.Rare.With) > 0 {
			more = append(more, "with "+strings.Join(s.Rare.With, ", "))
		}
		return more
	},
	words: Words{
		"": {
			"en": "sent only if at least {n} networks share the value",
			"de": "nur weitergegeben, wenn der Wert in mindestens {n} Netzen vorkommt",
			"fr": "transmission uniquement si la valeur apparaît dans au moins {n} réseaux",
		},
	},
}

// RareSpec says which values are too rare to pass.
type RareSpec struct {
	K    int      // networks that must share a value on one day; 0 is 50
	Days int      // how many days back one such day may lie, today included; 0 is 7
	With []string // classes of fields of the same event: then the combination with those must be shared
}

func compileRare(a *Action) error {
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
	return nil
}

// Rarity says how many networks must share a value, and together with those of which
// classes; 0 where the action does not ask.
func (a *Action) Rarity() (k int, with []hit.Class) {
	if a.Kind() != Rare {
		return 0, nil
	}
	return a.spec.Rare.K, a.with
}

// rare passes a value that enough networks share; any other becomes "other". Without counts every value is rare.
func rare(a *Action, dst []byte, v Value, env *Env) ([]byte, Outcome) {
	value := v.Bytes
	if len(a.with) > 0 {
		value = env.Together
	}
	if env.Rare != nil && len(value) > 0 && env.Rare.Common(a.class, value, a.spec.Rare.K, a.spec.Rare.Days) {
		return dst, Kept
	}
	return append(dst, "other"...), Rewritten
}

// rarer tells whether what passes a passes b. Networks that share a combination share what is in it.
func rarer(a, b *RareSpec) bool {
	for _, class := range b.With {
		if !slices.Contains(a.With, class) {
			return false
		}
	}
	return a.K >= b.K && a.Days <= b.Days
}
