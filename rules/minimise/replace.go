package minimise

// replace writes the constant; it stays a number where the value was one and the constant is one.
func (a *Action) replace(dst []byte, v Value) ([]byte, Outcome) {
	base := len(dst)
	dst = append(dst, a.spec.Replace...)
	if v.Kind == NumberValue && isNumber(dst[base:]) {
		return dst, RewrittenNumber
	}
	return dst, Rewritten
}
