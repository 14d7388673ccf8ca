package queue

import "container/heap"

// vendor is what is pending for one vendor.
type vendor struct {
	name    string
	waiting list // also what is under way
	parked  list
	why     map[uint16]*parkedFor

	first, last *entry // ready, in the order in which they came
	later       later  // waits
	orders      map[uint64]*entry
	arrived     chan struct{}
}

func newVendor(name string) *vendor {
	return &vendor{name: name, orders: map[uint64]*entry{}, why: map[uint16]*parkedFor{}, arrived: make(chan struct{}, 1)}
}

// kick tells whoever waits for events.
func (v *vendor) kick() {
	select {
	case v.arrived <- struct{}{}:
	default:
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
	if v.first == nil {
		v.first = e
	} else {
		v.last.next = e
	}
	v.last = e
	v.kick()
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
	heap.Push(&v.later, e)
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
	e := v.takeLater(which, now)
	if e == nil && v.first != nil && (which != Expired || v.first.expires <= now) {
		e = v.first
		if v.first = e.next; v.first == nil {
			v.last = nil
		}
		e.next = nil
	}
	if e != nil {
		e.state = underWay
	}
	return e
}

// due tells whether there is one that is due.
func (v *vendor) due(now int64) bool {
	return v.first != nil || len(v.later) > 0 && v.later[0].due <= now
}

func (v *vendor) takeLater(which Which, now int64) *entry {
	if len(v.later) == 0 {
		return nil
	}
	switch which {
	case Due:
		if v.later[0].due > now {
			return nil
		}
	case Expired:
		for i, e := range v.later {
			if e.expires <= now {
				return heap.Remove(&v.later, i).(*entry)
			}
		}
		return nil
	case Any:
	}
	return heap.Pop(&v.later).(*entry)
}

// later is a heap of entries: the first one is due first, and of those that are due together, came first.
type later []*entry

// Len is that of heap.Interface.
func (l later) Len() int { return len(l) }

// Less is that of heap.Interface.
func (l later) Less(i, j int) bool {
	return l[i].due < l[j].due || l[i].due == l[j].due && l[i].name.Compare(l[j].name) < 0
}

// Swap is that of heap.Interface.
func (l later) Swap(i, j int) { l[i], l[j] = l[j], l[i] }

// Push is that of heap.Interface.
func (l *later) Push(x any) { *l = append(*l, x.(*entry)) }

// Pop is that of heap.Interface.
func (l *later) Pop() any {
	n := len(*l) - 1
	e := (*l)[n]
	(*l)[n] = nil
	*l = (*l)[:n]
	return e
}
