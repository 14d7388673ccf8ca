package minimise

// drop is what Strictest returns where neither action is stricter.
var drop = &Action{}

// Strictest returns the action that lets less through, for a field that several events share. Where
// neither lets less through than the other for every value (two lists of `only`, say), both together
// would, and Strictest returns one that drops.
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
	return b.kind == Keep || a.is.stricter != nil && a.is.stricter(a, b)
}

// Both returns the action for a field that is of two classes at once: of a's by its place, of b's by its name or by
// what may stand there. What looks at any text (keep, scrub) gives way to what knows the value; of two ways to
// treat an identifier the stricter holds; of any other two, which would have to be done together, neither: the
// field is dropped. It returns a, b or nil.
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

// identifying tells whether two ways to treat an identifier are compared by their ranks.
func identifying(k Kind) bool { return k.Measure() == Pseudonymised || k.Measure() == Hashed }
