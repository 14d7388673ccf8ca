package objection

import (
	"errors"
	"fmt"
)

// mostInGroup is how many changes one transaction takes, if there is more than one batch: what waits beyond it is the next group.
const mostInGroup = 100_000

// writeAll takes what waits, group after group, until the store is closed.
func (s *Store) writeAll() {
	defer s.idle.Done()
	for {
		select {
		case <-s.stop:
			return
		case <-s.wake:
		}
		for {
			requests := s.take()
			if len(requests) == 0 {
				break
			}
			s.write(requests)
		}
	}
}

// take takes the requests off that make the next group. Those whose senders left are dropped.
func (s *Store) take() []*request {
	s.mu.Lock()
	defer s.mu.Unlock()
	var group []*request
	changes := 0
	for i, r := range s.waiting {
		if r.batch != nil {
			changes += len(r.batch.Changes)
		}
		if len(group) > 0 && changes > mostInGroup {
			s.waiting = s.waiting[i:]
			return group
		}
		if r.begun.CompareAndSwap(requestWaits, requestTaken) {
			group = append(group, r)
		}
	}
	s.waiting = nil
	return group
}

// write does what a group of requests asks for: one transaction, one commit. Then the changes are made visible, recorded, and answered once
// they are in force. The next group does not wait for that.
func (s *Store) write(requests []*request) {
	if requests = s.turnAway(requests); len(requests) == 0 {
		return
	}
	g := &group{store: s, requests: requests, answers: make([]answer, len(requests))}
	err := errors.Join(s.Present(), s.Err())
	if err == nil {
		if err = guarded(g.apply); err == nil && g.wrote {
			err = s.publish(g)
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
			r.answer(nil, err)
		}
		return
	}
	if len(g.recorded) > 0 {
		_ = s.opts.Record(g.recorded, s.Head()) // see Options.Record
	}
	taken := false
	for _, r := range requests {
		taken = taken || r.batch != nil
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

// publish makes a commit visible: first what is read from disk, then which subjects are looked for there, then what is remembered of them.
func (s *Store) publish(g *group) error {
	if err := s.renew(); err != nil {
		return fmt.Errorf("what was written cannot be read: %w", err)
	}
	few := len(g.standing) <= 256 // many would drive out what is asked for
	for i := range g.standing {
		if st := &g.standing[i]; st.changed {
			s.index.add(&st.hash)
			s.recent.change(st.hash, st.record.scopes, few)
		}
	}
	s.state.Store(&g.state)
	return nil
}
