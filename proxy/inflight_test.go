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

// TestAHalfThatClosesMeanwhile: who was about to enter the half that somebody began to wait for does not stay in it, and keeps nobody
// waiting.
func TestAHalfThatClosesMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDepartures()
		first := d.enter()
		var done atomic.Int64
		wait := func() { d.wait(); done.Add(1) }
		go wait()
		synctest.Wait()
		if d.join(first) {
			t.Error("it entered what is being waited for")
		}
		d.leave(first)
		synctest.Wait()
		if inside := d.halves[first].inside.Load(); done.Load() != 1 || inside != 0 {
			t.Errorf("%d waits have ended, %d are inside", done.Load(), inside)
		}
		if second := d.enter(); second == first {
			t.Error("it entered what was waited for")
		} else {
			d.leave(second)
		}
		for range 2 { // of both halves
			go wait()
		}
		synctest.Wait()
		if done.Load() != 3 {
			t.Errorf("%d waits have ended, with nobody inside", done.Load())
		}
	})
}
