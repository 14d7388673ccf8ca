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
	pause         func(time.Duration)
	now           func() time.Time

	mu       sync.Mutex
	done     sync.Cond
	begun    uint64 // how many were
	ended    uint64 // and how many have ended
	underWay bool
	waits    int  // that wait for the next one
	many     bool // waited for the last one
}

func newCommit(ledger, queue func()) *commit {
	c := &commit{ledger: ledger, queue: queue, pause: newPause(), now: time.Now}
	c.done.L = &c.mu
	return c
}

// How long a commit waits for others, where there were some the last time: at least; as long as in each step so many
// come; and at most, which is about what a disk takes. What a commit costs is paid once for all that are in it.
const (
	leastGather = 500 * time.Microsecond
	gatherStep  = 200 * time.Microsecond
	mostGather  = 2 * time.Millisecond
	leastInStep = 2
)

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
		c.gatherOthers()
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

// gatherOthers waits for others, where there were some the last time. The mutex is held, and let go of meanwhile.
func (c *commit) gatherOthers() {
	if !c.many {
		return
	}
	for step, until := leastGather, c.now().Add(mostGather); ; step = gatherStep {
		before := c.waits
		c.mu.Unlock()
		c.pause(step)
		c.mu.Lock()
		if c.waits < before+leastInStep || c.now().Add(gatherStep).After(until) {
			return
		}
	}
}
