package proxy

import (
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"
)

// TestACommitWaitsForOthers: behind a slow disk, where there were some the last time, as long as some come, and no
// longer than it may; all of them are in it. Where there were none it waits for nobody.
func TestACommitWaitsForOthers(t *testing.T) {
	for _, of := range []struct {
		name   string
		many   bool
		come   []int         // how many, in each pause
		slow   time.Duration // by which each pause is longer than was asked for
		pauses int
	}{
		{"alone the last time", false, nil, 0, 0},
		{"nobody comes", true, []int{0}, 0, 1},
		{"some come, and then one", true, []int{3, 2, 1}, 0, 3},
		{"some come all the time", true, slices.Repeat([]int{2}, 8), 0, 8},
		{"pauses take longer than they should", true, slices.Repeat([]int{2}, 3), 500 * time.Microsecond, 3},
		{"one pause takes as long as all may", true, []int{2}, mostGather, 1},
	} {
		t.Run(of.name, func(t *testing.T) {
			written := 0
			c := newCommit(func() { written++ }, func() {})
			c.many, c.takes = of.many, slowDisk
			var others sync.WaitGroup
			var pauses int
			var all time.Duration
			c.now = func() time.Time { return time.Unix(0, 0).Add(all) }
			c.pause = func(d time.Duration) {
				if all += of.slow + d; pauses == len(of.come) {
					t.Fatal("it waits on")
				}
				for range of.come[pauses] {
					others.Go(c.wait)
				}
				for pauses++; c.waiting() < 1+inAll(of.come[:pauses]); {
					runtime.Gosched()
				}
			}
			c.wait()
			others.Wait()
			if pauses != of.pauses || written != 1 || all-time.Duration(pauses)*of.slow > mostGather {
				t.Errorf("%d pauses, %v in all, %d commits; want %d, at most %v, 1", pauses, all, written, of.pauses, mostGather)
			}
			if many := inAll(of.come) > 0; c.many != many {
				t.Errorf("the next one waits: %t, want %t", c.many, many)
			}
		})
	}
}

// TestCommitsAreBounded: behind a quick disk the next one begins a while after the last one began where there were many
// in that, and at once where there was one, or the while is over.
func TestCommitsAreBounded(t *testing.T) {
	const since = 300 * time.Microsecond
	for _, of := range []struct {
		many bool
		ago  time.Duration
		want time.Duration
	}{
		{true, since, betweenCommits - since},
		{true, betweenCommits, 0},
		{true, time.Hour, 0},
		{false, since, 0},
	} {
		c := newCommit(func() {}, func() {})
		now := time.Unix(1000, 0)
		c.many, c.last, c.now = of.many, now.Add(-of.ago), func() time.Time { return now }
		var paused time.Duration
		c.pause = func(d time.Duration) { paused += d }
		c.wait()
		if paused != of.want || c.last != now {
			t.Errorf("%+v: it pauses for %v, and remembers %v", of, paused, c.last)
		}
	}
}

// TestACommitLetsOthersGoFirst: behind a quick disk it pauses for nobody where it was alone the last time, and
// those that are about to come are in it.
func TestACommitLetsOthersGoFirst(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	written := 0
	c := newCommit(func() { written++ }, func() {})
	c.pause = func(time.Duration) {} // the second one may
	var others sync.WaitGroup
	for range 8 {
		others.Go(c.wait)
	}
	others.Wait()
	if written > 2 { // one may have begun when the others were not there yet
		t.Errorf("%d commits for 8 that came together", written)
	}
}

// TestACommitKnowsASlowDisk: how long it takes is learned from what it does, and so is that it is quick again.
func TestACommitKnowsASlowDisk(t *testing.T) {
	var now time.Time
	takes := 8 * slowDisk
	c := newCommit(func() { now = now.Add(takes) }, func() {})
	c.now, c.pause = func() time.Time { return now }, func(time.Duration) {}
	for range 8 {
		c.wait()
	}
	if c.takes < slowDisk {
		t.Errorf("%v, and one takes %v", c.takes, takes)
	}
	takes = 0
	for range 64 {
		c.wait()
	}
	if c.takes >= slowDisk {
		t.Errorf("%v, and one takes no time any more", c.takes)
	}
}

func (c *commit) waiting() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.waits
}

func inAll(all []int) (n int) {
	for _, one := range all {
		n += one
	}
	return n
}

// TestAPauseIsAsLongAsItIsAskedFor: no shorter, one after the other, and none at all ends as well.
func TestAPauseIsAsLongAsItIsAskedFor(t *testing.T) {
	pause := newPause()
	for _, d := range []time.Duration{200 * time.Microsecond, time.Millisecond, 50 * time.Microsecond, 0} {
		from := time.Now()
		if pause(d); time.Since(from) < d {
			t.Errorf("a pause of %v took %v", d, time.Since(from))
		}
	}
}
