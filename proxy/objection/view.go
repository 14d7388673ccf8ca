package objection

import (
	"sync/atomic"

	bolt "go.etcd.io/bbolt"
)

// view is a read transaction that all who look up on disk share, from one commit to the next:
// beginning one of one's own takes a lock that the writer holds while it sorts its free pages. It is
// rolled back by whoever lets go of it last.
//
// A transaction keeps the file from being mapped anew. Where a commit might make the file outgrow its map, there is
// therefore none to share (unshared), and whoever looks up begins one of his own.
//
// bbolt does not promise that goroutines may share a transaction. They may here: a read-only one has no caches of its
// own, Get makes a cursor for each call, and the only thing written are counters, atomically. The tests look up
// concurrently under the race detector.
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
func (f *dataFile) held() (*view, error) {
	for {
		v := f.view.Load()
		switch {
		case v == nil:
			return nil, ErrClosed
		case v == unshared:
			v, err := newView(f.db)
			return v, whyNot(err)
		case v.hold():
			return v, nil
		}
	}
}

// renew begins a new view, so that what was committed can be read.
func (f *dataFile) renew() error {
	v, err := newView(f.db)
	if err != nil {
		return err
	}
	if used := v.tx.Size(); used+min(1<<30, f.mapped/8) >= f.mapped {
		v.release()
		v = unshared
	}
	f.show(v)
	return nil
}

// show puts a view in the place of the last one.
func (f *dataFile) show(v *view) {
	if old := f.view.Swap(v); old != nil && old != unshared {
		old.release()
	}
}

// makeRoom ends the sharing of views if what a group of requests writes, and for so many subjects besides, might make a
// file of that size outgrow its map.
func (f *dataFile) makeRoom(used int64, requests []*request, more int) {
	// 16 KiB are more than a record, an entry or a message ever changes, with the pages above.
	const page = 16 << 10
	if used+takes(requests, page)+page*perFollower*int64(more) >= f.mapped {
		f.show(unshared)
	}
}
