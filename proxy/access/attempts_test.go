package access

import (
	"fmt"
	"testing"
	"time"
)

// TestSourcesAreBounded: of however many wrong tokens come, no more are remembered than there is room for, and the
// latest are.
func TestSourcesAreBounded(t *testing.T) {
	now := time.Date(2026, time.December, 1, 12, 0, 0, 0, time.UTC)
	a := NewAttempts()
	for i := range wrongSources + 100 {
		if wait := a.Take(fmt.Sprintf("10.%d.%d.1:1", i>>8, i&255), now); wait != 0 {
			t.Fatalf("source %d is asked to wait for %d seconds", i, wait)
		}
	}
	if n := a.all.Len(); n != wrongSources {
		t.Errorf("%d sources are remembered", n)
	}
	for range wrongBurst - 1 {
		a.Take("10.16.99.1:2", now)
	}
	if wait := a.Take("10.16.99.1:3", now); wait != 6 {
		t.Errorf("who came last is remembered: %d seconds", wait)
	}
}
