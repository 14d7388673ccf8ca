package scrub

// look is what one call looks for.
type look struct {
	want Set
	own  []own
	most int // steps that may be taken
}

// seen is what a pass over a text gave.
type seen struct {
	found Set
	label string // of the first of a site's own findings
	steps int    // that were taken
}

// note adds a finding.
func (s *seen) note(f *finding) {
	if f.kind == Own && s.label == "" {
		s.label = f.own
	}
	s.found |= 1 << f.kind
}
