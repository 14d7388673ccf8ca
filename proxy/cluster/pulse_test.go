package cluster

import (
	"testing"
	"time"
)

func TestStaleByEitherClock(t *testing.T) {
	base := time.Now()
	wall := base.Round(0) // without a monotonic reading
	for name, test := range map[string]struct {
		fresh, now time.Time
		refused    bool
		want       bool
	}{
		"never fresh":        {now: base, want: true},
		"just fresh":         {fresh: base, now: base},
		"at the bound":       {fresh: base, now: base.Add(5 * time.Second)},
		"too long ago":       {fresh: base, now: base.Add(5*time.Second + 1), want: true},
		"a machine slept":    {fresh: base, now: wall.Add(time.Hour), want: true},
		"the clock set back": {fresh: base, now: base.Add(-time.Hour)},
		"refused":            {fresh: base, now: base, refused: true, want: true},
	} {
		l := &Log{o: Options{Stale: 5 * time.Second}}
		if !test.fresh.IsZero() {
			l.pulse.fresh.Store(&test.fresh)
		}
		l.pulse.refused.Store(test.refused)
		if got := l.Stale(test.now); got != test.want {
			t.Errorf("%s: stale %v", name, got)
		}
	}
}

func TestStaleAllocatesNothing(t *testing.T) {
	l, now := &Log{o: Options{Stale: time.Second}}, time.Now()
	l.pulse.fresh.Store(&now)
	if n := testing.AllocsPerRun(100, func() { _ = l.Stale(now) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
