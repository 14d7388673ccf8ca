package scrub

// Meter is the work that may be done on the values of one hit, in steps: a step is about what looking at one byte of a
// text takes. It fails closed: when the steps are spent, every value that it is asked for becomes "[scrubbed]", and
// whoever has the meter refuses the hit. The zero Meter allows nothing; a nil *Meter has no bound.
type Meter struct {
	most  int // steps that may be taken
	taken int // steps that were
}

// NewMeter returns a meter of so many steps.
func NewMeter(steps int) Meter { return Meter{most: steps} }

// Spend takes steps for work that is done elsewhere on the hit's behalf.
func (m *Meter) Spend(steps int) {
	if m != nil {
		m.taken += steps
	}
}

// Spent tells whether more work was asked for than the meter allows.
func (m *Meter) Spent() bool { return m != nil && m.taken > m.most }

// Taken returns how many steps were taken, and how many may be: a few more than
// those, for a text is counted as a whole.
func (m *Meter) Taken() (steps, most int) { return m.taken, m.most }

// unbounded is more steps than any value takes.
const unbounded = 1 << 62

// rest is how many steps are left.
func (m *Meter) rest() int {
	if m == nil {
		return unbounded
	}
	return max(0, m.most-m.taken)
}
