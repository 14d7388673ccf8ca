package segment

import (
	"fmt"
	"sync"
)

// batch is what is written by one write(2), and waited for together.
type batch struct {
	frames []byte
	n      int // records in frames
	kept   int // bytes at the front that nobody waits for; they are kept where the write fails
	keptN  int // records in them
	first  uint64
	done   sync.Cond // something became of it

	waiting int  // goroutines that still look at it
	held    bool // the bytes are being looked at, outside the mutex
	written bool
	err     error // it was not written, nor will be
}

// Ticket stands for records that were added. Either Written or Synced is called, once.
type Ticket struct {
	w *Writer
	b *batch
}

// Written waits until the records have been written: until write(2) has returned. An error says that they were not.
func (t Ticket) Written() error {
	t.w.mu.Lock()
	defer t.w.mu.Unlock()
	return t.written()
}

// written waits. The mutex is held.
func (t Ticket) written() error {
	err := t.waitWritten()
	t.w.leave(t.b)
	return err
}

// waitWritten waits until its batch is written. The first to come writes for all. The mutex is held.
func (t Ticket) waitWritten() error {
	w, b := t.w, t.b
	for !b.written && b.err == nil {
		switch {
		case w.writing || w.wanted || w.syncing && w.behind():
			b.done.Wait()
		case w.behind() && !w.waits():
			w.sync()
		default:
			w.write()
		}
	}
	return b.err
}

// Synced waits until the records are on disk. An error says that they were not written; [ErrUnknown],
// that they were, and that the disk failed, again at once and again at the next try, or that the
// writer was closed before it could be tried.
func (t Ticket) Synced() error {
	w := t.w
	w.mu.Lock()
	defer w.mu.Unlock()
	err := t.waitWritten()
	end := t.b.first + uint64(t.b.n)
	w.leave(t.b)
	for err == nil && w.unsynced.begin() < end {
		switch {
		case w.closed:
			err = ErrUnknown
		case w.lost && w.tries > 2:
			err = fmt.Errorf("%w: %w", ErrUnknown, w.err)
		case w.syncing || w.wanted || w.lost && w.waits():
			w.reached.Wait()
		default:
			w.sync()
		}
	}
	return err
}
