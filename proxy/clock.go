package proxy

import (
	"fmt"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
)

// How far the clock may jump ahead before somebody has to say that it is right. What follows from a date cannot be
// taken back: keys of days that are over are overwritten, and objections of browsers end.
const (
	longestStep = 36 * time.Hour      // while the server runs, beyond the time that passed
	LongestStop = 40 * 24 * time.Hour // from the day of the key state to a start
)

// believe is what has the server follow a clock.
const believe = "`tagwarden keys believe-clock --because` says that it is right"

// clock is the time as the server goes by it. It is that of the machine, also where that goes back, until that jumps
// ahead; from then on time goes on from where it was, and [clock.doubted] says so, until the clock is back or somebody
// believes it. Its methods may be called from many goroutines.
type clock struct {
	raw     func() time.Time     // the machine's
	elapsed func() time.Duration // since some moment, whatever the machine's clock is set to
	log     *zap.Logger

	latest atomic.Int64 // the latest time that was gone by, Unix microseconds; 0 before a start knows its key state
	passed atomic.Int64 // what had elapsed then, in nanoseconds
	ahead  atomic.Int64 // the time that is not believed, Unix microseconds; 0: it is
	behind atomic.Bool  // the clock was behind at the start and still is: it may be set right by as much as over a stop
}

func newClock(raw func() time.Time, elapsed func() time.Duration, log *zap.Logger) *clock {
	return &clock{raw: raw, elapsed: elapsed, log: log}
}

// now is the time to go by.
func (c *clock) now() time.Time {
	raw, latest := c.raw(), c.latest.Load()
	step := raw.UnixMicro() - latest // as a duration, centuries would be none
	if latest == 0 || step < time.Second.Microseconds() && c.ahead.Load() == 0 {
		return raw
	}
	gone, longest := c.elapsed()-time.Duration(c.passed.Load()), longestStep
	if c.behind.Load() {
		longest = LongestStop
	}
	if raw.Sub(time.UnixMicro(latest)) > longest+max(gone, 0) {
		c.doubt(raw)
		return time.UnixMicro(latest).Add(max(gone, 0))
	}
	if c.ahead.Swap(0) != 0 {
		c.log.Info("the clock is back where it was: it is followed again", zap.Time("time", raw))
	}
	if step > 0 {
		c.follow(raw)
		c.behind.Store(false)
	}
	return raw
}

// follow goes by a time from now on.
func (c *clock) follow(at time.Time) {
	c.passed.Store(int64(c.elapsed()))
	c.latest.Store(at.UnixMicro())
}

// doubt says once that the clock is not believed.
func (c *clock) doubt(raw time.Time) {
	if c.ahead.Swap(raw.UnixMicro()) == 0 {
		c.log.Error("the clock is not followed: " + c.why(raw))
	}
}

// begin tells of the day that the key state is of: the latest that any start before this one went by.
func (c *clock) begin(since time.Time) {
	raw := c.raw()
	switch {
	case raw.Before(since):
		c.follow(since)
		c.behind.Store(true)
	case raw.Sub(since) <= LongestStop:
		c.follow(raw)
	default:
		c.follow(since)
		c.doubt(raw)
	}
}

// believed goes by the machine's clock whatever it says.
func (c *clock) believed(at time.Time) {
	c.follow(at)
	c.ahead.Store(0)
}

// isAhead tells whether the clock is not believed.
func (c *clock) isAhead() bool { return c.ahead.Load() != 0 }

// doubted says why nothing is forwarded; "": the clock is believed.
func (c *clock) doubted() string {
	if ahead := c.ahead.Load(); ahead != 0 {
		return c.why(time.UnixMicro(ahead))
	}
	return ""
}

func (c *clock) why(raw time.Time) string {
	const text = "it says %s, and it was %s just now, or when the server ran last: nothing is forwarded until it is " +
		"back, or %s"
	was := time.UnixMicro(c.latest.Load())
	return fmt.Sprintf(text, raw.UTC().Format(time.RFC3339), was.UTC().Format(time.RFC3339), believe)
}

// clockHealth says why hits are not taken.
func clockHealth(s *Server) string {
	s.opts.Now() // nobody else may have looked
	if why := s.clock.doubted(); why != "" {
		return "the clock is not believed: " + why
	}
	return ""
}
