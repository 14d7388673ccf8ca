package queue

import "time"

// ownClock is a queue's own time. It is used under the queue's mutex.
type ownClock struct {
	source func() time.Time
	began  time.Time // it counts from there
	ran    int64
}

// clock is the time in nanoseconds since the queue was opened. It does not go back, whatever the machine's does.
func (c *ownClock) clock() int64 {
	now := int64(c.source().Sub(c.began))
	if now < c.ran { // a clock that was set back goes on from here
		c.began = c.began.Add(time.Duration(now - c.ran))
	} else {
		c.ran = now
	}
	return c.ran
}
