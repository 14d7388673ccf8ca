package queue

import (
	"errors"
	"time"

	"github.com/tagwarden/tagwarden/proxy/segment"
)

// Ticket stands for events that were added. [Ticket.Synced] waits until they are on disk; [Ticket.Accept] or
// [Ticket.Refuse] ends it, after which it is not used any more.
type Ticket struct {
	s       *store
	seg     segment.Ticket
	key     *key
	entries []*entry // of events that are added; the caller's own where frames are copied
	spots   []spot
	frames  []byte
	room    int64 // bytes that it is counted with
	asked   bool
	err     error

	seq    uint64 // among those in flight
	number uint64 // of its first frame among all
	file   *file  // nil: it is not written
	at     int64
	sealer sealer
}

// spot is a frame of a ticket.
type spot struct {
	number, size uint32
	doubt        bool
}

// ticket is one to fill, counted with some room. The mutex is held.
func (s *store) ticket(n int, room int64) *Ticket {
	var t *Ticket
	if last := len(s.q.tickets) - 1; last >= 0 {
		t = s.q.tickets[last]
		s.q.tickets = s.q.tickets[:last]
	} else {
		t = new(Ticket)
	}
	t.s, t.key, t.room = s, s.key, room
	s.coming += room
	t.key.users++
	for range n {
		t.spots = append(t.spots, spot{number: t.key.next})
		t.key.next++
	}
	return t
}

// seal seals the event of a spot.
func (t *Ticket) seal(i int, round uint16, e *Event) {
	from := len(t.frames)
	h := frameHead{t.key.id, t.spots[i].number, round, e.Name, t.spots[i].doubt}
	t.frames = t.sealer.seal(t.frames, t.key.aead, &h, e)
	t.spots[i].size = uint32(len(t.frames) - from)
}

// send hands the frames to the writer.
func (t *Ticket) send() (err error) {
	s := t.s
	t.seg, err = s.w.AddFunc(func(dst []byte, _ uint64) ([]byte, int) {
		s.q.mu.Lock()
		t.seq = s.base + uint64(len(s.flight))
		s.flight = append(s.flight, t)
		s.q.mu.Unlock()
		return append(dst, t.frames...), len(t.spots)
	})
	if err != nil {
		t.asked, t.err = true, err
		t.seq = noTicket
	}
	return err
}

const noTicket = 1<<64 - 1

// Synced waits until the events are on disk. They are not handed out before [Ticket.Accept].
func (t *Ticket) Synced() error {
	if !t.asked {
		t.asked = true
		t.err = t.seg.Synced()
	}
	return t.err
}

// Written waits until the events are in the file, and is asked in place of
// [Ticket.Synced] where they need not be on disk.
func (t *Ticket) Written() error {
	if !t.asked {
		t.asked = true
		t.err = t.seg.Written()
	}
	return t.err
}

// land takes a ticket out of those in flight, as soon as it is known where its frames are. The mutex is held.
func (t *Ticket) land() {
	s := t.s
	for t.seq != noTicket && t.file == nil && (t.err == nil || errors.Is(t.err, segment.ErrUnknown)) {
		s.q.placed.Wait()
	}
	s.comes(t, -1)
	t.key.users--
	if t.seq == noTicket {
		return
	}
	s.flight[t.seq-s.base] = nil
	n := 0
	for n < len(s.flight) && s.flight[n] == nil {
		n++
	}
	if n == len(s.flight) {
		s.flight = s.flight[:0]
	} else if n > 64 || n > len(s.flight)/2 {
		s.flight = s.flight[:copy(s.flight, s.flight[n:])]
	} else {
		return
	}
	s.base += uint64(n)
	s.unwrit = max(s.unwrit, s.base)
}

// place notes where a ticket's frame stands.
func (t *Ticket) place(i int, at int64, e *entry) {
	e.key, e.file, e.at = t.key, t.file, at
	e.number, e.size, e.doubted = t.spots[i].number, t.spots[i].size, t.spots[i].doubt
	if e.attempted {
		e.key.attempted.set(e.number)
	}
}

// void says of a ticket's frames that nobody waits in them.
func (t *Ticket) void() {
	for _, p := range t.spots {
		t.s.dead(t.key, p.number, t.file, p.size)
	}
}

// done gives a ticket back. The mutex is held.
func (t *Ticket) done() {
	q := t.s.q
	clear(t.entries)
	*t = Ticket{
		entries: t.entries[:0], spots: t.spots[:0], frames: t.frames[:0], sealer: sealer{buf: t.sealer.buf[:0]},
	}
	if len(q.tickets) < 256 && cap(t.frames) <= 64<<10 {
		q.tickets = append(q.tickets, t)
	}
}

// Accept has the events wait for their vendor. [Ticket.Synced] returned nil, and so did whatever else is to be on
// disk before they leave.
func (t *Ticket) Accept() {
	q := t.s.q
	q.mu.Lock()
	defer q.mu.Unlock()
	now := q.clock()
	t.land()
	at := t.at
	for i, e := range t.entries {
		t.place(i, at, e)
		at += int64(e.size)
		e.expires += now
		e.vendor.arrive(e)
	}
	t.done()
}

// Refuse takes the events back: who sent them was not told that they were accepted. It waits until it is known
// where they are. Where they came to disk, a process that dies before the next [Queue.Checkpoint] leaves them
// pending.
func (t *Ticket) Refuse() {
	_ = t.Synced() // whatever became of them
	q := t.s.q
	q.mu.Lock()
	defer q.mu.Unlock()
	t.land()
	t.void()
	for _, e := range t.entries {
		q.slab.give(e)
	}
	t.done()
}

// Add adds events, which wait from [Ticket.Accept] on. It waits for nothing. The error is [ErrFull], [ErrReserve],
// [ErrTooLarge], [ErrClosed], or says why nothing can be written now.
func (q *Queue) Add(events []Event) (*Ticket, error) {
	var room int64
	for i := range events {
		if !events[i].fits() {
			return nil, ErrTooLarge
		}
		room += events[i].size()
	}
	q.mu.Lock()
	if err := q.waiting.refuses(room); err != nil {
		if IsFull(err) {
			q.refused = room
		}
		q.mu.Unlock()
		return nil, err
	}
	q.free -= room
	t := q.waiting.ticket(len(events), room)
	for i := range events {
		e := &events[i]
		one := q.slab.take()
		one.name, one.vendor, one.state = e.Name, q.vendor(e.Vendor), added
		one.time, one.expires = int64(milli(e.Time)), int64(max(e.TTL, time.Millisecond))
		one.order, one.taken, one.attempted, one.judged = e.Order, e.Taken, e.Attempted, e.Judged
		t.spots[i].doubt = e.Attempted
		t.entries = append(t.entries, one)
		q.highest = max(q.highest, e.Name.Hit)
	}
	q.mu.Unlock()
	for i := range events {
		t.seal(i, 0, &events[i])
	}
	if err := t.send(); err != nil {
		t.Refuse()
		if errors.Is(err, segment.ErrClosed) {
			return nil, ErrClosed
		}
		return nil, err
	}
	return t, nil
}
