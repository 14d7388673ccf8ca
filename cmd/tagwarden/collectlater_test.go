package main

import (
	"runtime"
	"runtime/debug"
	"testing"
)

// TestCollectLater: a verb that ends soon puts its first collection off, and that one alone; one that stays does not,
// nor does any where the operator says how collecting goes.
func TestCollectLater(t *testing.T) {
	usual := debug.SetGCPercent(100)
	defer debug.SetGCPercent(usual)
	percent := func() int {
		now := debug.SetGCPercent(100)
		debug.SetGCPercent(now)
		return now
	}
	for _, verb := range staying {
		if collectLater([]string{verb, "--config", "x"}); percent() != 100 {
			t.Errorf("%s puts it off", verb)
		}
	}
	if collectLater([]string{"check"}); percent() <= 100 {
		t.Error("check does not put it off")
	}
	for percent() != 100 { // cleanups run on their own
		runtime.GC()
		runtime.Gosched()
	}
	t.Setenv("GOGC", "200")
	if collectLater([]string{"check"}); percent() != 100 {
		t.Error("what the operator says does not count")
	}
}
