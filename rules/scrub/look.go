package scrub

// look is what one call looks for.
type look struct {
	want Set
	own  []own
	most int // steps that may be spent
}

// seen is what a pass over a text gave.
type seen struct {
	found Set
	label string // of the first of a site's own findings
	work  int    // steps that were spent
}

// over tells whether more was spent than may be.
func (s *scan) over() bool { return s.work > s.most }

// note adds a finding.
func (s *seen) note(f *finding) {
	if f.kind == Own && s.label == "" {
		s.label = f.own
	}
	s.found |= 1 << f.kind
}

// spend notes steps that were taken.
func (s *seen) spend(steps int) { s.work += steps }
