package proxy

import (
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

// TestSendsAreWaitedFor: an act is in force only when those have left who could not have seen it; it does not wait for
// later ones.
func TestSendsAreWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newInflight()
		f.WaitQuiescent() // nobody there
		early := []int{f.Enter(), f.Enter()}
		var done atomic.Bool
		go func() { f.WaitQuiescent(); done.Store(true) }()
		synctest.Wait()
		late := f.Enter()
		f.Exit(early[0])
		synctest.Wait()
		if done.Load() {
			t.Fatal("it did not wait for all")
		}
		f.Exit(early[1])
		synctest.Wait()
		if !done.Load() {
			t.Fatal("it waits for one that came later")
		}
		f.Exit(late)
		f.WaitQuiescent()
	})
}

// TestNothingLeavesUnseen: with many who leave and many who object, nobody who looked before an act became visible
// leaves after the act was acknowledged.
func TestNothingLeavesUnseen(t *testing.T) {
	f := newInflight()
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
				at := f.Enter()
				seen := visible.Load()
				if acknowledged.Load() > seen {
					// The send leaves now, and an act that it did not see is acknowledged.
					t.Error("an event leaves that an acknowledged objection applies to")
				}
				f.Exit(at)
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
				f.WaitQuiescent()
				for now := acknowledged.Load(); now < mine && !acknowledged.CompareAndSwap(now, mine); now = acknowledged.Load() {
				}
			}
		})
	}
	objectors.Wait()
	close(stop)
	senders.Wait()
}

// TestAnEpochThatClosesMeanwhile: who was about to enter the epoch that somebody began to wait for does not stay in it,
// and keeps nobody waiting.
func TestAnEpochThatClosesMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newInflight()
		first := f.Enter()
		var done atomic.Int64
		wait := func() { f.WaitQuiescent(); done.Add(1) }
		go wait()
		synctest.Wait()
		if f.join(first) {
			t.Error("it entered what is being waited for")
		}
		f.Exit(first)
		synctest.Wait()
		if inside := f.epochs[first].inside.Load(); done.Load() != 1 || inside != 0 {
			t.Errorf("%d waits have ended, %d are inside", done.Load(), inside)
		}
		if second := f.Enter(); second == first {
			t.Error("it entered what was waited for")
		} else {
			f.Exit(second)
		}
		for range 2 { // of both epochs
			go wait()
		}
		synctest.Wait()
		if done.Load() != 3 {
			t.Errorf("%d waits have ended, with nobody inside", done.Load())
		}
	})
}
