package proxy

import (
	"context"
	"sync"
)

// acknowledge acknowledges messages of which everything has ended, once that is on disk, until the context ends.
func (t *takers) acknowledge(ctx context.Context) {
	for ctx.Err() == nil {
		pauseFor(ctx, t.ended, mostPause)
		for t.acknowledgeSome(ctx) {
			pauseFor(ctx, nil, againAfter)
		}
	}
}

// acknowledgeSome acknowledges what there is; true: some of it is left to be tried again.
func (t *takers) acknowledgeSome(ctx context.Context) (again bool) {
	t.mu.Lock()
	all := t.over
	t.over = nil
	t.mu.Unlock()
	if len(all) == 0 {
		return false
	}
	var left []*lease
	if err := t.ledger.Sync(); err != nil {
		left = all
	} else {
		left = t.done(ctx, all)
	}
	if len(left) == 0 {
		return false
	}
	t.mu.Lock()
	t.over = append(t.over, left...)
	t.mu.Unlock()
	return ctx.Err() == nil
}

// mostAcknowledged is how many messages are acknowledged at once.
const mostAcknowledged = 64

// done acknowledges messages, and returns those of which nobody knows whether they are.
func (t *takers) done(ctx context.Context, all []*lease) (left []*lease) {
	var mu sync.Mutex
	var asking sync.WaitGroup
	places := make(chan struct{}, mostAcknowledged)
	for _, one := range all {
		places <- struct{}{}
		asking.Go(func() {
			defer func() { <-places }()
			ctx, cancel := context.WithTimeout(ctx, againAfter)
			defer cancel()
			if one.Lost() {
				one.Forget()
			} else if one.Done(ctx, one.secret) != nil {
				mu.Lock()
				left = append(left, one)
				mu.Unlock()
			}
		})
	}
	asking.Wait()
	return left
}
