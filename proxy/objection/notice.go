package objection

import (
	"context"
	"errors"
)

// Notice is something that other systems are told, and that is no act of anybody's: that a review is near. Its messages
// wait in the outbox with those of acts.
type Notice struct {
	About    string // what it is about: the same text for each of its steps. It is kept in clear, and names nobody
	Step     uint64 // how far that has come: each step has a greater number than the one before; not 0
	Messages []Message
}

// Post keeps the messages of a notice until Ack, and that they were kept: both are on disk when it returns, or neither.
// Of a step that was kept before, or of one before that, nothing is kept again, be they sent or not: kept is false. The
// errors and the context are those of Apply.
func (s *Store) Post(ctx context.Context, n Notice) (kept bool, err error) {
	if n.About == "" || n.Step == 0 {
		return false, errors.New("a notice is about something, and its steps begin with 1")
	}
	r := &request{notice: &n, done: make(chan struct{})}
	if err := s.submit(ctx, r); err != nil {
		return false, err
	}
	return len(r.receipts) > 0 && r.receipts[0].New, r.err
}

// notice keeps the messages of a notice. How far a notice has come is kept as the progress of an import is, whose names
// are digests in hexadecimal: behind "notice " none of them is met.
func (g *group) notice(n *Notice) (Receipt, error) {
	step := Progress{File: "notice " + n.About, Line: n.Step}
	if progress(g.tx, step.File) >= n.Step {
		return Receipt{}, nil
	}
	g.wrote = true
	return Receipt{Recorded: g.now, New: true}, errors.Join(putProgress(g.tx, &step), g.post(n.Messages, nil))
}
