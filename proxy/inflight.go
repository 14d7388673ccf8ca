package proxy

import (
	"sync"
	"sync/atomic"
)

// inflight are the sends that are about to leave: their last look-up of objections is done or under way, and not all of
// their bytes are with the kernel yet. An objection is in force once every one of them has ended that may not have seen
// it.
//
// It is two-epoch quiescence. Sends are counted in two epochs, of which one is open; whoever waits opens the other, and
// waits until the one before is empty. What holds, and why that is enough:
//
//   - A send looks objections up after Enter and before Exit, and its last byte is with the kernel, or cut, before
//     Exit.
//   - An act can be seen by look-ups before WaitQuiescent is called for it. So a send that enters the epoch opened then
//     sees it, and need not be waited for; only those in the epoch before may have looked too early.
//   - Enter counts itself first, and then looks whether the epoch is still open. The operations are in one order for
//     all goroutines: either whoever waits sees the count, or the send sees that the epoch is closed, takes itself out
//     and enters the open one. No send is in an epoch that was closed before it counted itself, but for that moment, in
//     which it has not looked anything up.
//   - One waits at a time. The epoch that it opens was found empty by the one before, and has been closed since:
//     whatever is inside when it begins is in the epoch that it closes.
//
// Entering and leaving neither wait nor allocate.
type inflight struct {
	epoch  atomic.Uint64 // its lowest bit names the epoch that is open
	epochs [2]epochCount

	waiting sync.Mutex // one at a time
}

// epochCount counts the sends of an epoch.
type epochCount struct {
	inside atomic.Int64
	empty  chan struct{} // told, where there is room, that inside became 0
	_      [48]byte      // each has a cache line of its own
}

func newInflight() *inflight {
	f := new(inflight)
	for i := range f.epochs {
		f.epochs[i].empty = make(chan struct{}, 1)
	}
	return f
}

// Enter begins a send, and returns what Exit is to be given. Objections are looked up after it.
func (f *inflight) Enter() (epoch int) {
	for {
		if epoch = int(f.epoch.Load() & 1); f.join(epoch) {
			return epoch
		}
	}
}

// join enters an epoch, unless it is not the open one any more: somebody waits for it then, and may have found it
// empty.
func (f *inflight) join(epoch int) bool {
	f.epochs[epoch].inside.Add(1)
	if int(f.epoch.Load()&1) == epoch {
		return true
	}
	f.Exit(epoch)
	return false
}

// Exit ends a send.
func (f *inflight) Exit(epoch int) {
	of := &f.epochs[epoch]
	if of.inside.Add(-1) == 0 {
		select {
		case of.empty <- struct{}{}:
		default:
		}
	}
}

// WaitQuiescent returns when every send has ended that had begun before it was called. It takes as long as the slowest
// of them: a delivery's time-out at most.
func (f *inflight) WaitQuiescent() {
	f.waiting.Lock()
	defer f.waiting.Unlock()
	of := &f.epochs[f.epoch.Add(1)&1^1]
	for of.inside.Load() != 0 {
		<-of.empty
	}
}
