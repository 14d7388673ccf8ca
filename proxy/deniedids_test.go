package proxy

import (
	"fmt"
	"sync"
	"testing"
	"time"
)

// TestDeniedIDs: what was denied is known for a day, under the seed of one process; a flood drives out what is oldest,
// and takes neither room beyond the bounds nor, where something is remembered already, an allocation.
func TestDeniedIDs(t *testing.T) {
	d, other := newDeniedIDs(), newDeniedIDs()
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	sum := d.Sum([]byte("message-1"))
	if d.Denied(sum, now) || sum == d.Sum([]byte("message-2")) || sum == other.Sum([]byte("message-1")) {
		t.Error("known from nowhere, or hashed without a key")
	}
	d.remember(sum, now.Unix())
	for after, want := range map[time.Duration]bool{0: true, deniedFor: true, deniedFor + time.Second: false} {
		if d.Denied(sum, now.Add(after)) != want {
			t.Errorf("after %v: %t", after, !want)
		}
	}
	d.remember(sum, now.Add(time.Hour).Unix())
	if !d.Denied(sum, now.Add(deniedFor+time.Minute)) {
		t.Error("denied again, and forgotten by when it was first")
	}
	if n := testing.AllocsPerRun(100, func() {
		d.remember(sum, now.Unix())
		d.Denied(sum, now)
		d.Sum([]byte("message-1"))
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	var all sync.WaitGroup
	for g := range 4 {
		all.Go(func() {
			for i := range 200_000 {
				d.remember(d.Sum(fmt.Appendf(nil, "flood-%d-%d", g, i)), now.Add(2*time.Hour).Unix())
			}
		})
	}
	all.Wait()
	kept := 0
	for i := range d.shards {
		for _, page := range d.shards[i].pages {
			for _, set := range page {
				for _, one := range set {
					if one.at != 0 {
						kept++
					}
				}
			}
		}
	}
	if most := deniedShards * deniedPages * deniedSets * deniedWays; kept > most || kept < most/2 {
		t.Errorf("%d are kept of at most %d", kept, most)
	}
	d.remember(sum, now.Add(3*time.Hour).Unix())
	if !d.Denied(sum, now.Add(3*time.Hour)) {
		t.Error("a flood keeps others out")
	}
}
