package queue

import (
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/tagwarden/tagwarden/rules/plural"
)

// Park parks an event that was handed out, which its vendor refused for good: it waits no more, and is kept for as
// long as events are parked, below a reason, which is one of few and says nothing of anybody. It returns when that
// is on disk. It has not ended by that. The error is [ErrParkFull], [ErrDamaged], or says why nothing can be
// written now; the event is still handed out then. Where it may have arrived by an earlier attempt, the caller sets
// it.Attempted, or leaves it so: it is remembered.
func (q *Queue) Park(it Item, reason string) error {
	if reason == "" {
		reason = "other"
	}
	var e Event
	if err := q.Read(it, &e); err != nil {
		return err
	}
	q.mu.Lock()
	e.reason, e.parked, e.Taken = reason, q.opts.Now(), false
	q.mu.Unlock()
	return q.parked.move(it, &e)
}

// Unpark has a parked event wait for its vendor again, behind all others and for as long as given. It returns when
// that is on disk. The error says why it is still handed out. One that may have arrived keeps the time when it was
// accepted: its vendor has known it since then.
func (q *Queue) Unpark(it Item, ttl time.Duration) error {
	var e Event
	if err := q.Read(it, &e); err != nil {
		return err
	}
	now := q.opts.Now()
	if e.reason, e.TTL = "", ttl; it.Attempted && e.Time.Before(now) {
		e.TTL += now.Sub(e.Time)
	} else {
		e.Time = now
	}
	return q.waiting.move(it, &e)
}

// move has an event of the other store stand in this one. Where a process dies meanwhile
// both have it, and the later one counts.
func (s *store) move(it Item, e *Event) error {
	q, one := s.q, it.e
	q.mu.Lock()
	for one.moving {
		q.placed.Wait()
	}
	room := e.size()
	err := s.refuses(room)
	if err != nil {
		q.mu.Unlock()
		return err
	}
	t := s.ticket(1, room)
	t.spots[0].doubt = it.Attempted
	round := one.round + 1
	q.mu.Unlock()
	t.seal(0, round, e)
	if err := t.send(); err != nil {
		t.Refuse()
		return err
	}
	if err := t.Synced(); err != nil {
		t.Refuse()
		return err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	now := q.clock()
	t.land()
	if s.parks {
		one.vendor.leave(one)
		q.waiting.dead(one.key, one.number, one.file, one.size)
	} else {
		one.vendor.unpark(one)
		q.parked.dead(one.key, one.number, one.file, one.size)
	}
	one.round, one.attempts, one.panics, one.attempted = round, 0, 0, it.Attempted
	t.place(0, t.at, one)
	if s.parks {
		one.reason, one.state = q.reason(e.reason), parked
		if one.taken {
			one.taken = false
			q.opts.Left(one.name)
		}
		one.expires = now + int64(q.opts.ParkFor)
		one.vendor.park(one)
	} else {
		one.reason = 0
		waited := max(q.opts.Now().Sub(e.Time), 0)
		one.time, one.expires = int64(milli(e.Time)), now+int64(max(e.TTL-waited, time.Millisecond))
		one.vendor.arrive(one)
	}
	t.done()
	return nil
}

// Parked hands parked events out, oldest first and at most so many: of one vendor and reason, or of all ("").
func (q *Queue) Parked(vendor, reason string, most int) []Item {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.takeParked(vendor, most, q.clock(), func(e *entry) bool {
		return reason == "" || q.reasons[e.reason] == reason
	})
}

// Unsaid are events that the start found parked, while the log says last of them that an attempt began: a process died
// before it could say that they are. They are handed out to nobody.
func Unsaid(q *Queue) []Item { return q.unsaid }

// Overdue hands those out that were parked for as long as events are, at most so many: the caller ends them.
func (q *Queue) Overdue(most int) (items []Item) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := q.clock()
	if now < q.overdue {
		return nil
	}
	q.overdue = now + int64(q.opts.ParkFor)
	for _, v := range q.vendors {
		for e := v.parked.oldest; e != nil; e = e.newer {
			if e.expires <= now && e.state == parked && len(items) < most {
				e.state = underWay
				e.turn++
				items = append(items, q.item(e, now))
			} else {
				q.overdue = min(q.overdue, e.expires)
			}
		}
	}
	return items
}

// Pending goes over what waits for a vendor, or for all (""), and what is parked, at the moment, and yields of that
// what is still pending when its turn comes, without handing it out: it may be read alone. Whatever ends meanwhile,
// nothing is left out that is pending all the while.
func (q *Queue) Pending(vendor string) iter.Seq[Item] {
	type pending struct {
		e    *entry
		name Name
	}
	return func(yield func(Item) bool) {
		q.mu.Lock()
		defer q.mu.Unlock()
		var all []pending
		for name, v := range q.vendors {
			if vendor != "" && vendor != name {
				continue
			}
			for _, l := range []*list{&v.waiting, &v.parked} {
				for e := l.oldest; e != nil; e = e.newer {
					all = append(all, pending{e, e.name})
				}
			}
		}
		for _, p := range all {
			if p.e.name != p.name || p.e.state == ended {
				continue
			}
			it := q.item(p.e, q.clock())
			q.mu.Unlock()
			more := yield(it)
			q.mu.Lock()
			if !more {
				return
			}
		}
	}
}

// IsFull tells whether an error of adding says that there is no room.
func IsFull(err error) bool {
	return errors.Is(err, ErrFull) || errors.Is(err, ErrReserve) || errors.Is(err, ErrParkFull)
}

// refuses tells why a store has no room for so many bytes. The mutex is held.
func (s *store) refuses(room int64) error {
	used, q := s.bytes+s.coming, s.q
	switch {
	case q.closed:
		return ErrClosed
	case q.taken != nil:
		return q.taken
	case s.parks && used+room > q.opts.ParkSize:
		return fmt.Errorf("%w: %d of %s are used", ErrParkFull, used, plural.Of(q.opts.ParkSize, "byte"))
	case !s.parks && used+room > q.opts.Size:
		return fmt.Errorf("%w: %d of %s are used", ErrFull, used, plural.Of(q.opts.Size, "byte"))
	case q.opts.Free != nil && q.free < room:
		return fmt.Errorf("%w: %s kept free", ErrReserve, plural.Are(q.opts.Reserve, "byte"))
	}
	return nil
}
