package proxy

import (
	"sync"
	"time"
)

// commit brings what hits wrote to disk, ledger and queue in one step, and what couriers note of attempts: whoever comes
// first does it for all that wait, and those that come meanwhile are in the next one. It tells nobody how it went: each
// asks for its own.
type commit struct {
	ledger, queue func()
	gather        time.Duration // how long it waits for others, where there were several the last time

	mu       sync.Mutex
	done     sync.Cond
	begun    uint64 // how many were
	ended    uint64 // and how many have ended
	underWay bool
	waits    int  // that wait for the next one
	many     bool // waited for the last one
}

func newCommit(ledger, queue func()) *commit {
	c := &commit{ledger: ledger, queue: queue, gather: time.Millisecond}
	c.done.L = &c.mu
	return c
}

// wait returns when what was written before it was called has been brought to disk, or could not be.
func (c *commit) wait() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waits++
	for mine := c.begun + 1; c.ended < mine; {
		if c.underWay {
			c.done.Wait()
			continue
		}
		c.underWay = true
		if c.many {
			c.mu.Unlock()
			time.Sleep(c.gather)
			c.mu.Lock()
		}
		c.begun++
		c.many, c.waits = c.waits > 1, 0
		c.mu.Unlock()
		var other sync.WaitGroup
		other.Go(c.queue)
		c.ledger()
		other.Wait()
		c.mu.Lock()
		c.ended, c.underWay = c.begun, false
		c.done.Broadcast()
	}
}
