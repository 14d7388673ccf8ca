// Package memory counts what all hits together hold, and knows how much the process may have. It
// promises that hits hold no more than the budget: who wants more is told no before it is there, and
// small hits find room where large ones do not.
package memory

import "sync/atomic"

// Budget is the number of bytes that all hits together may hold.
type Budget struct {
	most atomic.Int64
	held atomic.Int64
	peak atomic.Int64 // since Calm last told of a peak
}

// NewBudget makes a budget of so many bytes.
func NewBudget(bytes int) *Budget {
	b := new(Budget)
	b.Set(bytes)
	return b
}

// Set changes what may be held. What is held already stays.
func (b *Budget) Set(bytes int) { b.most.Store(int64(bytes)) }

// Most is what may be held, in bytes.
func (b *Budget) Most() int { return int(b.most.Load()) }

// Held is what is held now, in bytes.
func (b *Budget) Held() int { return int(b.held.Load()) }

// A hit takes room from the budget in blocks, so that most take one. An eighth of the budget is for small ones alone:
// whoever fills the rest with large hits keeps nobody else's from being judged.
const (
	block = 16 << 10
	small = 128 << 10 // what one hit may hold of that eighth
	share = 8
)

// forOne is what may be held in all where somebody wants to hold so many bytes alone.
func (b *Budget) forOne(bytes int64) int64 {
	most := b.most.Load()
	if bytes > small {
		most -= most / share
	}
	return most
}

// take takes room for one who holds so much already.
func (b *Budget) take(bytes, holds int64) bool {
	most := b.forOne(holds + bytes)
	held := b.held.Add(bytes)
	if held > most {
		b.held.Add(-bytes)
		return false
	}
	for {
		peak := b.peak.Load()
		if held <= peak || b.peak.CompareAndSwap(peak, held) {
			return true
		}
	}
}

// Calm tells, once, that hits held a good part of the budget and hold little of it now:
// what they held lies around as garbage.
func (b *Budget) Calm() bool {
	most := b.most.Load()
	if b.peak.Load() < most/4 || b.held.Load() > most/8 {
		return false
	}
	b.peak.Store(b.held.Load())
	return true
}

// Lease is what one hit holds of a budget. It belongs to one goroutine. Its zero value holds nothing, and there is
// always room for it; Begin gives it a budget.
type Lease struct {
	budget *Budget
	taken  int64 // of the budget
	used   int64
	never  bool // what was refused would not fit alone
}

// Begin starts on a hit that holds nothing yet.
func (l *Lease) Begin(b *Budget) { *l = Lease{budget: b} }

// Take takes room for so many bytes, and tells whether there was some.
func (l *Lease) Take(bytes int) bool {
	used := l.used + int64(bytes)
	if used > l.taken && l.budget != nil {
		more := (used - l.taken + block - 1) / block * block
		if !l.budget.take(more, l.taken) {
			l.never = l.taken+more > l.budget.forOne(l.taken+more)
			return false
		}
		l.taken += more
	}
	l.used = used
	return true
}

// Never tells whether what was refused would find no room though nobody else were there.
func (l *Lease) Never() bool { return l.never }

// Give gives back room for so many bytes, for the same hit to use.
func (l *Lease) Give(bytes int) { l.used = max(l.used-int64(bytes), 0) }

// End gives everything back to the budget.
func (l *Lease) End() {
	if l.budget != nil {
		l.budget.held.Add(-l.taken)
	}
	*l = Lease{}
}
