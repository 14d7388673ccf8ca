package queue

import "github.com/tagwarden/tagwarden/proxy/pace"

// Of a file's bytes, one part in so many may be left before they are copied: in general, and where room is needed.
const (
	fewLeft  = 10
	halfLeft = 2
)

// thin copies what is left of a file of which little is left, so that it can be deleted.
func (s *store) thin() error {
	q := s.q
	now := s.w.File()
	q.mu.Lock()
	few := int64(fewLeft)
	size := q.opts.Size
	if s.parks {
		size = q.opts.ParkSize
	}
	short := s.bytes > size/10*8 || q.opts.Free != nil && q.free < size/10
	if short {
		few = halfLeft
	}
	var old []*file
	for _, one := range s.files {
		if one.live > 0 && one.first < now.First && one.bytes < one.size/few &&
			(short || q.clock()-one.begun >= int64(q.opts.Settle)) && !s.lands(one) {
			old = append(old, one)
		}
	}
	q.mu.Unlock()
	for _, f := range old {
		if n, err := s.copy(f); n > 0 || err != nil {
			return err
		}
	}
	return nil
}

// mostCopied is how many bytes are copied at once.
const mostCopied = 4 << 20

// copy copies events of a file to the one that is written, and returns how many. Those that are under way end soon.
func (s *store) copy(f *file) (n int, err error) {
	q := s.q
	q.mu.Lock()
	var those []*entry
	var room int64
	left := f.live
	for e := range s.pending() {
		if e.file != f {
			continue
		}
		if e.state != underWay && !e.moving && room < mostCopied {
			e.moving = true
			those = append(those, e)
			room += int64(e.size)
		}
		if left--; left == 0 {
			break
		}
	}
	if len(those) == 0 {
		q.mu.Unlock()
		return 0, nil
	}
	var copied []*entry
	t := s.ticket(len(those), room)
	q.mu.Unlock()
	var whole []spot
	step := pace.Steps(q.stop, ErrClosed)
	for i, e := range those {
		before := len(t.frames)
		if t.again(i, e) {
			copied = append(copied, e)
			whole = append(whole, t.spots[i])
		} else {
			q.mu.Lock()
			t.key.ended.set(t.spots[i].number)
			q.mu.Unlock()
		}
		_ = step(len(t.frames) - before) // what is to end meanwhile is copied without rests
	}
	t.spots = whole
	if t.seq = noTicket; len(whole) > 0 {
		if err = t.send(); err == nil {
			err = t.Synced()
		}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	t.land()
	at := t.at
	for i, e := range copied {
		switch size := t.spots[i].size; {
		case err != nil:
			s.dead(t.key, t.spots[i].number, t.file, size)
		case e.state == ended || s.parks != (e.reason != 0):
			s.dead(t.key, t.spots[i].number, t.file, size)
		default:
			s.dead(e.key, e.number, e.file, e.size)
			t.place(i, at, e)
		}
		at += int64(t.spots[i].size)
	}
	for _, e := range those {
		if e.moving = false; e.state == ended {
			q.slab.give(e)
		}
	}
	t.done()
	q.placed.Broadcast()
	return len(copied), err
}

// again seals a waiting event once more, as it stands, for a ticket's spot. What cannot be read stays where it is.
func (t *Ticket) again(i int, e *entry) bool {
	q := t.s.q
	q.mu.Lock()
	f, k, size, at := e.file, e.key, int(e.size), e.at
	h := e.head()
	doubt := e.attempted
	err := f.open()
	reader := f.reader
	q.mu.Unlock()
	if err != nil {
		return false
	}
	frame := make([]byte, size)
	if _, err := reader.ReadAt(frame, at); err != nil {
		return false
	}
	there, sealed, ok := readFrame(frame[framing:])
	if !ok || there != h {
		return false
	}
	var nonce [12]byte
	plain, err := open(k.aead, &nonce, &h, frame[framing:], sealed)
	if err != nil {
		return false
	}
	h.key, h.number, h.doubt = t.key.id, t.spots[i].number, doubt
	t.spots[i].doubt = doubt
	from := len(t.frames)
	t.sealer.buf = append(h.append(t.sealer.buf[:0]), plain...)
	t.frames = t.sealer.sealed(t.frames, t.key.aead, &h)
	t.spots[i].size = uint32(len(t.frames) - from)
	return true
}

// pending goes over the entries of a store. The mutex is held.
func (s *store) pending() func(yield func(*entry) bool) {
	return func(yield func(*entry) bool) {
		for _, v := range s.q.vendors {
			l := &v.waiting
			if s.parks {
				l = &v.parked
			}
			for e := l.oldest; e != nil; e = e.newer {
				if !yield(e) {
					return
				}
			}
		}
	}
}
