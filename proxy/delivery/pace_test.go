package delivery

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// begun begins, or fails the test.
func begun(t *testing.T, p *Pace) Turn {
	t.Helper()
	turn, wait, ok := p.TryBegin()
	if !ok {
		t.Fatalf("the vendor may not be asked, for %v", wait)
	}
	return turn
}

// waits holds how long a vendor is not to be asked.
func waits(t *testing.T, p *Pace, want time.Duration) {
	t.Helper()
	turn, wait, ok := p.TryBegin()
	if ok {
		turn.Return()
	}
	if ok || wait < want || wait > want+time.Microsecond {
		t.Fatalf("the vendor may be asked %v in %v, want in %v", ok, wait, want)
	}
}

// TestConcurrency: no more requests at once than there may be, and who waits is woken.
func TestConcurrency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPace(PaceOptions{Concurrency: 2})
		first, _ := begun(t, p), begun(t, p)
		waits(t, p, 0)
		var began atomic.Int32
		for range 3 {
			go func() {
				if _, err := p.Begin(t.Context()); err == nil {
					began.Add(1)
				}
			}()
		}
		for _, step := range []struct {
			do   func()
			want int32
		}{
			{func() {}, 0},
			{func() { first.End(delivered(200, WhyOK)) }, 1},
			{func() { p.Set(PaceOptions{Concurrency: 3}) }, 2},
			{func() { p.Set(PaceOptions{Concurrency: 1}) }, 2},
			{func() { p.Set(PaceOptions{}) }, 3}, // 8
		} {
			step.do()
			synctest.Wait()
			if n := began.Load(); n != step.want {
				t.Fatalf("%d began, want %d", n, step.want)
			}
		}
	})
}

// TestConcurrencyHolds: however many ask, of which some end in time and others not.
func TestConcurrencyHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPace(PaceOptions{Concurrency: 5})
		var busy, most, done atomic.Int32
		var all sync.WaitGroup
		for i := range 200 {
			all.Go(func() {
				turn, err := p.Begin(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				n := busy.Add(1)
				for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
				}
				<-time.After(time.Duration(i%7) * time.Millisecond)
				busy.Add(-1)
				if done.Add(1); i%3 == 0 {
					turn.Return()
				} else {
					turn.End(refused(400, 0))
				}
			})
		}
		all.Wait()
		if done.Load() != 200 || most.Load() != 5 {
			t.Errorf("%d ended, %d at once", done.Load(), most.Load())
		}
	})
}

// TestRate: in no stretch of time more than the rate allows, and as many as it allows.
func TestRate(t *testing.T) {
	for _, c := range []struct {
		rate   float64
		within time.Duration
		want   int
	}{{1, 10 * time.Second, 10}, {0.5, 20 * time.Second, 10}, {10, 10 * time.Second, 100}, {1000, time.Second, 1000}} {
		synctest.Test(t, func(t *testing.T) {
			p := NewPace(PaceOptions{Concurrency: 1, Rate: c.rate})
			ctx, cancel := context.WithTimeout(t.Context(), c.within)
			defer cancel()
			n := 0
			for {
				turn, err := p.Begin(ctx)
				if err != nil {
					break
				}
				turn.End(delivered(204, WhyOK))
				n++
			}
			if n < c.want || n > c.want+c.want/50+1 {
				t.Errorf("%v a second: %d within %v, want %d", c.rate, n, c.within, c.want)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		p := NewPace(PaceOptions{Rate: 0.5})
		begun(t, p).End(delivered(204, WhyOK))
		waits(t, p, 2*time.Second)
		waits(t, p, 2*time.Second) // asking takes nothing
		p.Set(PaceOptions{Rate: 1})
		<-time.After(time.Second)
		for range 5 {
			begun(t, p).Return() // nor does a turn that is not used
		}
		begun(t, p).End(delivered(204, WhyOK))
		waits(t, p, time.Second)
		p.Set(PaceOptions{})
		for range 8 {
			begun(t, p)
		}
	})
}

// TestBreaker: a vendor that is down is asked once in five seconds, until it is back.
func TestBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPace(PaceOptions{Concurrency: 10})
		late := begun(t, p)
		for i := range failuresInRow {
			if got := p.State(); got != Closed {
				t.Fatalf("after %d failures it is %v", i, got)
			}
			begun(t, p).End([]Outcome{unknown(WhyTimeout), refused(500, 0), dropped(0, WhyDial), refused(429, 0)}[i%4])
		}
		waits(t, p, 5*time.Second)
		if got := p.State(); got != Open {
			t.Fatalf("it is %v", got)
		}
		asked := 0
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute+time.Second)
		defer cancel()
		for {
			turn, err := p.Begin(ctx)
			if err != nil {
				break
			}
			asked++
			if got := p.State(); got != HalfOpen {
				t.Errorf("it is %v", got)
			}
			waits(t, p, 0) // until that one is back
			turn.End(unknown(WhyBroken))
		}
		if asked != 12 {
			t.Errorf("within a minute it was asked %d times", asked)
		}
		<-time.After(5 * time.Second)
		late.End(unknown(WhyTimeout)) // of a time that is over: it says nothing of now
		probe := begun(t, p)
		probe.Return() // there was nothing to send
		begun(t, p).End(refused(400, 0))
		if got := p.State(); got != Closed {
			t.Errorf("it is %v", got)
		}
	})
}

