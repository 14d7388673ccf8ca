package objection

import (
	"fmt"
	"runtime/debug"
	"sync/atomic"

	bolt "go.etcd.io/bbolt"
)

// view is a read transaction that all who look up on disk share, from one commit to the next: beginning one of one's own takes a lock that
// the writer holds while it sorts its free pages. It is rolled back by whoever lets go of it last.
//
// A transaction keeps the file from being mapped anew. Where a commit might make the file outgrow its map, there is therefore none to share
// (unshared), and whoever looks up begins one of his own.
//
// bbolt does not promise that goroutines may share a transaction. They may here: a read-only one has no caches of its own, Get makes a
// cursor for each call, and the only thing written are counters, atomically. The tests look up concurrently under the race detector.
type view struct {
	tx       *bolt.Tx
	subjects *bolt.Bucket
	holders  atomic.Int64 // the store is one; at zero it is over
}

// unshared stands for a view that everybody begins himself.
var unshared = &view{}

func newView(db *bolt.DB) (*view, error) {
	tx, err := db.Begin(false)
	if err != nil {
		return nil, err
	}
	v := &view{tx: tx, subjects: tx.Bucket(bucketSubjects)}
	v.holders.Store(1)
	return v, nil
}

// hold tells whether the view may be used, until release.
func (v *view) hold() bool {
	for {
		n := v.holders.Load()
		if n <= 0 {
			return false
		}
		if v.holders.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

func (v *view) release() {
	if v.holders.Add(-1) == 0 {
		_ = v.tx.Rollback() // of a transaction that only read
	}
}

// held returns the view of the last commit, held.
func (s *Store) held() (*view, error) {
	for {
		v := s.view.Load()
		switch {
		case v == nil:
			return nil, ErrClosed
		case v == unshared:
			v, err := newView(s.db)
			return v, s.whyNot(err)
		case v.hold():
			return v, nil
		}
	}
}

// renew begins a new view, so that what was committed can be read.
func (s *Store) renew() error {
	v, err := newView(s.db)
	if err != nil {
		return err
	}
	if used := v.tx.Size(); used+min(1<<30, s.mapped/8) >= s.mapped {
		v.release()
		v = unshared
	}
	s.show(v)
	return nil
}

// show puts a view in the place of the last one.
func (s *Store) show(v *view) {
	if old := s.view.Swap(v); old != nil && old != unshared {
		old.release()
	}
}

// makeRoom ends the sharing of views if what a group of requests writes might make a file of that size outgrow its map.
func (s *Store) makeRoom(used int64, requests []*request) {
	// 16 KiB are more than a record, an entry or a message ever changes, with the pages above.
	if used+takes(requests, 16<<10) >= s.mapped {
		s.show(unshared)
	}
}

// takes is how many bytes of the file requests take, where each thing that is put takes a page.
func takes(requests []*request, page int64) (need int64) {
	for _, r := range requests {
		if r.batch == nil {
			need += page * int64(len(r.settle))
			continue
		}
		for i := range r.batch.Changes {
			c := &r.batch.Changes[i]
			need += page * int64(2+len(c.Subjects)+len(c.Outbox))
			for j := range c.Outbox {
				need += 2 * int64(len(c.Outbox[j].Body))
			}
		}
	}
	return need
}

// guarded calls f, and returns as ErrDamaged what bbolt panics with, and what the kernel signals where a page of the map cannot be read.
func guarded(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if why := recover(); why != nil {
			err = fmt.Errorf("%w: %v", ErrDamaged, why)
		}
	}()
	return f()
}

// lookOnDisk is the way of a look-up that memory cannot answer.
func (s *Store) lookOnDisk(hash [16]byte, generation uint64) (Scopes, error) {
	v, err := s.held()
	if err != nil {
		return Scopes{}, err
	}
	defer v.release()
	var scopes Scopes
	err = guarded(func() error {
		value := v.subjects.Get(hash[:])
		if value == nil {
			return nil
		}
		r, err := parseRecord(hash[:], value)
		scopes = r.scopes
		return err
	})
	if err != nil {
		return Scopes{}, err
	}
	s.recent.keep(hash, scopes, generation)
	return scopes, nil
}

// read calls f in a read transaction of its own.
func (s *Store) read(f func(tx *bolt.Tx) error) error {
	if s.closed.Load() {
		return ErrClosed
	}
	tx, err := s.db.Begin(false)
	if err != nil {
		return s.whyNot(err)
	}
	defer func() { _ = tx.Rollback() }()
	return guarded(func() error { return f(tx) })
}
