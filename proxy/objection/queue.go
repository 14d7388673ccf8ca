package objection

import (
	"context"
	"sync"
	"sync/atomic"
)

// request is what waits for the writer: a batch, who follows whom, opt-outs to keep, a notice, or messages to
// acknowledge.
type request struct {
	batch   *Batch
	follows []Follow
	keeps   []Keep
	expire  bool   // who follows and was not seen for long
	probe   string // whom it is reported to that it is in force; "": it is none
	notice  *Notice
	ack     []uint64

	untold *untoldAct // is kept to be told
	again  bool       // whoever asks asks again where it was not done: an import

	order *turn    // its turn in an order that is shared; nil: it is this store's alone
	asked *request // the one that waits for it, in a store that was asked for what the order says
	wrong error    // why it is not done

	begun    atomic.Int32 // waiting, taken or left
	done     chan struct{}
	receipts []Receipt
	followed []Followed // of follows
	kept     int        // of keeps: for how many an opt-out is kept from now on
	more     bool       // of expire: there are more
	err      error
}

// What a request's begun says.
const (
	requestWaits = iota
	requestTaken
	requestLeft
)

// wait waits for the answer. The context ends only the waiting before the request was begun.
func (r *request) wait(ctx context.Context) error {
	select {
	case <-r.done:
	case <-ctx.Done():
		if r.begun.CompareAndSwap(requestWaits, requestLeft) {
			return ctx.Err()
		}
		<-r.done
	}
	return nil
}

func (r *request) answer(receipts []Receipt, err error) {
	r.receipts, r.err = receipts, err
	if of := r.asked; of != nil && of.begun.CompareAndSwap(requestWaits, requestTaken) {
		of.followed, of.kept, of.more = r.followed, r.kept, r.more
		of.answer(receipts, err)
	}
	close(r.done)
}

// mostInGroup is how many changes one transaction takes, if there is more than one batch: what waits beyond it is the
// next group.
const mostInGroup = 100_000

// queue is what waits for the writer, in the order in which it came.
type queue struct {
	wake chan struct{} // holds one when there may be something to take

	mu      sync.Mutex // guards what follows
	waiting []*request
	closed  bool
}

func newQueue() *queue { return &queue{wake: make(chan struct{}, 1)} }

// put puts requests behind the others. ErrClosed is the error.
func (q *queue) put(all ...*request) error {
	q.mu.Lock()
	if q.closed {
		q.mu.Unlock()
		return ErrClosed
	}
	q.waiting = append(q.waiting, all...)
	q.mu.Unlock()
	select {
	case q.wake <- struct{}{}:
	default:
	}
	return nil
}

// take takes the requests off that make the next group. Those whose senders left are dropped.
func (q *queue) take() []*request {
	q.mu.Lock()
	defer q.mu.Unlock()
	var group []*request
	changes := 0
	for i, r := range q.waiting {
		if r.batch != nil {
			changes += len(r.batch.Changes)
		}
		if len(group) > 0 && changes > mostInGroup {
			q.waiting = q.waiting[i:]
			return group
		}
		if r.begun.CompareAndSwap(requestWaits, requestTaken) {
			group = append(group, r)
		}
	}
	q.waiting = nil
	return group
}

// close takes nothing more, and returns what waits; first is false where that was done before.
func (q *queue) close() (left []*request, first bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return nil, false
	}
	left, q.waiting, q.closed = q.waiting, nil, true
	return left, true
}
