package proxy

import (
	"runtime"
	"sync"
	"time"
)

// commit brings what hits wrote to disk, ledger and queue in one step, and what couriers note of attempts:
// whoever comes first does it for all that wait, and those that come meanwhile are in the next one. It tells
// nobody how it went: each asks for its own.
type commit struct {
	ledger, queue func()
	pause         func(time.Duration)
	now           func() time.Time

	mu       sync.Mutex
	done     sync.Cond
	begun    uint64 // how many were
	ended    uint64 // and how many have ended
	underWay bool
	waits    int           // that wait for the next one
	many     bool          // waited for the last one
	last     time.Time     // when that began
	takes    time.Duration // about how long the disk takes
}

func newCommit(ledger, queue func()) *commit {
	c := &commit{ledger: ledger, queue: queue, pause: newPause(), now: time.Now}
	c.done.L = &c.mu
	return c
}

// How long a commit waits for others where a disk takes long, and there were some the last time: at least; as long as
// in each step so many come; and at most, which is about what such a disk takes. What a commit costs is paid once for
// all that are in it.
const (
	leastGather = 500 * time.Microsecond
	gatherStep  = 200 * time.Microsecond
	mostGather  = 2 * time.Millisecond
	leastInStep = 2
)

// slowDisk is how long a disk takes for which it pays to wait. Behind a quicker one the next commit is soon: where
// there were many in the last one, it begins no sooner than betweenCommits after that did, since what a commit
// costs of a core is then paid some hundred times a second and not some thousand; else those that are about to
// come are let go first, and nobody waits.
const (
	slowDisk       = time.Millisecond
	betweenCommits = time.Millisecond
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
		begun := c.now()
		c.last = begun
		c.mu.Unlock()
		var other sync.WaitGroup
		other.Go(c.queue)
		c.ledger()
		other.Wait()
		c.mu.Lock()
		c.takes += (c.now().Sub(begun) - c.takes) / 8
		c.ended, c.underWay = c.begun, false
		c.done.Broadcast()
	}
}

// gatherOthers lets others come. The mutex is held, and let go of meanwhile.
func (c *commit) gatherOthers() {
	switch {
	case c.takes < slowDisk && c.many:
		if left := c.last.Add(betweenCommits).Sub(c.now()); left > 0 {
			c.let(func() { c.pause(left) })
		}
	case c.takes < slowDisk:
		for before := 0; c.waits > before; {
			before = c.waits
			c.let(runtime.Gosched)
		}
	case c.many:
		c.gatherBySteps()
	}
}

// let lets go of the mutex while something is done.
func (c *commit) let(done func()) {
	c.mu.Unlock()
	done()
	c.mu.Lock()
}

// gatherBySteps waits for others as long as some come.
func (c *commit) gatherBySteps() {
	for step, until := leastGather, c.now().Add(mostGather); ; step = gatherStep {
		before := c.waits
		c.let(func() { c.pause(step) })
		if c.waits < before+leastInStep || c.now().Add(gatherStep).After(until) {
			return
		}
	}
}
