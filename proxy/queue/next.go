package queue

import "time"

// Item is an event that was handed out. Whoever has it says what became of it, once: [Queue.End], [Queue.Later],
// [Queue.Return], [Queue.Park] or [Queue.Unpark]; the item is not used afterwards.
type Item struct {
	Name      Name
	Vendor    string
	Order     uint64
	Size      int           // about how many bytes it takes in memory
	Time      time.Time     // when it was accepted
	Attempts  int           // how often it was tried since the start
	Panics    int           // how often whoever tried it panicked; the caller counts them
	Attempted bool          // it may have arrived: nobody knows how an attempt went
	Expired   bool          // it waited for longer than it may
	Taken     bool          // from elsewhere, where it is kept: see [Event]
	Reason    string        // why it is parked
	Judged    uint64        // what it was judged by when it was added: see [Event]
	Left      time.Duration // how long it may wait still; less than 0 where it is over
	e         *entry
	turn      uint32
}

// Next hands the next event of a vendor out. Where events have an order, none is handed out while an earlier one of
// it is pending.
func (q *Queue) Next(vendor string, which Which) (Item, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	v := q.vendors[vendor]
	if v == nil || q.closed {
		return Item{}, false
	}
	now := q.clock()
	e := v.take(which, now)
	if e == nil {
		return Item{}, false
	}
	if which == Due {
		v.kickNext(now)
	}
	return q.item(e, now), true
}

// Behind hands out the event that waits right behind one that was handed out, in its order: for whoever sends both in
// one request, in that order. Where the earlier one does not end, the later one waits behind it again.
func (q *Queue) Behind(it Item) (Item, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	next := it.e.behind
	if next == nil || next.state != blocked || q.closed {
		return Item{}, false
	}
	next.state = underWay
	next.turn++
	return q.item(next, q.clock()), true
}

// Arrived is sent to when events of a vendor have become ready: [Queue.Next] may have one. It has room for one.
func (q *Queue) Arrived(vendor string) <-chan struct{} {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.vendor(vendor).arrived
}

// Wait tells how long it is until an event of a vendor is due; false where none waits that is not under way or
// behind another.
func (q *Queue) Wait(vendor string) (time.Duration, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	v := q.vendors[vendor]
	if v == nil {
		return 0, false
	}
	if v.ready != nil {
		return 0, true
	}
	later := v.later.first()
	if later == nil {
		return 0, false
	}
	return time.Duration(max(later.due-q.clock(), 0)), true
}

// End ends events: record, which writes that down, is called once before, and where it fails they stay as they are.
// nil: it is written down already.
func (q *Queue) End(record func() error, items ...Item) error {
	return q.noted(record, func() {
		for _, it := range items {
			q.end(it.e)
		}
	})
}

// noted has something written down, where record is given, and then noted here: between the two no checkpoint is taken.
// Note runs under the mutex.
func (q *Queue) noted(record func() error, note func()) error {
	q.ending.RLock()
	defer q.ending.RUnlock()
	if record != nil {
		if err := record(); err != nil {
			return err
		}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	note()
	return nil
}

// end takes an event out that was handed out. The mutex is held.
func (q *Queue) end(e *entry) {
	if e.reason != 0 {
		e.vendor.unpark(e)
		q.parked.dead(e.key, e.number, e.file, e.size)
	} else {
		e.vendor.leave(e)
		q.waiting.dead(e.key, e.number, e.file, e.size)
	}
	if e.taken {
		q.opts.Left(e.name)
	}
	if e.state = ended; !e.moving {
		q.slab.give(e)
	}
}

// Attempt notes that events are about to be sent: a process that finds them so at its start knows that they may
// have arrived. The record of it is written by record, as with [Queue.End].
func (q *Queue) Attempt(record func() error, items ...Item) error {
	return q.noted(record, func() {
		for _, it := range items {
			it.e.attempted = true
			it.e.key.attempted.set(it.e.number)
		}
	})
}

// Later has an event be tried again after a time: since it was handed out it did not arrive. Where nobody knows that,
// and it may be sent twice, the caller sets it.Attempted; what is known from before stays.
func (q *Queue) Later(it Item, after time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	e := it.e
	if e.attempted = it.Attempted; e.attempted {
		e.key.attempted.set(e.number)
	} else {
		e.key.attempted.unset(e.number)
	}
	e.attempts, e.panics = min(e.attempts, 1<<16-2)+1, uint8(min(it.Panics, 1<<8-1))
	e.vendor.back(e, q.clock()+int64(max(after, 0)))
}

// HandedOut tells whether an event is still handed out to whom it was handed out as it: nobody said what became of it.
func HandedOut(q *Queue, it Item) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return it.e.state == underWay && it.e.turn == it.turn && it.e.name == it.Name
}

// Hasten has all events of a vendor that are put off be due now, in the order in which they came, and returns how many
// they are.
func Hasten(q *Queue, vendor string) (events int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	v, now := q.vendors[vendor], q.clock()
	if v == nil {
		return 0
	}
	if events = v.later.hasten(now); events > 0 {
		v.kick()
	}
	return events
}

// Return gives an event back that was not tried. It is the next one again; what is parked stays so.
func (q *Queue) Return(it Item) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if it.e.reason != 0 {
		it.e.state = parked
		return
	}
	it.e.vendor.back(it.e, 0)
}