// TestWhatIsNoFault: what one event is refused for, and what is ours, stops nothing; nor do failures that are not in a
// row.
func TestWhatIsNoFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPace(PaceOptions{})
		for _, o := range []Outcome{
			refused(400, 0), refused(401, 0), refused(404, time.Minute), refused(413, 0), refused(302, 0), refused(501, 0),
			dropped(0, WhyObjection), dropped(0, WhyOverload), dropped(0, WhyTarget), dropped(200, WhyNoneTaken),
			{Status: 200, Why: WhyCoded}, {Status: 200, Why: WhyTooLarge}, unknown(WhyFailed),
		} {
			for range 3 * failuresInRow {
				begun(t, p).End(o)
			}
		}
		for i := range 3 * failuresInRow {
			o := unknown(WhyTimeout)
			if i%failuresInRow == failuresInRow-1 {
				o = refused(422, 0)
			}
			begun(t, p).End(o)
		}
		if got := p.State(); got != Closed {
			t.Errorf("it is %v", got)
		}
	})
}

// TestLeftAlone: a vendor that asks to be left alone is.
func TestLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPace(PaceOptions{})
		one, two, three := begun(t, p), begun(t, p), begun(t, p)
		one.End(refused(429, 30*time.Second))
		two.End(refused(503, 10*time.Second)) // no sooner for it
		three.End(delivered(200, WhyOK))
		waits(t, p, 30*time.Second)
		p.Set(PaceOptions{Concurrency: 3})
		<-time.After(20 * time.Second)
		waits(t, p, 10*time.Second)
		start := time.Now()
		turn, err := p.Begin(t.Context())
		if took := time.Since(start); err != nil || took != 10*time.Second {
			t.Errorf("it began after %v, %v", took, err)
		}
		turn.End(refused(500, time.Minute)) // that is about the one request
		begun(t, p).End(refused(429, 0))
		begun(t, p).Return()
	})
}

// TestBeginEnds: with its context, whatever it waits for.
func TestBeginEnds(t *testing.T) {
	for name, prepare := range map[string]func(*Pace){
		"a place":   func(p *Pace) { _, _, _ = p.TryBegin() },
		"the rate":  func(p *Pace) { p.Set(PaceOptions{Rate: 0.001}); turn, _, _ := p.TryBegin(); turn.End(refused(400, 0)) },
		"the pause": func(p *Pace) { turn, _, _ := p.TryBegin(); turn.End(refused(429, time.Hour)) },
	} {
		synctest.Test(t, func(t *testing.T) {
			p := NewPace(PaceOptions{Concurrency: 1})
			prepare(p)
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			defer cancel()
			start := time.Now()
			if _, err := p.Begin(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 3*time.Second {
				t.Errorf("%s: %v after %v", name, err, time.Since(start))
			}
		})
	}
}

// TestBackoff: how long it is until the next attempt, by what is drawn.
func TestBackoff(t *testing.T) {
	t.Parallel()
	b := Backoff{First: 500 * time.Millisecond, Most: 15 * time.Second}
	const all = 0x1.fffffffffffffp-1 // the most that is drawn
	for _, c := range []struct {
		of      Backoff
		attempt int
		after   time.Duration
		random  float64
		want    time.Duration
	}{
		{b, 1, 0, all, 500 * time.Millisecond}, {b, 1, 0, 0.5, 250 * time.Millisecond}, {b, 1, 0, 0, 0},
		{b, 2, 0, all, time.Second}, {b, 3, 0, all, 2 * time.Second}, {b, 5, 0, all, 8 * time.Second},
		{b, 6, 0, all, 15 * time.Second}, {b, 7, 0, all, 15 * time.Second}, {b, 1 << 40, 0, all, 15 * time.Second},
		{b, 0, 0, all, 500 * time.Millisecond}, {b, -5, 0, all, 500 * time.Millisecond},
		{b, 1, time.Minute, all, time.Minute}, {b, 6, time.Second, all, 15 * time.Second},
		{b, 6, 5 * time.Second, 0, 5 * time.Second},
		{b, 1, 1000 * time.Hour, 0, time.Hour}, {b, 1, -time.Hour, 0, 0},
		{Backoff{time.Hour, time.Hour}, 9, 0, all, time.Hour}, {Backoff{time.Hour, time.Minute}, 1, 0, all, time.Minute},
		{Backoff{}, 9, 0, all, 0}, {Backoff{time.Millisecond, 1<<63 - 1}, 100, 0, 0.5, 1 << 62},
	} {
		got := c.of.Delay(c.attempt, c.after, c.random)
		if diff := got - c.want; diff < -time.Microsecond || diff > time.Microsecond {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

// TestResume: a pause that the vendor asked for is told with its reason, and ends when somebody says so; who waits for
// that is woken. A pause that is over is none.
func TestResume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPace(PaceOptions{})
		if left, status := p.Pause(); left != 0 || status != 0 || p.Resume() != 0 {
			t.Errorf("it is let alone for %v, by %d", left, status)
		}
		begun(t, p).End(refused(statusTooManyRequests, time.Hour))
		waits(t, p, time.Hour)
		<-time.After(time.Minute)
		if left, status := p.Pause(); left != 59*time.Minute || status != statusTooManyRequests {
			t.Errorf("it is let alone for %v, by %d", left, status)
		}
		var woken atomic.Int32
		for range 3 {
			resumed := p.Resumed()
			go func() {
				<-resumed
				woken.Add(1)
			}()
		}
		if left := p.Resume(); left != 59*time.Minute {
			t.Errorf("it would have been let alone for %v", left)
		}
		synctest.Wait()
		if woken.Load() != 3 {
			t.Errorf("%d were woken", woken.Load())
		}
		begun(t, p).End(refused(statusUnavailable, time.Minute))
		if left, status := p.Pause(); left != time.Minute || status != statusUnavailable {
			t.Errorf("it is let alone for %v, by %d", left, status)
		}
		<-time.After(time.Minute)
		if left, _ := p.Pause(); left != 0 || p.Resume() != 0 {
			t.Errorf("it is let alone for %v", left)
		}
		begun(t, p).Return()
	})
}
