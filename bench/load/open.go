package load

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Stream is hits of one kind.
type Stream struct {
	Books  *Books
	Render func(dst []byte, serial uint64) []byte
}

// Open is a run of hits that come when they come, whether those before were answered or not: each has a moment
// at which it is due, and the time that it takes counts from then. What waits for a connection waits as a
// visitor would (no coordinated omission).
type Open struct {
	Address string
	Conns   int      // connections; hits under way at a time
	Rate    float64  // hits a second, on average; 0: each is due as soon as a connection is free
	Seed    uint64   // of the pauses between hits
	Streams []Stream // one hit of each in turn; books of the same length
}

// OpenResult is how such a run went.
type OpenResult struct {
	Took     time.Duration           // from the first hit's moment to the last answer
	Answered *hdrhistogram.Histogram // from a hit's moment to its answer, in microseconds
	// from a hit's moment until it was sent: what of that is the generator's, or for want of a connection
	Late *hdrhistogram.Histogram
}

// longest is what the histograms hold at most, in microseconds.
const longest = int64(60 * time.Second / time.Microsecond)

func newHistogram() *hdrhistogram.Histogram { return hdrhistogram.New(1, longest, 3) }

// Do sends every hit of the books. Whatever is not answered with 2xx ends the run.
func (o *Open) Do(ctx context.Context) (OpenResult, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	due := o.moments()
	var next atomic.Uint64
	var all sync.WaitGroup
	var mu sync.Mutex // guards result
	result := OpenResult{Answered: newHistogram(), Late: newHistogram()}
	from := time.Now()
	for range o.Conns {
		all.Go(func() {
			c := openConnection{open: o, due: due, from: from, next: &next, answered: newHistogram(), late: newHistogram()}
			if err := c.send(ctx); err != nil {
				cancel(err)
			}
			mu.Lock()
			defer mu.Unlock()
			result.Answered.Merge(c.answered)
			result.Late.Merge(c.late)
		})
	}
	all.Wait()
	result.Took = time.Since(from)
	if err := context.Cause(ctx); err != nil {
		return OpenResult{}, fmt.Errorf("cannot send hits to %s: %w", o.Address, err)
	}
	return result, nil
}

// moments are when each hit is due, from the start: pauses as between visitors who know nothing of each other
// (Poisson). They are drawn before, and the same for the same seed.
func (o *Open) moments() []time.Duration {
	n := uint64(0)
	for _, s := range o.Streams {
		n += s.Books.count
	}
	all := make([]time.Duration, n)
	if o.Rate <= 0 {
		return all
	}
	random, at := rand.New(rand.NewPCG(o.Seed, 0)), 0.0 //nolint:gosec // load, by a seed that is printed
	for i := range all {
		at += -math.Log(1-random.Float64()) / o.Rate
		all[i] = time.Duration(at * float64(time.Second))
	}
	return all
}

// openConnection is one client, who sends whichever hit is due next.
type openConnection struct {
	open           *Open
	due            []time.Duration
	from           time.Time
	next           *atomic.Uint64
	answered, late *hdrhistogram.Histogram
	connection
}

func (c *openConnection) send(ctx context.Context) error {
	defer c.close()
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for ctx.Err() == nil {
		i := c.next.Add(1) - 1
		if i >= uint64(len(c.due)) {
			return nil
		}
		of := c.open.Streams[i%uint64(len(c.open.Streams))]
		serial := of.Books.first + i/uint64(len(c.open.Streams))
		c.request = of.Render(c.request[:0], serial)
		due := c.from.Add(c.due[i])
		if c.open.Rate <= 0 {
			due = time.Now()
		} else if wait := time.Until(due); wait > 0 {
			timer.Reset(wait)
			select {
			case <-ctx.Done():
				return nil
			case <-timer.C:
			}
		}
		if err := c.sendDue(ctx, of.Books, serial, due); err != nil {
			return err
		}
	}
	return nil
}

// sendDue sends the request that is ready, and notes how late that was and how long it took, from when it was due.
func (c *openConnection) sendDue(ctx context.Context, books *Books, serial uint64, due time.Time) error {
	if err := c.dial(ctx, c.open.Address); err != nil {
		return err
	}
	books.Sent(serial)
	if err := c.late.RecordValue(max(time.Since(due).Microseconds(), 0)); err != nil {
		return err
	}
	if err := c.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	last, err := c.exchange(serial)
	if err != nil {
		return err
	}
	books.Answered()
	if last {
		c.close()
	}
	return c.answered.RecordValue(max(time.Since(due).Microseconds(), 0))
}
