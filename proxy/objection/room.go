package objection

import (
	"fmt"
	"slices"
	"sync/atomic"
	"syscall"

	bolt "go.etcd.io/bbolt"
)

// reserve is how much room is left on the disk whatever is asked for, in bytes: the ledger and the keys need some, and
// a commit that fails half way would end the taking of objections until a restart.
const reserve = 64 << 20

// room is how much room there is on the disk.
type room struct {
	free func() (uint64, error)
	full atomic.Bool // something was turned away, and there is too little room still
}

// turnAway answers requests for which there is too little room on the disk, and returns the others: what
// changes nothing is acknowledged as ever, and what messages become of is noted. Where nobody knows how
// much room there is, the commit tells.
func (r *room) turnAway(requests []*request, unchanging func(*Batch) bool) []*request {
	need := takes(requests, 4<<10)
	free, short := r.short(need)
	if !short {
		r.full.Store(false)
		return requests
	}
	why := fmt.Errorf("%w: %d MiB are free, %d MiB are kept free", ErrFull, free>>20, (reserve+need)>>20)
	return slices.DeleteFunc(requests, func(one *request) bool {
		switch {
		case one.order != nil: // none of them is left out: they come again
			r.full.Store(true)
			one.order.done <- why
			return true
		case one.batch == nil && one.notice == nil && one.follows == nil && one.keeps == nil && one.untold == nil,
			one.batch != nil && unchanging(one.batch):
			return false
		case one.follows == nil && one.keeps == nil: // these are seen again
			r.full.Store(true)
		}
		one.answer(nil, why)
		return true
	})
}

// short tells whether too little room is left for so many bytes, and how much there is.
func (r *room) short(need int64) (free uint64, short bool) {
	free, err := r.free()
	return free, err == nil && free < uint64(reserve+need)
}

// Full tells whether something was turned away because there was too little room on the disk, and
// there still is. LookForRoom keeps it true.
func (s *Store) Full() bool { return s.room.full.Load() }

// LookForRoom looks whether there is room again, where there was none. It is to be called now and then.
func (s *Store) LookForRoom() {
	if _, short := s.room.short(0); !short {
		s.room.full.Store(false)
	}
}

// unchanging tells whether a batch asks for nothing but what stands already, by acts of the same holders.
func (w *writer) unchanging(b *Batch) bool {
	if b.Key != "" || b.Progress != nil || len(b.Tallies) > 0 {
		return false
	}
	for i := range b.Changes {
		c := &b.Changes[i]
		if c.Complaint || c.apart() {
			return false
		}
		for j := range c.Subjects {
			if !w.stands(c, &c.Subjects[j]) {
				return false
			}
		}
	}
	return true
}

// stands tells whether a change leaves the acts of a subject as they are.
func (w *writer) stands(c *Change, of *Subject) bool {
	hash, ask := &of.Hash, alteration{holder: c.Holder, every: c.EveryAct}
	ask.all, ask.takeBack = w.scopes.takenBack(c.TakeBack)
	for _, scope := range c.Object {
		n, ok := w.scopes.numbers[scope]
		if !ok {
			return false
		}
		ask.object = insert(ask.object, markOf(n, c.Restriction))
	}
	var acts []act
	err := w.store.file.read(func(tx *bolt.Tx) error {
		value := tx.Bucket(bucketSubjects).Get(hash[:])
		if value == nil {
			return nil
		}
		r, err := parseRecord(hash[:], value)
		acts = r.acts
		return err
	})
	if of.known() {
		ask.object = nil
	}
	_, changed := ask.apply(acts, new(effect))
	decided := len(c.Object) > 0 && len(w.store.table.Load().by[*hash]) > 0 // which it may end
	return err == nil && !changed && !decided
}

// takes is how many bytes of the file requests take, where each thing that is put takes a page.
func takes(requests []*request, page int64) (need int64) {
	for _, r := range requests {
		need += page * int64(len(r.ack))
		if r.notice != nil {
			need += page + messagesTake(r.notice.Messages, page)
		}
		for i := range r.follows {
			need += page * (2 + perFollower*int64(len(r.follows[i].Seen)))
		}
		need += page * perFollower * int64(len(r.keeps))
		if r.untold != nil {
			need += page + 4*int64(len(r.untold.text)) // here, and where its turn has come
		}
		if r.batch == nil {
			continue
		}
		need += page * int64(len(r.batch.Tallies))
		for i := range r.batch.Changes {
			c := &r.batch.Changes[i]
			need += page*int64(2+len(c.Subjects)) + messagesTake(c.Outbox, page)
		}
	}
	return need
}

func messagesTake(messages []Message, page int64) (need int64) {
	for i := range messages {
		need += page + 2*int64(len(messages[i].Body))
	}
	return need
}

// FreeOn is how many bytes are free, to those who are not root, on the file system of a folder.
func FreeOn(dir string) (uint64, error) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return 0, fmt.Errorf("cannot tell how much room is left on the disk: %w", err)
	}
	return uint64(fs.Bavail) * uint64(fs.Bsize), nil
}
