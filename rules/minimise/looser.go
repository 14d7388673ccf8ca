package minimise

// NoLooserThan tells whether an action lets through no more than another of the same minimiser, whatever the value.
// Where nobody can tell it does not.
func (a *Action) NoLooserThan(b *Action) bool {
	return a != nil && b != nil && a.kind == b.kind && a.class == b.class && (a.canon == b.canon || stricter(a, b))
}
