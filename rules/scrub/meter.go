package scrub

// Meter is the work that may be done on the values of one hit, in steps: a step is about what looking at one byte of a text takes. It fails
// closed: when the steps are spent, every value that it is asked for becomes "[scrubbed]", and whoever has the meter refuses the hit. The
// zero Meter allows nothing; a nil *Meter has no bound.
type Meter struct {
	left  int
	over  int // how many steps more were taken
	spent bool
}

// NewMeter returns a meter of so many steps.
func NewMeter(steps int) Meter { return Meter{left: steps} }

// Spend takes steps for work that is done elsewhere on the hit's behalf.
func (m *Meter) Spend(steps int) {
	if m == nil {
		return
	}
	if m.left -= steps; m.left < 0 {
		m.over -= m.left
		m.left, m.spent = 0, true
	}
}

// Spent tells whether more work was asked for than the meter allows.
func (m *Meter) Spent() bool { return m != nil && m.spent }

// unbounded is more steps than any value takes.
const unbounded = 1 << 62

// rest is how many steps are left.
func (m *Meter) rest() int {
	switch {
	case m == nil:
		return unbounded
	case m.spent:
		return 0
	default:
		return m.left
	}
}
