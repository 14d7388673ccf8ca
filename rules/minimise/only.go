package minimise

// pass passes listed values, byte for byte, and drops others.
func (a *Action) pass(dst []byte, v Value) ([]byte, Outcome) {
	if _, ok := a.only[string(v.Bytes)]; ok {
		return dst, Kept
	}
	return dst, Dropped
}
