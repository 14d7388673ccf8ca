package proxy_test

import (
	"sync/atomic"
	"time"

	"github.com/tagwarden/tagwarden/proxy"
)

// clock is set by a test.
type clock struct{ at atomic.Int64 }

func newClock(text string) *clock {
	c := new(clock)
	c.set(text)
	return c
}

func (c *clock) set(text string) {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	c.at.Store(t.UnixNano())
}

func (c *clock) now() time.Time { return time.Unix(0, c.at.Load()) }

// option has a server go by the clock, on which time passes.
func (c *clock) option(o *proxy.Options) {
	o.Now, o.Elapsed = c.now, func() time.Duration { return time.Duration(c.at.Load()) }
}

// jumpy has a server go by the clock, which is set while no time passes.
func (c *clock) jumpy(o *proxy.Options) { o.Now = c.now }

func (c *clock) add(d time.Duration) { c.at.Add(int64(d)) }
