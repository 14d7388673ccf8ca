package objection

import (
	"errors"
	"fmt"
)

// writer is the one goroutine that changes the file, with what nobody else uses (but Open, before it begins). A group
// of requests goes through it in this order, and nothing of it is seen, recorded or answered out of that order:
//
//  1. one transaction applies all of it and commits, or none of it;
//  2. the file's readers get a view of the commit, then the index learns of its subjects, then remembered answers are
//     changed: who is told by the index that there is something finds it on disk. Then the store's version is another;
//  3. the changes are recorded on the ledger, group after group;
//  4. when every send has ended that could not have seen them, those who asked are answered. The next group does not
//     wait for that.
//
// Where 1 or 2 fails nobody knows what is on disk: the store takes nothing any more.
type writer struct {
	store           *Store
	scopes, sources *dictionary
	tree            *tree
	labels          labels
	old             bool // the file is of an older format
}

// writeAll takes what waits, group after group, until the store is closed.
func (w *writer) writeAll(stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		case <-w.store.queue.wake:
		}
		for {
			requests := w.store.queue.take()
			if len(requests) == 0 {
				break
			}
			w.write(requests)
		}
	}
}

// write does what a group of requests asks for: one transaction, one commit. Then the changes are made visible,
// recorded, and answered once they are in force. The next group does not wait for that.
func (w *writer) write(requests []*request) {
	s := w.store
	if requests = s.room.turnAway(requests, w.unchanging); len(requests) == 0 {
		return
	}
	g := &group{writer: w, requests: requests, answers: make([]answer, len(requests))}
	err := errors.Join(s.Present(), s.Err())
	if err == nil {
		if err = guarded(g.apply); err == nil && g.wrote {
			err = w.publish(g)
		}
		if err != nil {
			err = s.poison(err)
		}
		if g.tx != nil {
			_ = guarded(g.tx.Rollback) // what was committed is closed already
		}
	}
	if err != nil {
		for _, r := range requests {
			if r.order != nil { // it will be done when it can be; whoever asked waits
				r.order.done <- err
				continue
			}
			r.answer(nil, err)
		}
		return
	}
	if len(g.recorded) > 0 {
		_ = s.opts.Record(g.recorded, s.Head()) // see Options.Record
	}
	taken := false
	for _, r := range requests {
		if r.order != nil {
			r.order.done <- nil
		}
		taken = taken || r.untold != nil || r.batch != nil || r.follows != nil || r.keeps != nil || r.expire || r.probe != ""
	}
	answer := func() {
		gone := s.Present()
		for i, r := range requests {
			if gone != nil {
				r.answer(nil, gone) // it is in force, and may be lost with the process
				continue
			}
			r.answer(g.answers[i].receipts, g.answers[i].err)
		}
		tellProbed(s, requests)
	}
	if !taken {
		answer()
		return
	}
	// Also what changed nothing waits here: the change that came before it may not be in force yet.
	s.acting.Go(func() {
		s.opts.InForce()
		answer()
	})
}

// publish makes a commit visible: first what is read from disk, then which subjects are looked for
// there, then what is remembered of them.
func (w *writer) publish(g *group) error {
	s := w.store
	if err := s.file.renew(); err != nil {
		return fmt.Errorf("what was written cannot be read: %w", err)
	}
	few := len(g.states) <= 256 // many would drive out what is asked for
	for i := range g.states {
		if st := &g.states[i]; st.changed {
			s.index.add(&st.hash)
			s.recent.change(st.hash, st.record.standing(), few)
		}
	}
	s.table.Store(g.decided)
	s.state.Store(&g.state)
	if s.shared != nil {
		s.shared.published(g)
	}
	s.version.Add(1) // last: who has this number looks up after all of that
	return nil
}
