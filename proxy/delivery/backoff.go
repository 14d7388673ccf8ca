package delivery

import "time"

// Backoff is how long it is until an event is tried again: as long as is drawn between nothing and a bound that doubles
// with each attempt, so that events which failed together do not come again together ("full jitter").
type Backoff struct {
	First time.Duration // the bound after the first attempt
	Most  time.Duration // the bound after any; no less than First
}

// Delay is how long to wait after an attempt, counted from 1. Random is drawn from [0, 1); after is how long the vendor
// asks to wait ([Outcome.After]): it is no less than that, where that is an hour at most.
func (b Backoff) Delay(attempt int, after time.Duration, random float64) time.Duration {
	bound := min(b.First, b.Most)
	for range min(attempt, 64) - 1 {
		if bound >= b.Most-bound {
			bound = b.Most
			break
		}
		bound *= 2
	}
	return max(time.Duration(random*float64(bound)), min(after, mostAfter))
}
