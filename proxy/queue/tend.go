package queue

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
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

// Tend looks how much room there is; begins a file where the one that is written is long or old; deletes those
// whose events have ended, and their keys; and copies the last few events of old ones.
func (q *Queue) Tend() error {
	q.tending.Lock()
	defer q.tending.Unlock()
	look(q)
	q.watch()
	var err error
	for _, s := range []*store{q.waiting, q.parked} {
		err = errors.Join(err, s.roll(), s.confirm(), s.clear(), s.thin())
	}
	return err
}

// look looks how much room there is on the disk.
func look(q *Queue) {
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

// watch looks whether what is written, and its keys, lie where the next start finds them.
func (q *Queue) watch() {
	var taken error
	for _, s := range []*store{q.waiting, q.parked} {
		err := s.w.Present()
		if err == nil {
			q.mu.Lock()
			path := s.key.path(s.keyDir)
			q.mu.Unlock()
			_, err = os.Lstat(path)
		}
		if err != nil {
			taken = fmt.Errorf("%w: %w", ErrTaken, err)
		}
	}
	q.mu.Lock()
	q.taken = taken
	q.mu.Unlock()
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

// confirm has keys be called what they are for good below which frames were written.
func (s *store) confirm() error {
	var used []*key
	s.q.mu.Lock()
	for _, k := range s.keys {
		if k.suffix == comingSuffix && k.files > 0 {
			used = append(used, k)
		}
	}
	s.q.mu.Unlock()
	for _, k := range used {
		if err := s.renameKey(k, keySuffix); err != nil {
			return err
		}
	}
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
	if err := s.announce(over); err != nil {
		return err
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

// announce has the keys be called otherwise of which no file is left when some are deleted.
func (s *store) announce(over []*file) error {
	left := map[*key]int{}
	s.q.mu.Lock()
	for _, f := range over {
		for _, k := range f.keys {
			left[k]++
		}
	}
	maps.DeleteFunc(left, func(k *key, n int) bool { return n < k.files })
	for _, k := range s.keys { // those of files in which nothing was written, too
		if k.unused() {
			left[k] = 0
		}
	}
	maps.DeleteFunc(left, func(k *key, _ int) bool { return k == s.key || k.lost })
	s.q.mu.Unlock()
	for k := range left {
		if err := s.renameKey(k, goingSuffix); err != nil {
			return err
		}
	}
	return nil
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
		if k.unused() && k != s.key {
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
