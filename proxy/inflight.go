package proxy

import (
	"sync"
	"sync/atomic"
)

// departures are the events that are about to leave: their last look-up of objections is done or under way, and not all of their bytes are
// with the kernel yet. An objection is in force once every one of them has left that began before it could be seen.
//
// They are counted in two halves, of which one is open. Who waits opens the other and waits until the first is empty; whoever enters after
// that looks objections up after that, too. Entering and leaving neither wait nor allocate.
type departures struct {
	turn   atomic.Uint64 // its lowest bit names the half that is open
	halves [2]half

	waiting sync.Mutex // one at a time
}

type half struct {
	inside atomic.Int64
	empty  chan struct{} // told, where there is room, that inside became 0
	_      [48]byte      // each half has a cache line of its own
}

func newDepartures() *departures {
	d := new(departures)
	for i := range d.halves {
		d.halves[i].empty = make(chan struct{}, 1)
	}
	return d
}

// enter begins a departure, and returns what leave is to be given. Objections are looked up after it.
func (d *departures) enter() int {
	for {
		if at := int(d.turn.Load() & 1); d.join(at) {
			return at
		}
	}
}

// join enters a half, unless it is not the open one any more: somebody waits for it then, and may have found it empty.
func (d *departures) join(at int) bool {
	d.halves[at].inside.Add(1)
	if int(d.turn.Load()&1) == at {
		return true
	}
	d.leave(at)
	return false
}

// leave ends a departure.
func (d *departures) leave(at int) {
	h := &d.halves[at]
	if h.inside.Add(-1) == 0 {
		select {
		case h.empty <- struct{}{}:
		default:
		}
	}
}

// wait returns when every departure has ended that had begun before it was called. It takes as long as the slowest of them: a delivery's
// time-out at most.
func (d *departures) wait() {
	d.waiting.Lock()
	defer d.waiting.Unlock()
	h := &d.halves[d.turn.Add(1)&1^1]
	for h.inside.Load() != 0 {
		<-h.empty
	}
}
