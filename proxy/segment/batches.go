package segment

import (
	"slices"
	"sync"
)

// batches are what is added, and what is added to next. They are used under the writer's mutex.
type batches struct {
	locker sync.Locker
	next   *batch // what is added
	kept   []byte // records that nobody waits for, and that no failure loses
	keptN  int
	free   []*batch
}

// begin begins with nothing added.
func (s *batches) begin(under sync.Locker) {
	s.locker = under
	s.next = s.fresh()
}

// leave is called by whoever waited for a batch.
func (s *batches) leave(b *batch) {
	b.waiting--
	s.recycle(b)
}

// recycle takes a batch back that nobody needs any more.
func (s *batches) recycle(b *batch) {
	if b.waiting > 0 || b.held || b == s.next || !b.written && b.err == nil || len(s.free) >= mostFree {
		return
	}
	if cap(b.frames) > mostKept {
		return
	}
	frames := b.frames[:0]
	*b = batch{frames: frames}
	b.done.L = s.locker
	s.free = append(s.free, b)
}

// How many batches are kept to be used again, and how large ones.
const (
	mostFree = 16
	mostKept = 1 << 20
)

// fresh is a batch to add to.
func (s *batches) fresh() *batch {
	if n := len(s.free); n > 0 {
		b := s.free[n-1]
		s.free = s.free[:n-1]
		return b
	}
	b := new(batch)
	b.done.L = s.locker
	return b
}

// take takes what was added, with what nobody waits for in front of it.
func (s *batches) take(number uint64) *batch {
	b := s.next
	s.next = s.fresh()
	if s.keptN > 0 {
		b.kept, b.keptN = len(s.kept), s.keptN
		b.frames, s.kept = append(s.kept, b.frames...), b.frames[:0]
		b.n += s.keptN
		s.keptN = 0
	}
	b.first = number
	return b
}

// fail gives a batch up that was not written. What nobody waits for comes first in the next one.
func (s *batches) fail(b *batch, err error) {
	if b.keptN > 0 {
		s.kept = slices.Insert(s.kept, 0, b.frames[:b.kept]...)
		s.keptN += b.keptN
	}
	b.err = err
	b.done.Broadcast()
}

// failNext gives up what was added meanwhile: it may refer to what was not written.
func (s *batches) failNext(err error) {
	if s.next.n == 0 {
		return
	}
	b := s.next
	s.next = s.fresh()
	s.fail(b, err)
	s.recycle(b)
}
