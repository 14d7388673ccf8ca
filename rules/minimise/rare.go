package minimise

// rare passes a value that enough subjects share; any other becomes "other". Without counts every value is rare.
func (a *Action) rare(dst []byte, v Value, env *Env) ([]byte, Outcome) {
	if env.Rare != nil && env.Rare.Common(a.class, v.Bytes, a.spec.K) {
		return dst, Kept
	}
	return append(dst, "other"...), Rewritten
}
