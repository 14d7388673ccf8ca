package scrub

// look is what one call looks for.
type look struct {
	want Set
	own  []own
}

// seen is what a pass over a text gave.
type seen struct {
	found Set
	label string // of the first of a site's own findings
	work  int    // bytes that loops without a bound of their own went over: a call's cost is a constant times this and the length
}

// note adds a finding.
func (s *seen) note(f *finding) {
	if f.kind == Own && s.label == "" {
		s.label = f.own
	}
	s.found |= 1 << f.kind
}

// spend notes that a loop went over n bytes.
func (s *seen) spend(n int) { s.work += n }
