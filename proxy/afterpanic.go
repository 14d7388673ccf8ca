package proxy

import (
	"slices"

	"github.com/tagwarden/tagwarden/proxy/delivery"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/queue"
)

// mostPanics is at how many panics an event is parked.
const mostPanics = 2

// panicked is an exchange that ended in a panic.
type panicked struct {
	*exchange
	ends *endings // events that end by that
}

// giveBack gives back what is still handed out: to be tried once more, each event by itself, so that what comes upon a
// panic again is that event alone, and is parked. What had passed the gate may have arrived, and ends where its vendor
// does not know it again.
func (x panicked) giveBack() {
	ending := x.over.names()
	if !x.over.writing { // else nobody knows what of them is recorded: the next start does
		x.over.finish()
	}
	for _, it := range x.out {
		if slices.Contains(ending, it.Name) || !queue.HandedOut(x.queue, it) {
			continue // it has an outcome
		}
		p := x.parcelOf(it)
		left := p != nil && (p.left || p.attempted)
		it.Attempted = it.Attempted || left
		switch it.Panics++; {
		case left && !p.keyed:
			x.ends.add(it, ledger.Unknown, delivery.WhyFailed.String(), 0)
		case it.Panics >= mostPanics:
			x.setAside(it)
		case it.Attempted && x.opts.Outcome(outcomeOf(&it, ledger.Deferred, delivery.WhyFailed.String(), 0)) != nil:
			// what may have arrived stays handed out where that cannot be recorded: the next start asks for it again
		default:
			if !it.Attempted {
				x.taken.takeBack(&it)
			}
			x.queue.Later(it, againAfter)
		}
	}
	x.ends.finish()
}

// parcelOf is the parcel of an event; nil: it was taken out of it.
func (x panicked) parcelOf(it queue.Item) *parcel {
	for i := range x.parcels {
		if x.parcels[i].item.Name == it.Name {
			return &x.parcels[i]
		}
	}
	return nil
}

// setAside parks an event that came upon a panic again. Where there is no room it ends.
func (x panicked) setAside(it queue.Item) {
	if !x.taken.mayPark(&it) {
		x.queue.Later(it, againAfter)
		return
	}
	if err := x.opts.Outcome(outcomeOf(&it, ledger.Parked, whyPanic, 0)); err != nil {
		x.unrecorded(err)
		return
	}
	if err := x.queue.Park(it, whyPanic); err != nil {
		x.ends.add(it, ledger.Dropped, whyPanic, 0)
	}
}
