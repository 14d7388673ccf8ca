package delivery

import (
	"context"
	"errors"
	"math"
	"sync"
	"time"

	"github.com/sony/gobreaker/v2"
	"golang.org/x/time/rate"
)

// PaceOptions bound how one vendor is asked.
type PaceOptions struct {
	Concurrency int     // requests at once; 8 where it is 0 or less
	Rate        float64 // requests a second, a fraction too; as many as it takes where it is 0 or less
}

// The breaker's: after so many failures in a row a vendor is not asked, but once in a while, to see whether it is back.
const (
	failuresInRow = 5
	probeEvery    = 5 * time.Second
)

// Pace says when a vendor may be asked: no more requests at once than it is to have, no more a second, none while it
// asks to be left alone (Retry-After of 429 and 503), and while it is down one every five seconds. Its methods may be
// called from many goroutines at once. What it says of one vendor holds up no other.
type Pace struct {
	breaker *gobreaker.TwoStepCircuitBreaker[struct{}]
	limit   *rate.Limiter

	mu      sync.Mutex
	most    int
	busy    int
	until   time.Time     // the vendor asked to be left alone until then
	asked   int           // by an answer of this status
	resumed chan struct{} // closed when somebody ends that
	opened  time.Time     // when the breaker did
	changed chan struct{} // closed when a request has ended, or the bounds are others; nil where nobody waits for it
}

// NewPace makes a pace, of a vendor that is taken to be up.
func NewPace(o PaceOptions) *Pace {
	p := &Pace{limit: rate.NewLimiter(rate.Inf, 1), resumed: make(chan struct{})}
	p.breaker = gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		MaxRequests:  1,
		Timeout:      probeEvery,
		ReadyToTrip:  func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= failuresInRow },
		IsSuccessful: func(err error) bool { return err == nil },
		IsExcluded:   func(err error) bool { return errors.Is(err, errSilent) },
		OnStateChange: func(_ string, _, to gobreaker.State) { // p.mu is held
			if to == gobreaker.StateOpen {
				p.opened = time.Now()
			}
		},
	})
	p.Set(o)
	return p
}

// Set puts other bounds in place. Requests that are under way go on, and what is known of the vendor stays.
func (p *Pace) Set(o PaceOptions) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.most = o.Concurrency; p.most <= 0 {
		p.most = 8
	}
	limit, burst := rate.Inf, 1
	if o.Rate > 0 {
		limit, burst = rate.Limit(o.Rate), max(1, int(math.Ceil(o.Rate/100))) // what is due within 10 ms may leave at once
	}
	if p.limit.Limit() != limit {
		p.limit.SetLimit(limit)
		p.limit.SetBurst(burst)
	}
	p.tell()
}

// Turn is leave to ask a vendor once. Whoever has it says how that ended, once: [Turn.End], or [Turn.Return].
type Turn struct {
	pace *Pace
	done func(error)
}

// Begin waits until the vendor may be asked. The error is the context's.
func (p *Pace) Begin(ctx context.Context) (Turn, error) {
	for {
		turn, wait, changed := p.try()
		if changed == nil {
			return turn, nil
		}
		var due <-chan time.Time
		var timer *time.Timer
		if wait > 0 {
			timer = time.NewTimer(wait)
			due = timer.C
		}
		select {
		case <-ctx.Done():
		case <-changed:
		case <-due:
		}
		if timer != nil {
			timer.Stop()
		}
		if err := ctx.Err(); err != nil {
			return Turn{}, err
		}
	}
}

// TryBegin tells whether the vendor may be asked now. Where it may not, wait is how long that is so at least; 0 where
// nobody knows, since it is until a request that is under way ends.
func (p *Pace) TryBegin() (turn Turn, wait time.Duration, ok bool) {
	turn, wait, changed := p.try()
	return turn, wait, changed == nil
}

// try takes a turn, or tells how long to wait for one, and what is closed where it may be sooner.
func (p *Pace) try() (turn Turn, wait time.Duration, changed <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if p.busy >= p.most {
		return turn, 0, p.waiting()
	}
	if wait = p.until.Sub(now); wait > 0 {
		return turn, wait, p.waiting()
	}
	ticket := p.limit.ReserveN(now, 1)
	if wait = ticket.DelayFrom(now); wait > 0 {
		ticket.CancelAt(now)
		return turn, wait, p.waiting()
	}
	done, err := p.breaker.Allow()
	if err != nil {
		ticket.CancelAt(now)
		if wait = 0; errors.Is(err, gobreaker.ErrOpenState) {
			wait = max(p.opened.Add(probeEvery).Sub(now), 0) + time.Nanosecond // it opens behind that moment
		}
		return turn, wait, p.waiting()
	}
	p.busy++
	return Turn{p, done}, 0, nil
}

// waiting is what is closed when something changes. p.mu is held.
func (p *Pace) waiting() <-chan struct{} {
	if p.changed == nil {
		p.changed = make(chan struct{})
	}
	return p.changed
}

// tell wakes who waits. p.mu is held.
func (p *Pace) tell() {
	if p.changed != nil {
		close(p.changed)
		p.changed = nil
	}
}

// errDown and errSilent are what the breaker is told of requests that did not succeed.
var (
	errDown   = errors.New("the vendor is down")
	errSilent = errors.New("the vendor was not asked")
)

// End says how the request ended.
func (t Turn) End(o Outcome) {
	t.pace.mu.Lock()
	defer t.pace.mu.Unlock()
	if o.Why == WhyRefused && (o.Status == statusTooManyRequests || o.Status == statusUnavailable) && o.After > 0 {
		if until := time.Now().Add(o.After); until.After(t.pace.until) {
			t.pace.until, t.pace.asked = until, o.Status
		}
	}
	switch o.health() {
	case up:
		t.end(nil)
	case down:
		t.end(errDown)
	default:
		t.end(errSilent)
	}
}

// Return gives the turn back: the vendor was not asked. It does not count for the rate either.
func (t Turn) Return() {
	t.pace.mu.Lock()
	defer t.pace.mu.Unlock()
	t.pace.limit.ReserveN(time.Now(), -1)
	t.end(errSilent)
}

func (t Turn) end(err error) {
	t.done(err)
	t.pace.busy--
	t.pace.tell()
}

// Pause is how long a vendor is left alone still, since it asked for that (Retry-After),
// and by which status; 0 where it is not.
func (p *Pace) Pause() (left time.Duration, status int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if left = time.Until(p.until); left <= 0 {
		return 0, 0
	}
	return left, p.asked
}

// Resume ends that: the vendor may be asked now, as far as its rate and its breaker allow. It returns how long it would
// have been left alone still.
func (p *Pace) Resume() (left time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if left = time.Until(p.until); left <= 0 {
		return 0
	}
	p.until = time.Time{}
	close(p.resumed)
	p.resumed = make(chan struct{})
	p.tell()
	return left
}

// Resumed is closed when [Pace.Resume] next ends a pause.
func (p *Pace) Resumed() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.resumed
}

// Breaker is how a vendor's breaker stands.
type Breaker uint8

// The states: the vendor is asked; it is not; it is asked once, to see whether it is back.
const (
	Closed Breaker = iota
	Open
	HalfOpen
)

// String names a state as metrics do.
func (b Breaker) String() string { return [...]string{"closed", "open", "half_open"}[b] }

// State tells how the vendor's breaker stands.
func (p *Pace) State() Breaker {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch p.breaker.State() {
	case gobreaker.StateOpen:
		return Open
	case gobreaker.StateHalfOpen:
		return HalfOpen
	default:
		return Closed
	}
}
