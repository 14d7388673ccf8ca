package scrub

// budget is the steps that may be taken, and those that were.
type budget struct{ most, steps int }

// spend notes steps that were taken.
func (b *budget) spend(steps int) { b.steps += steps }

// over tells whether more were taken than may be.
func (b *budget) over() bool { return b.steps > b.most }

// left is how many may be taken still; below zero where it is over.
func (b *budget) left() int { return b.most - b.steps }
