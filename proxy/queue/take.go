package queue

// Take hands out events of a queue, which [Queue.Pending] yielded, whatever they wait for: the caller ends them. Those
// that are under way stay where they are, and busy counts them; those that are not pending any more count for nothing.
// The next one of an order may be handed out before an earlier one that was taken has ended.
func Take(q *Queue, of []Item) (taken []Item, busy int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	wanted := map[*entry]bool{}
	for _, it := range of {
		switch {
		case it.e.name != it.Name || it.e.state == ended || it.e.file == nil:
		case it.e.state == underWay || it.e.state == added:
			busy++
		default:
			wanted[it.e] = true
		}
	}
	if len(wanted) == 0 || q.closed {
		return nil, busy
	}
	for _, v := range q.vendors {
		v.takeOut(wanted)
	}
	now := q.clock()
	for _, it := range of {
		if wanted[it.e] {
			delete(wanted, it.e)
			taken = append(taken, q.item(it.e, now))
		}
	}
	return taken, busy
}

// takeOut makes those of the vendor that are wanted ones that are under way.
func (v *vendor) takeOut(wanted map[*entry]bool) {
	v.takeBlocked(wanted)
	for e := range wanted {
		switch {
		case e.vendor != v:
		case e.state == ready || e.state == waits:
			v.handOut(e)
		case e.state == parked:
			e.state = underWay
			e.turn++
		}
	}
}

// takeBlocked takes those out of their orders that wait behind others: what is behind them follows what is before them.
func (v *vendor) takeBlocked(wanted map[*entry]bool) {
	before := map[*entry]*entry{}
	var all []*entry
	for e := v.waiting.oldest; e != nil; e = e.newer {
		if e.behind != nil {
			before[e.behind] = e
		}
		if wanted[e] && e.state == blocked {
			all = append(all, e)
		}
	}
	for _, e := range all {
		p := before[e]
		if p.behind = e.behind; e.behind != nil {
			before[e.behind] = p
		} else {
			v.orders[e.order] = p
		}
		e.behind, e.follows, e.order, e.state = nil, false, 0, underWay
		e.turn++
	}
}
