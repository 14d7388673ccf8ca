package queue

// vendor is what is pending for one vendor.
type vendor struct {
	name    string
	waiting list // also what is under way
	parked  list
	why     map[uint16]*parkedFor

	ready    *entry // the first one that is; the others stand behind it in the order in which they came
	later    timed  // waits
	expiring timed  // ready, or waits
	orders   map[uint64]*entry
	arrived  chan struct{}
	untold   int // events that are ready, at most, that came when arrived had no room to tell of them
}

func newVendor(name string) *vendor {
	return &vendor{
		name: name, later: byDue(), expiring: byExpiry(), orders: map[uint64]*entry{}, why: map[uint16]*parkedFor{},
		arrived: make(chan struct{}, 1),
	}
}

// kick tells whoever waits for events; false where somebody is about to hear it already.
func (v *vendor) kick() bool {
	select {
	case v.arrived <- struct{}{}:
		return true
	default:
		return false
	}
}

// kickNext tells whoever else waits that there is another event behind one that was handed out, where nobody was told
// of it: each that arrived was told of by itself, as far as there was room; those that are due again were not.
func (v *vendor) kickNext(now int64) {
	if v.ready == nil {
		v.untold = 0
	}
	if later := v.later.first(); later != nil && later.due <= now {
		v.kick()
	} else if v.untold > 0 && v.kick() {
		v.untold--
	}
}

// arrive has an event wait, behind all others.
func (v *vendor) arrive(e *entry) {
	v.waiting.add(e)
	if e.order != 0 {
		before := v.orders[e.order]
		v.orders[e.order] = e
		if before != nil {
			before.behind = e
			e.state, e.follows = blocked, true
			return
		}
	}
	e.state = ready
	if v.ready == nil {
		v.ready = e
	}
	v.expiring.add(e)
	if !v.kick() {
		v.untold++
	}
}

// leave takes an event that is under way out. The next one of its order is ready then, before those that came later.
func (v *vendor) leave(e *entry) {
	v.waiting.remove(e)
	if e.order == 0 {
		return
	}
	if next := e.behind; next != nil {
		e.behind = nil
		next.follows = false
		if next.state == blocked {
			v.wait(next, 0)
			v.kick()
		}
	} else {
		delete(v.orders, e.order)
	}
}

// back has an event wait that was handed out: until it is due, or until the one before it has left.
func (v *vendor) back(e *entry, due int64) {
	if e.follows {
		e.state = blocked
		return
	}
	v.wait(e, due)
	v.kick()
}

// wait has an event wait until it is due.
func (v *vendor) wait(e *entry, due int64) {
	e.state, e.due = waits, min(due, e.expires)
	v.later.add(e)
	v.expiring.add(e)
}

// parkedFor is how much is parked for a reason.
type parkedFor struct {
	n     int
	bytes int64
}

func (v *vendor) park(e *entry) {
	v.parked.add(e)
	p := v.why[e.reason]
	if p == nil {
		p = new(parkedFor)
		v.why[e.reason] = p
	}
	p.n++
	p.bytes += int64(e.size)
}

func (v *vendor) unpark(e *entry) {
	v.parked.remove(e)
	p := v.why[e.reason]
	p.bytes -= int64(e.size)
	if p.n--; p.n == 0 {
		delete(v.why, e.reason)
	}
}

// Which says which events are asked for.
type Which uint8

// The events that may be asked for.
const (
	Due     Which = iota // those that are due
	Expired              // those that have waited for longer than they may
	Any                  // all
)

// take takes the next event, at a time by the queue's own clock; nil where there is none.
func (v *vendor) take(which Which, now int64) *entry {
	e := v.next(which, now)
	if e == nil {
		return nil
	}
	v.handOut(e)
	return e
}

// handOut makes an event that is ready, or waits, one that is under way.
func (v *vendor) handOut(e *entry) {
	v.expiring.remove(e)
	if e.state == waits {
		v.later.remove(e)
	} else if e == v.ready {
		v.ready = e.newer
		for v.ready != nil && v.ready.state != ready { // each is passed once
			v.ready = v.ready.newer
		}
	}
	e.state = underWay
	e.turn++
}

// next is the next event.
func (v *vendor) next(which Which, now int64) *entry {
	later, expiring := v.later.first(), v.expiring.first()
	switch {
	case which == Expired:
		if expiring != nil && expiring.expires <= now {
			return expiring
		}
		return nil
	case later != nil && (which == Any || later.due <= now):
		return later
	default:
		return v.ready
	}
}
