package proxy

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tagwarden/tagwarden/proxy/delivery"
	"github.com/tagwarden/tagwarden/proxy/queue"
)

// courier delivers to one vendor, by as many workers as it may be asked at once.
type courier struct {
	*dispatcher
	vendor  string
	pace    *delivery.Pace
	backoff atomic.Pointer[delivery.Backoff]
	arrived <-chan struct{}
	asking  atomic.Int64 // requests that are under way

	snapshot *Snapshot // that was followed last; the dispatcher's own

	gathering sync.Mutex // held by the worker that gathers, or waits for something to gather
	more      chan int   // how many workers are wanted now
}

func newCourier(d *dispatcher, vendor string) *courier {
	return &courier{
		dispatcher: d, vendor: vendor, arrived: d.queue.Arrived(vendor), more: make(chan int, 1),
		pace: delivery.NewPace(delivery.PaceOptions{}),
	}
}

// follow takes up what a snapshot says of the vendor. Of one that it has no more, everything is dropped as it comes.
func (c *courier) follow(s *Snapshot) {
	if c.snapshot == s {
		return
	}
	c.snapshot = s
	of, server := s.Loaded.Server.Vendors[c.vendor], &s.Loaded.Server
	workers := max(of.Concurrency, 1)
	c.pace.Set(delivery.PaceOptions{Concurrency: workers, Rate: float64(of.Rate)})
	c.backoff.Store(&delivery.Backoff{
		First: time.Duration(server.Delivery.Retry.First), Most: time.Duration(server.Delivery.Retry.Most),
	})
	select {
	case <-c.more:
	default:
	}
	c.more <- workers
}

// run works until the context ends, and returns when nothing is under way any more.
func (c *courier) run(ctx context.Context) {
	var working sync.WaitGroup
	defer working.Wait()
	begun := 0
	for {
		select {
		case <-ctx.Done():
			return
		case most := <-c.more: // of those that are too many by then, some find no place with the vendor
			for ; begun < most; begun++ {
				working.Go(func() { c.work(ctx) })
			}
		}
	}
}

// work takes events as they come due, one exchange after the other.
func (c *courier) work(ctx context.Context) {
	t := time.NewTimer(mostPause)
	defer t.Stop()
	for x := newExchange(c); ctx.Err() == nil; {
		turn, it, may := c.next(ctx, t, x)
		if !may {
			x.letOthersGather()
			continue
		}
		c.asking.Add(1)
		if !x.deliver(ctx, t, turn, it) {
			x = newExchange(c) // what a panic left of it is not used again
		}
		c.asking.Add(-1)
		if x.stalled { // so would the next one
			x.stalled = false
			pause(ctx, t, nil, againAfter)
		}
	}
}

// next is the next event, with leave to ask the vendor; or it waits, and there is none.
func (c *courier) next(ctx context.Context, t *time.Timer, x *exchange) (turn delivery.Turn, it queue.Item, may bool) {
	x.gatherAlone()
	if ctx.Err() != nil {
		return turn, it, false
	}
	if wait, known := c.queue.Wait(c.vendor); !known || wait > 0 {
		c.pauseUntilDue(ctx, t, wait, known)
		return turn, it, false
	}
	// First the leave, then the event: one that is only looked at would be kept from whoever else wants it.
	resumed := c.pace.Resumed()
	turn, wait, may := c.pace.TryBegin()
	if !may {
		pause(ctx, t, resumed, max(wait, leastPause))
		return turn, it, false
	}
	if it, may = c.queue.Next(c.vendor, queue.Due); !may {
		turn.Return()
		pause(ctx, t, c.arrived, leastPause) // another worker was faster, or it is over
	}
	return turn, it, may
}

// How long a worker waits: at most, where nothing is known to become due; at least, where it may not ask the vendor.
const (
	mostPause  = time.Minute
	leastPause = 20 * time.Millisecond
)

// pauseUntilDue waits until an event may be due: as long as is known, or until one arrives.
func (c *courier) pauseUntilDue(ctx context.Context, t *time.Timer, wait time.Duration, known bool) {
	if !known {
		wait = mostPause
	}
	pause(ctx, t, c.arrived, wait)
}

// pause waits for a while, until something arrives, or until the end.
func pause(ctx context.Context, t *time.Timer, arrived <-chan struct{}, d time.Duration) {
	t.Reset(min(max(d, time.Millisecond), mostPause))
	select {
	case <-ctx.Done():
	case <-arrived:
	case <-t.C:
	}
}

// sweep ends what has waited for too long, also where the vendor may not be asked.
func (c *courier) sweep() {
	for {
		it, found := c.queue.Next(c.vendor, queue.Expired)
		if !found || !c.finish([]queue.Item{it}, whyExpired) {
			return
		}
	}
}
