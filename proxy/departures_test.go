package proxy

import (
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

// TestDeparturesAreWaitedFor: an act is in force only when those have left who could not have seen it; it does not wait for later ones.
func TestDeparturesAreWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDepartures()
		d.wait() // nobody there
		early := []int{d.enter(), d.enter()}
		var done atomic.Bool
		go func() { d.wait(); done.Store(true) }()
		synctest.Wait()
		late := d.enter()
		d.leave(early[0])
		synctest.Wait()
		if done.Load() {
			t.Fatal("it did not wait for all")
		}
		d.leave(early[1])
		synctest.Wait()
		if !done.Load() {
			t.Fatal("it waits for one that came later")
		}
		d.leave(late)
		d.wait()
	})
}

// TestNothingDepartsUnseen: with many who leave and many who object, nobody who looked before an act became visible leaves after the act was
// acknowledged.
func TestNothingDepartsUnseen(t *testing.T) {
	d := newDepartures()
	var visible, acknowledged atomic.Int64
	var senders, objectors sync.WaitGroup
	stop := make(chan struct{})
	for range 4 {
		senders.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				at := d.enter()
				seen := visible.Load()
				if acknowledged.Load() > seen {
					// The send leaves now, and an act that it did not see is acknowledged.
					t.Error("an event leaves that an acknowledged objection applies to")
				}
				d.leave(at)
			}
		})
	}
	var one sync.Mutex
	for range 3 {
		objectors.Go(func() {
			for range 300 {
				one.Lock()
				mine := visible.Add(1)
				one.Unlock()
				d.wait()
				for now := acknowledged.Load(); now < mine && !acknowledged.CompareAndSwap(now, mine); now = acknowledged.Load() {
				}
			}
		})
	}
	objectors.Wait()
	close(stop)
	senders.Wait()
}
