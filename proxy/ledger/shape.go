package ledger

import (
	"errors"

	"go.uber.org/zap/zapcore"
)

// Shape is which fields of an event were kept, dropped and changed. Names are those of catalog and policy; what neither
// knows is "*".
type Shape struct {
	ID      string
	Kept    []string
	Changed []string
	Dropped []string
}

// MarshalLogObject writes a shape's members.
func (s *Shape) MarshalLogObject(to zapcore.ObjectEncoder) error {
	addText(to, "shape", s.ID)
	return errors.Join(
		to.AddArray("kept", (*texts)(&s.Kept)), to.AddArray("changed", (*texts)(&s.Changed)),
		to.AddArray("dropped", (*texts)(&s.Dropped)))
}

func (s *Shape) items() int { return len(s.Kept) + len(s.Changed) + len(s.Dropped) }

// halve makes two records of one that is too long for a line.
func (s *Shape) halve() (first, rest divisible) {
	h := halving{left: (sizes(s.Kept, size) + sizes(s.Changed, size) + sizes(s.Dropped, size)) / 2}
	a, b := Shape{ID: s.ID}, Shape{ID: s.ID}
	a.Kept, b.Kept = take(&h, s.Kept, size)
	a.Changed, b.Changed = take(&h, s.Changed, size)
	a.Dropped, b.Dropped = take(&h, s.Dropped, size)
	return &a, &b
}
