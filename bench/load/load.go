// Package load sends hits and counts them. Every hit has a serial number; the sink at the other end notes which numbers
// arrive, and the books have to balance: what was sent arrived exactly once, or, where nothing may arrive, not at all.
// It promises that a figure is never taken from a run in which a hit was lost, doubled or made up.
package load

import (
	"fmt"
	"sync"
	"sync/atomic"
)

// Books are the account of one run: which serial numbers were sent, and which arrived. Any
// number of goroutines may write to them.
type Books struct {
	first, count uint64 // the numbers of this run: first, first+1 ... first+count-1
	sent         []atomic.Uint64
	arrived      []atomic.Uint64

	nSent, nAnswered, nArrived atomic.Int64
	// arrived a second time; arrived with a number that was never given, or without one
	twice, strange atomic.Int64
}

// NewBooks opens the books for count hits, numbered from first.
func NewBooks(first, count uint64) *Books {
	words := (count + 63) / 64
	return &Books{first: first, count: count, sent: make([]atomic.Uint64, words), arrived: make([]atomic.Uint64, words)}
}

// Sent notes that a hit is about to be sent.
func (b *Books) Sent(serial uint64) {
	if i := serial - b.first; i < b.count {
		b.sent[i/64].Or(1 << (i % 64))
		b.nSent.Add(1)
	}
}

// Answered notes that a hit got the answer that was expected.
func (b *Books) Answered() { b.nAnswered.Add(1) }

// Arrived notes that a hit arrived at the sink.
func (b *Books) Arrived(serial uint64) {
	i := serial - b.first
	if i >= b.count || b.sent[i/64].Load()&(1<<(i%64)) == 0 {
		b.strange.Add(1)
		return
	}
	if b.arrived[i/64].Or(1<<(i%64))&(1<<(i%64)) != 0 {
		b.twice.Add(1)
		return
	}
	b.nArrived.Add(1)
}

// HaveArrived is how many of the hits have arrived so far.
func (b *Books) HaveArrived() int64 { return b.nArrived.Load() }

// Strange notes a request at the sink that holds no serial number.
func (b *Books) Strange() { b.strange.Add(1) }

// Expect says what has to be in the books at the end.
type Expect int

// What may be expected.
const (
	All      Expect = iota // every hit arrives once
	None                   // no hit arrives
	Repeated               // every hit arrives, and any of them more than once: its sender was not told the first time
)

// Balance says what is wrong with the books, nil where nothing is.
func (b *Books) Balance(e Expect) error {
	sent, answered, arrived := b.nSent.Load(), b.nAnswered.Load(), b.nArrived.Load()
	wanted := int64(0)
	if e != None {
		wanted = int64(b.count)
	}
	tooOften := b.twice.Load() != 0 && e != Repeated
	if sent != int64(b.count) || answered != sent || arrived != wanted || tooOften || b.strange.Load() != 0 {
		return fmt.Errorf("the books do not balance: %d hits to send, %d sent, %d answered, %d arrived of %d expected, %d "+
			"twice, %d with a number that was never sent",
			b.count, sent, answered, arrived, wanted, b.twice.Load(), b.strange.Load())
	}
	return nil
}

// Times are how long hits took, in microseconds.
type Times struct {
	mu  sync.Mutex
	all []int32
}

// add takes the times of one connection.
func (t *Times) add(some []int32) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.all = append(t.all, some...)
}
