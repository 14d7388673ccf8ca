package queue

import (
	"testing"
	"time"
)

// TestClockSetBack: where the clock is set back while events wait, none is due or ends early, none waits for longer
// than it would have, and nothing is lost; a start takes what began in the future as if it began now.
func TestClockSetBack(t *testing.T) {
	dir, d, c := t.TempDir(), &diary{}, newClock()
	o := options(dir, d, c)
	o.ParkFor = 3 * time.Hour
	q := opened(t, o)
	for n, ttl := range []time.Duration{2 * time.Hour, 3 * time.Hour, 4 * time.Hour, 4 * time.Hour} {
		e := event(3 * (n + 1))
		e.TTL = ttl
		add(t, q, e)
	}
	take := func(which Which, want int) (it Item) {
		t.Helper()
		it, ok := q.Next("ga4", which)
		if ok != (want > 0) || it.Name.Hit != uint64(want) {
			t.Errorf("%v came, want %d", it.Name, want)
		}
		return it
	}
	q.Later(take(Due, 3), time.Hour)
	q.Later(take(Due, 6), 30*time.Minute)
	if err := q.Park(take(Due, 9), "refused"); err != nil {
		t.Fatal(err)
	}
	q.Later(take(Due, 12), 10*time.Hour)
	for _, step := range []struct {
		set, passes time.Duration // the clock is set by so much, then so much time passes
		due         int
	}{
		{-24 * time.Hour, 29 * time.Minute, 0},
		{-time.Hour, time.Minute, 6},
		{0, 29 * time.Minute, 0},
		{-time.Minute, time.Minute, 3},
	} {
		c.add(step.set)
		if _, ok := q.Next("ga4", Due); ok {
			t.Error("one is due since the clock was set back")
		}
		c.add(step.passes)
		if it := take(Due, step.due); step.due > 0 {
			q.Later(it, 10*time.Hour)
		}
		take(Expired, 0)
	}
	c.add(time.Hour) // two have passed
	if it := take(Expired, 3); it.Left > 0 {
		t.Errorf("%+v", it)
	}
	take(Expired, 0)
	c.add(time.Hour - time.Second)
	take(Expired, 0)
	if got := q.Overdue(9); len(got) != 0 {
		t.Errorf("%v are overdue", got)
	}
	c.add(time.Second)
	take(Expired, 6)
	if got := q.Overdue(9); len(got) != 1 || got[0].Name.Hit != 9 {
		t.Errorf("%v are overdue", got)
	}
	_ = q.Close()
	c.add(-48 * time.Hour) // and it is set back behind a stop
	q = opened(t, o)
	if waiting, parked := pendingNames(t, q); len(waiting) != 3 || len(parked) != 1 {
		t.Fatalf("pending: %v, %v", waiting, parked)
	}
	take(Expired, 0)
	c.add(3*time.Hour - time.Second)
	take(Expired, 3)
	take(Expired, 0)
	if got := q.Overdue(9); len(got) != 0 {
		t.Errorf("%v are overdue", got)
	}
	c.add(time.Second)
	take(Expired, 6)
	if got := q.Overdue(9); len(got) != 1 {
		t.Errorf("%v are overdue", got)
	}
	take(Expired, 0)
	c.add(time.Hour)
	take(Expired, 12)
}
