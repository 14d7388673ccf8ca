package main

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

// books are what happened, by one clock: times are since the run began.
type books struct {
	began time.Time

	mu    sync.Mutex
	hits  []hit
	acts  []*act
	cuts  [][]span // by node: when it was cut off from the quorum, ended or stopped
	phase string
	wrong []string // what was found besides
	heals []heal
}

// hit is a page view.
type hit struct {
	visitor int
	node    int
	sent    time.Duration
	came    time.Duration // to the vendor; 0: it did not
}

// act is an objection.
type act struct {
	visitor int
	node    int // that was asked
	phase   string
	sent    time.Duration
	acked   time.Duration // 0: it was not acknowledged
	untold  bool
}

// span is a time; to is 0 while it goes on.
type span struct{ from, to time.Duration }

// heal is how long nodes took until all were current again.
type heal struct {
	phase string
	took  time.Duration
}

func newBooks(nodes int) *books { return &books{began: time.Now(), cuts: make([][]span, nodes)} }

func (b *books) now() time.Duration { return max(1, time.Since(b.began)) }

// sends notes a page view that is about to be sent, and returns its number.
func (b *books) sends(visitor, node int) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.hits = append(b.hits, hit{visitor: visitor, node: node, sent: b.now()})
	return len(b.hits) - 1
}

// comes notes that one came to the vendor.
func (b *books) comes(number int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if number >= 0 && number < len(b.hits) && b.hits[number].came == 0 {
		b.hits[number].came = b.now()
	}
}

// came says when the last page view of a visitor came to the vendor.
func (b *books) came(number int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.hits[number].came > 0
}

func (b *books) objects(a *act) {
	b.mu.Lock()
	defer b.mu.Unlock()
	a.phase = b.phase
	b.acts = append(b.acts, a)
}

func (b *books) answered(a *act, untold bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	a.acked, a.untold = b.now(), untold
}

func (b *books) enter(phase string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.phase = phase
}

// cut notes that nodes are cut off from the quorum from now on.
func (b *books) cut(nodes ...int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, n := range nodes {
		b.cuts[n] = append(b.cuts[n], span{from: b.now()})
	}
}

// joined notes that no node is any more.
func (b *books) joined() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for n := range b.cuts {
		if i := len(b.cuts[n]) - 1; i >= 0 && b.cuts[n][i].to == 0 {
			b.cuts[n][i].to = b.now()
		}
	}
}

func (b *books) healed(phase string, took time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.heals = append(b.heals, heal{phase, took})
}

func (b *books) find(format string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.wrong = append(b.wrong, b.phase+": "+fmt.Sprintf(format, args...))
}

// How late is too late.
const (
	connectedBound = time.Second
	// of this machine: from when a vendor is sent something until it has noted that
	slack = 150 * time.Millisecond
)

// bound is until when at the latest a page view may come to the vendor through a node, of a visitor whose objection was
// acknowledged: a moment after that on the node that was asked; a second after on one that is connected; and on one
// that is cut off stale.after, or a second after it is no more, whatever comes first.
func (b *books) bound(a *act, node int, stale time.Duration) (until time.Duration, cut bool) {
	if node == a.node {
		return a.acked + slack, false
	}
	until = a.acked + connectedBound
	for _, c := range b.cuts[node] {
		if c.from > until || c.to > 0 && c.to < a.acked {
			continue
		}
		cut = true
		most := a.acked + stale
		if c.to > 0 {
			most = min(most, max(a.acked, c.to)+connectedBound)
		}
		until = max(until, most)
	}
	return until + slack, cut
}

// effects are how long after it was acknowledged page views of a visitor still came to the vendor, of one phase.
type effects struct {
	acks           []time.Duration // how long acknowledgements took
	connected, cut []time.Duration // on nodes other than the one that was asked
	own            []time.Duration
	told, untold   int
	failed         int
}

// check holds what came to the vendor against what was acknowledged.
func (b *books) check(stale time.Duration) (phases []string, by map[string]*effects, late []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	by = map[string]*effects{}
	ofVisitor := map[int]*act{}
	for _, a := range b.acts {
		if by[a.phase] == nil {
			by[a.phase], phases = &effects{}, append(phases, a.phase)
		}
		e := by[a.phase]
		switch {
		case a.acked == 0:
			e.failed++
			continue
		case a.untold:
			e.untold++
		default:
			e.told++
			e.acks = append(e.acks, a.acked-a.sent)
		}
		ofVisitor[a.visitor] = a
	}
	last := map[[2]int]time.Duration{} // visitor, node
	for i := range b.hits {
		if h := &b.hits[i]; h.came > 0 {
			last[[2]int{h.visitor, h.node}] = max(last[[2]int{h.visitor, h.node}], h.came)
		}
	}
	for visitor, a := range ofVisitor {
		for node := range b.cuts {
			if a.untold && node != a.node {
				continue // the others do not know yet
			}
			until, cut := b.bound(a, node, stale)
			at := last[[2]int{visitor, node}]
			after := max(0, at-a.acked)
			switch e := by[a.phase]; {
			case node == a.node:
				e.own = append(e.own, after)
			case cut:
				e.cut = append(e.cut, after)
			default:
				e.connected = append(e.connected, after)
			}
			if at > until {
				late = append(late, fmt.Sprintf(
					"%s: at %v visitor %d objected at node %d (untold: %v), and at node %d (cut off: %v) "+
						"it was forwarded %v after, %v too late", a.phase, a.acked, visitor, a.node, a.untold, node,
					cut, after, at-until))
			}
		}
	}
	slices.Sort(late)
	return phases, by, late
}

// quantile of durations; 0: there are none.
func quantile(all []time.Duration, q float64) time.Duration {
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[min(len(all)-1, int(q*float64(len(all))))]
}
