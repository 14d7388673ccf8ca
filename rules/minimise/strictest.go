package minimise

import (
	"slices"

	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// drop is what Strictest returns where neither action is stricter.
var drop = &Action{}

// Strictest returns the action that lets less through, for a field that several events share. Where neither lets less through than the
// other for every value (two lists of `only`, say), both together would, and Strictest returns one that drops.
func Strictest(a, b *Action) *Action {
	switch {
	case a == nil || a.kind == Drop:
		return a
	case b == nil || b.kind == Drop:
		return b
	case a.class == b.class && a.canon == b.canon:
		return a
	case stricter(a, b):
		return a
	case stricter(b, a):
		return b
	}
	return drop
}

// stricter tells whether a lets through no more than b, whatever the value.
func stricter(a, b *Action) bool {
	if a.class != b.class {
		return false
	}
	if a.kind == Replace {
		return b.kind != Replace
	}
	if b.kind == Keep {
		return true
	}
	switch {
	case a.kind == Derive:
		return b.kind == Pseudonymise || b.kind == Hash
	case a.kind == Truncate && b.kind == Scrub:
		return a.spec.Truncate.Chars != nil
	case a.kind == Generalise && b.kind == URL:
		return a.spec.Generalise == "origin"
	case a.kind != b.kind:
		return false
	case a.kind == Pseudonymise:
		return narrower(a, b)
	case a.kind == Truncate:
		return shorter(&a.spec.Truncate, &b.spec.Truncate)
	}
	return a.kind == Rare && rarer(&a.spec.Rare, &b.spec.Rare)
}

// Both returns the action for a field that is of two classes at once: of a's by its place, of b's by its name or by what may stand
// there. What looks at any text (keep, scrub) gives way to what knows the value; of two ways to treat an identifier the stricter holds;
// of any other two, which would have to be done together, neither: the field is dropped. It returns a, b or nil.
func Both(a, b *Action) *Action {
	switch {
	case a.Kind() == Drop || b.Kind() == Drop:
		return nil
	case b.kind == Keep, b.kind == Scrub && a.kind != Keep:
		return a
	case a.kind == Keep, a.kind == Scrub, a.canon == b.canon:
		return b
	case a.kind == Pseudonymise && b.kind == Pseudonymise:
		switch {
		case narrower(b, a):
			return b
		case narrower(a, b):
			return a
		}
	case identifying(a.kind) && identifying(b.kind) && a.kind != b.kind:
		if a.Rank() > b.Rank() {
			return a
		}
		return b
	}
	return nil
}

func identifying(k Kind) bool { return k == Hash || k == Pseudonymise || k == Derive }

// narrower tells whether a's pseudonyms join no more than b's.
func narrower(a, b *Action) bool {
	bits := func(x *Action) int {
		if n := x.spec.Pseudonymise.Bits; n > 0 {
			return n
		}
		return 256
	}
	nested := a.rotation == b.rotation || a.rotation == pseudonym.Day || b.rotation == pseudonym.Never
	return nested && (a.byPurpose || !b.byPurpose) && bits(a) <= bits(b)
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

// shorter tells whether a leaves no more than b.
func shorter(a, b *TruncateSpec) bool {
	if a.To != "" || b.To != "" {
		return a.To != "" && b.To != "" && unitOf(a.To) >= unitOf(b.To)
	}
	less := func(x, y *int) bool { return x == nil && y == nil || x != nil && y != nil && *x <= *y }
	dropped := func(x, y *int) bool { return x == nil || y != nil && *x <= *y }
	return dropped(a.V4, b.V4) && dropped(a.V6, b.V6) && less(a.Decimals, b.Decimals) && less(a.Chars, b.Chars)
}
