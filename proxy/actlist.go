package proxy

import (
	"context"
	"net/netip"
	"sync"
	"time"
)

// What an [actList] holds, and what one network may have of it.
const (
	mostActs      = 10_000      // that wait
	mostOfShare   = 1_000       // of them, of one network
	mostOfNetwork = 100         // acts in a group
	betweenGroups = time.Second // of one network
	groupsAtOnce  = 4           // that may wait to be in force

	lastMoment = 2 * time.Second // for what is left at the end
)

// actList keeps what hits give a reason to do, until somebody does it: acts that nobody waits for. It is bounded, so
// that hits never wait either: what does not fit is dropped, and the next hit brings it again. Nobody's hits keep those
// of others from their turn: a network, an IPv4 address or an IPv6 /48, has one group of acts a second, and a tenth of
// the list. An act that waits already is not put in again.
//
// A is whole by itself: nothing of a hit's buffers may be in it.
type actList[A comparable] struct {
	kick chan struct{} // holds one where there is something to do

	mu       sync.Mutex // guards what follows
	waiting  map[A]struct{}
	networks map[netip.Addr]*actQueue[A]
}

// actQueue is what waits of one network.
type actQueue[A comparable] struct {
	acts []A
	last time.Time // when a group of it was taken
}

func newActList[A comparable]() *actList[A] {
	return &actList[A]{
		kick: make(chan struct{}, 1), waiting: map[A]struct{}{}, networks: map[netip.Addr]*actQueue[A]{},
	}
}

// put puts an act that a hit from an address gave reason to behind the others. It is false where there is no room, for
// anybody or for its network.
func (l *actList[A]) put(from netip.Addr, act A) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, there := l.waiting[act]; there {
		return true
	}
	if len(l.waiting) >= mostActs {
		return false
	}
	network := networkOf(from)
	queue := l.networks[network]
	switch {
	case queue == nil:
		queue = new(actQueue[A])
		l.networks[network] = queue
	case len(queue.acts) >= mostOfShare:
		return false
	}
	l.waiting[act] = struct{}{}
	queue.acts = append(queue.acts, act)
	select {
	case l.kick <- struct{}{}:
	default:
	}
	return true
}

// take takes off what it is time for: of each network a group, where its last one is long enough ago.
func (l *actList[A]) take(now time.Time) []A {
	l.mu.Lock()
	defer l.mu.Unlock()
	var group []A
	for network, queue := range l.networks {
		switch {
		case now.Sub(queue.last).Abs() < betweenGroups: // Abs: the clock may have been put back
		case len(queue.acts) == 0:
			delete(l.networks, network)
		default:
			n := min(len(queue.acts), mostOfNetwork)
			group = append(group, queue.acts[:n]...)
			queue.acts, queue.last = queue.acts[n:], now
		}
	}
	l.forget(group)
	return group
}

// run writes down what is in the list, group after group, until the context ends; now and again it calls each besides.
// What waits to be in force does not hold up what comes next.
func (l *actList[A]) run(
	ctx context.Context, now func() time.Time, tick <-chan time.Time, each func(), write func([]A),
) {
	var writing sync.WaitGroup
	defer writing.Wait()
	places := make(chan struct{}, groupsAtOnce)
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.kick:
		case <-tick:
			each()
		}
		group := l.take(now())
		if len(group) == 0 {
			continue
		}
		places <- struct{}{}
		writing.Go(func() {
			write(group) // what was begun is finished
			<-places
		})
	}
}

// drain takes off all that is left.
func (l *actList[A]) drain() []A {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []A
	for _, queue := range l.networks {
		all = append(all, queue.acts...)
	}
	l.forget(all)
	clear(l.networks)
	return all
}

// finish hands over what is left, and does without the rest of it after a moment: the server ends.
func (l *actList[A]) finish(write func(context.Context, []A)) {
	left := l.drain()
	if len(left) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), lastMoment)
	defer cancel()
	write(ctx, left)
}

// forget notes that acts wait no more. The caller holds the mutex.
func (l *actList[A]) forget(acts []A) {
	for _, act := range acts {
		delete(l.waiting, act)
	}
}

// networkOf names who shares a share: an IPv4 address, or an IPv6 /48, which is what one customer has at most.
func networkOf(from netip.Addr) netip.Addr {
	if from = from.Unmap(); !from.Is6() {
		return from
	}
	network, err := from.WithZone("").Prefix(48)
	if err != nil {
		return netip.Addr{}
	}
	return network.Addr()
}
