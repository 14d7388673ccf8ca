package queue

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// tend looks after the files until the queue is closed.
func (q *Queue) tend() {
	defer q.over.Done()
	t := time.NewTicker(q.opts.Tend)
	defer t.Stop()
	for {
		select {
		case <-q.stop:
			return
		case <-t.C:
		case <-q.kicked:
		}
		_ = q.Tend() // what failed is tried again
	}
}

// Tend looks how much room there is; begins a file where the one that is written is long or old; deletes those whose events
// have ended, and their keys; and copies the last few events of old ones.
func (q *Queue) Tend() error {
	q.tending.Lock()
	defer q.tending.Unlock()
	q.look()
	var err error
	for _, s := range []*store{q.waiting, q.parked} {
		err = errors.Join(err, s.roll(), s.clear(), s.thin())
	}
	return err
}

// look looks how much room there is on the disk.
func (q *Queue) look() {
	if q.opts.Free == nil {
		return
	}
	free, err := q.opts.Free()
	q.mu.Lock()
	defer q.mu.Unlock()
	if err != nil { // the writer finds out
		q.free = math.MaxInt64
		return
	}
	q.free = int64(min(free, math.MaxInt64)) - q.opts.Reserve
}

// roll begins another file below another key.
func (s *store) roll() error {
	q := s.q
	now := s.w.File()
	q.mu.Lock()
	f := s.fileAt(now.Path, now.First)
	if now.N == 0 {
		f.begun = q.clock()
	}
	old := q.clock()-f.begun >= int64(q.opts.Seal)
	q.mu.Unlock()
	if now.N == 0 || now.Size < q.opts.File && !old {
		return nil
	}
	k, err := s.newKey()
	if err != nil {
		return err
	}
	if _, err := s.w.Roll(); err != nil && s.w.File().First == now.First {
		return errors.Join(err, s.shred(k))
	}
	now = s.w.File()
	q.mu.Lock()
	s.fileAt(now.Path, now.First)
	s.keys[k.id], s.key = k, k
	q.mu.Unlock()
	return nil
}

// clear deletes files in which no event is pending, and the keys that are needed no more.
func (s *store) clear() error {
	q := s.q
	now := s.w.File()
	var over []*file
	q.mu.Lock()
	for _, f := range s.files {
		if f.live == 0 && f.reads == 0 && !f.held && f.first < now.First && !s.lands(f) {
			over = append(over, f)
		}
	}
	q.mu.Unlock()
	var errs error
	if len(over) > 0 {
		if err := q.opts.Recorded(); err != nil {
			return fmt.Errorf("files whose events have ended stay until that is on disk: %w", err)
		}
	}
	for _, f := range over {
		if err := q.files.Remove(f.path); err != nil {
			errs = errors.Join(errs, fmt.Errorf("cannot delete a file whose events have ended: %w", err))
			continue
		}
		q.mu.Lock()
		s.drop(f)
		for i := range s.files {
			if s.files[i] == f {
				s.files = append(s.files[:i], s.files[i+1:]...)
				break
			}
		}
		q.mu.Unlock()
	}
	return errors.Join(errs, s.shredAll())
}

// lands tells whether a ticket in flight has frames in a file. The mutex is held.
func (s *store) lands(f *file) bool {
	for _, t := range s.flight {
		if t != nil && t.file == f {
			return true
		}
	}
	return false
}

// shredAll takes the keys away whose frames are gone.
func (s *store) shredAll() error {
	var over []*key
	s.q.mu.Lock()
	for _, k := range s.keys {
		if k.files == 0 && k.users == 0 && k != s.key {
			over = append(over, k)
		}
	}
	s.q.mu.Unlock()
	var errs error
	for _, k := range over {
		if err := s.shred(k); err != nil {
			errs = errors.Join(errs, err)
			continue
		}
		s.q.mu.Lock()
		delete(s.keys, k.id)
		s.q.mu.Unlock()
	}
	return errs
}

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
	var f *file
	for _, one := range s.files {
		if one.live > 0 && one.first < now.First && one.bytes < one.size/few &&
			(short || q.clock()-one.begun >= int64(q.opts.Settle)) && !s.lands(one) {
			f = one
			break
		}
	}
	q.mu.Unlock()
	if f == nil {
		return nil
	}
	return s.copy(f)
}

// mostCopied is how many bytes are copied at once.
const mostCopied = 4 << 20

// copy copies events of a file to the one that is written. Those that are under way end soon.
func (s *store) copy(f *file) error {
	q := s.q
	q.mu.Lock()
	var those []*entry
	var room int64
	for e := range s.pending() {
		if e.file == f && e.state != underWay && e.state != added && !e.moving && room < mostCopied {
			e.moving = true
			those = append(those, e)
			room += int64(e.size)
		}
	}
	if len(those) == 0 {
		q.mu.Unlock()
		return nil
	}
	var copied []*entry
	t := s.ticket(len(those), room)
	q.mu.Unlock()
	var whole []spot
	for i, e := range those {
		if t.again(i, e) {
			copied = append(copied, e)
			whole = append(whole, t.spots[i])
		} else {
			q.mu.Lock()
			t.key.ended.set(t.spots[i].number)
			q.mu.Unlock()
		}
	}
	t.spots = whole
	var err error
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
	return err
}

// again seals a waiting event once more, as it stands, for a ticket's spot. What cannot be read stays where it is.
func (t *Ticket) again(i int, e *entry) bool {
	q := t.s.q
	q.mu.Lock()
	f, k, size, at := e.file, e.key, int(e.size), e.at
	h := frameHead{k.id, e.number, e.round, e.name}
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
	h.key, h.number = t.key.id, t.spots[i].number
	from := len(t.frames)
	t.sealer.buf = append(h.append(t.sealer.buf[:0]), plain...)
	t.frames = t.sealer.sealed(t.frames, t.key.aead, &h)
	t.spots[i].size = uint32(len(t.frames) - from)
	return true
}

// pending goes over all entries of a store. The mutex is held.
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
