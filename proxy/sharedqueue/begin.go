package sharedqueue

import (
	"context"
	"encoding/binary"
	"errors"
	"sync"
)

// taking is what marks of a message that is taken now say of who wrote them.
func (q *Queue) taking() (by [16]byte) {
	by = q.run
	binary.BigEndian.PutUint64(by[8:], binary.BigEndian.Uint64(by[8:])+q.takings.Add(1))
	return by
}

// Begin marks items that are about to be sent and must not be sent twice. It returns nil when the quorum has that, at
// once where they were marked before. The error is [ErrLost] where another node has the message by now.
func (m *Message) Begin(ctx context.Context, items ...int) error {
	m.mu.Lock()
	for _, item := range items {
		m.want.Add(item)
	}
	m.mu.Unlock()
	m.marking.Lock()
	defer m.marking.Unlock()
	if m.lost.Load() {
		return ErrLost
	}
	marked := !m.doubt
	for _, item := range items {
		marked = marked && m.mark.begun.Has(item)
	}
	if marked {
		return nil
	}
	return m.put(ctx, m.next())
}

// TakeBack says of items that were to be sent, or were, that they certainly did not count: whoever takes the
// message next may send them. It waits for nothing. Until the quorum has it, and where it never does, they may
// have been sent as far as others know.
func (m *Message) TakeBack(items ...int) {
	m.mu.Lock()
	for _, item := range items {
		m.want.Remove(item)
	}
	m.mu.Unlock()
	m.q.sayLater(m)
}

// SayEnded says of items that they have ended, which is kept elsewhere: whoever takes the message next
// passes them over. It waits for nothing.
func (m *Message) SayEnded(items Set) {
	m.mu.Lock()
	m.over = m.over.with(items)
	m.mu.Unlock()
	m.q.sayLater(m)
}

// next is the mark that is to be there.
func (m *Message) next() mark {
	m.mu.Lock()
	defer m.mu.Unlock()
	next := m.mark
	next.begun, next.ended = m.want, m.over
	return next
}

// put puts a mark in place of the one that is there. The mutex of marking is held.
func (m *Message) put(ctx context.Context, next mark) error {
	seq, err := marking(m.q).writeMark(ctx, m.id, &next, m.seq)
	m.doubt = err != nil
	switch {
	case err == nil:
		m.mark, m.seq = next, seq
	case errors.Is(err, ErrLost):
		m.lost.Store(true)
	}
	return err
}

// say writes what was taken back, and what has ended. True: it is to be tried again.
func (m *Message) say(ctx context.Context) (again bool) {
	m.marking.Lock()
	defer m.marking.Unlock()
	m.mu.Lock()
	gone := m.gone
	m.mu.Unlock()
	if gone || m.lost.Load() {
		return false
	}
	if next := m.next(); m.doubt || next != m.mark {
		return m.put(ctx, next) != nil && !m.lost.Load()
	}
	return false
}

// sayLater has a message be among those of which something is to be said.
func (q *Queue) sayLater(m *Message) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.unsaid[m] = true
	select {
	case q.saying <- struct{}{}:
	default:
	}
}

// mostSaid is of how many messages something is said at once.
const mostSaid = 16

// sayAlways says of messages what of their items was taken back, and what ended.
func (q *Queue) sayAlways() {
	for {
		select {
		case <-q.ctx.Done():
			return
		case <-q.saying:
		}
		q.mu.Lock()
		all := q.unsaid
		q.unsaid = map[*Message]bool{}
		q.mu.Unlock()
		var said sync.WaitGroup
		places := make(chan struct{}, mostSaid)
		for m := range all {
			places <- struct{}{}
			said.Go(func() {
				defer func() { <-places }()
				if m.say(q.ctx) {
					q.sayLater(m)
				}
			})
		}
		said.Wait()
	}
}
