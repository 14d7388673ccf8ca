package queue

import "time"

// index is what memory holds of events. It is used under the queue's mutex.
type index struct {
	vendors map[string]*vendor
	// The reasons to park, by number: the first one is none, the second stands for those that were too many.
	reasons []string
	slab    slab
}

// vendor is what is pending for one.
func (x *index) vendor(name string) *vendor {
	v := x.vendors[name]
	if v == nil {
		v = newVendor(name)
		x.vendors[name] = v
	}
	return v
}

// reason is the number of a reason to park.
func (x *index) reason(text string) uint16 {
	for i, r := range x.reasons {
		if r == text {
			return uint16(i)
		}
	}
	if len(x.reasons) == 1<<16-1 {
		return 1
	}
	x.reasons = append(x.reasons, text)
	return uint16(len(x.reasons) - 1)
}

// item is what is handed out of an entry.
func (x *index) item(e *entry, now int64) Item {
	it := Item{
		Name: e.name, Vendor: e.vendor.name, Order: e.order, Size: int(e.size), Time: time.UnixMilli(e.time),
		Attempts: int(e.attempts), Panics: int(e.panics), Attempted: e.attempted, Taken: e.taken, turn: e.turn,
		Judged: e.judged, Expired: e.expires <= now, Left: time.Duration(e.expires - now), e: e,
	}
	if e.file != nil && e.reason != 0 {
		it.Reason = x.reasons[e.reason]
	}
	return it
}

// takeParked hands out what is parked and wanted, oldest first: of one vendor, or of all ("").
func (x *index) takeParked(vendor string, most int, now int64, want func(e *entry) bool) (items []Item) {
	for name, v := range x.vendors {
		if vendor != "" && name != vendor {
			continue
		}
		for e := v.parked.oldest; e != nil && len(items) < most; e = e.newer {
			if e.state == parked && want(e) {
				e.state = underWay
				e.turn++
				items = append(items, x.item(e, now))
			}
		}
	}
	return items
}
