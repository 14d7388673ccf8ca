package webhook

import (
	"container/heap"
	"slices"
	"time"
)

// message is what is kept in memory of a message: where it stands, and whom it is about, by hashes of what names them.
// What it says stays on disk.
type message struct {
	id     uint64
	since  int64 // when it began to wait, nanoseconds since 1970
	size   int64 // of its body
	people []uint64

	place  place
	behind int        // how many messages it waits for: one for each of its people about whom an earlier one is not over
	next   []*message // those that wait for it

	failures int       // attempts that came to nothing for its own sake
	row      uint64    // of failures that it was counted in, see breaker
	due      time.Time // not before
}

// place is where a message stands.
type place uint8

const (
	waits   place = iota // behind others, ready, or for its time
	sending              // it is under way
	over                 // it was taken, or given up
)

func (m *message) age(now time.Time) time.Duration { return now.Sub(time.Unix(0, m.since)) }

// index holds the messages to one receiver. It hands out those that may be sent: about none of whose people an earlier
// one waits or is under way. None of what it does takes longer where more messages wait.
type index struct {
	order []*message          // by ID; those that are over are taken out now and then
	last  map[uint64]*message // by person: the newest message about them
	ready queue               // may be sent, for the first time; among them some that are over
	again queue               // likewise, not for the first time
	later delayed             // may be sent when their time comes; likewise
	room  Room                // of those that are not over
}

// add puts a message behind the others.
func (x *index) add(m *message) {
	for _, who := range m.people {
		if before := x.last[who]; before != nil && before != m {
			before.next = append(before.next, m)
			m.behind++
		}
		x.last[who] = m
	}
	x.order = append(x.order, m)
	x.room.Messages++
	x.room.Bytes += m.size
	if m.behind == 0 {
		x.ready = append(x.ready, m)
	}
}

// wake makes those ready whose time has come.
func (x *index) wake(now time.Time) {
	for len(x.later) > 0 && (x.later[0].place == over || !now.Before(x.later[0].due)) {
		if m := heap.Pop(&x.later).(*message); m.place != over {
			x.again = append(x.again, m)
		}
	}
}

// due is when the first of those is ready that wait for their time; zero: none does.
func (x *index) due() time.Time {
	if len(x.later) == 0 {
		return time.Time{}
	}
	return x.later[0].due
}

// take hands out a message of the first queue that has one: its first, or with pick, which is given a number of
// messages, any. It is nil where none has.
func (x *index) take(pick func(n int) int, from ...*queue) *message {
	for _, q := range from {
		for len(*q) > 0 {
			if m := q.pop(pick); m.place != over {
				m.place = sending
				return m
			}
		}
	}
	return nil
}

// queue holds messages that may be sent.
type queue []*message

// pop takes out the first, or any.
func (q *queue) pop(pick func(n int) int) *message {
	all := *q
	if pick != nil {
		at := pick(len(all))
		all[0], all[at] = all[at], all[0]
	}
	m := all[0]
	all[0] = nil
	*q = all[1:]
	return m
}

// giveBack makes a message ready again that was handed out, in front of the others.
func (x *index) giveBack(m *message) {
	m.place = waits
	q := &x.ready
	if m.failures > 0 {
		q = &x.again
	}
	*q = slices.Insert(*q, 0, m)
}

// delay lets a message that was handed out wait for its time.
func (x *index) delay(m *message, due time.Time) {
	m.place, m.due = waits, due
	heap.Push(&x.later, m)
}

// hurry makes those ready that wait for their time.
func (x *index) hurry() {
	for _, m := range x.later {
		m.due = time.Time{}
	}
	x.wake(time.Time{})
}

// end takes a message out: it was taken, or is given up. Those that waited for it alone are ready then; where it waits
// for others itself, they wait for these.
func (x *index) end(m *message) {
	m.place = over
	x.room.Messages--
	x.room.Bytes -= m.size
	if m.behind == 0 {
		x.release(m)
	}
	if len(x.order) > 2*x.room.Messages+64 {
		x.order = slices.DeleteFunc(x.order, func(m *message) bool { return m.place == over })
	}
}

// release lets those go that wait for a message which is over and waits for none itself.
func (x *index) release(m *message) {
	for free := []*message{m}; len(free) > 0; {
		m, free = free[len(free)-1], free[:len(free)-1]
		for _, who := range m.people {
			if x.last[who] == m {
				delete(x.last, who)
			}
		}
		for _, next := range m.next {
			if next.behind--; next.behind > 0 {
				continue
			}
			if next.place == over {
				free = append(free, next)
			} else {
				x.ready = append(x.ready, next)
			}
		}
		m.next = nil
	}
}

// oldest is the message that waits longest; nil: none does. One that is under way counts where under is true.
func (x *index) oldest(under bool) *message {
	for len(x.order) > 0 && x.order[0].place == over {
		x.order = x.order[1:]
	}
	for _, m := range x.order {
		if m.place == waits || under && m.place == sending {
			return m
		}
	}
	return nil
}

// delayed is a heap of messages by when they are due.
type delayed []*message

// Len, Less, Swap, Push and Pop are those of heap.Interface.
func (d delayed) Len() int           { return len(d) }
func (d delayed) Less(i, j int) bool { return d[i].due.Before(d[j].due) }
func (d delayed) Swap(i, j int)      { d[i], d[j] = d[j], d[i] }

// Push adds one.
func (d *delayed) Push(m any) { *d = append(*d, m.(*message)) }

// Pop takes the last one off.
func (d *delayed) Pop() any {
	at := len(*d) - 1
	m := (*d)[at]
	(*d)[at] = nil
	*d = (*d)[:at]
	return m
}
