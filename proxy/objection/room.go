package objection

import (
	"fmt"
	"slices"
)

// reserve is how much room is left on the disk whatever is asked for, in bytes: the ledger and the keys need some, and a commit that fails half
// way would end the taking of objections until a restart.
const reserve = 64 << 20

// turnAway answers requests for which there is too little room on the disk, and returns the others: what changes nothing is acknowledged as
// ever, and what messages become of is noted. Where nobody knows how much room there is, the commit tells.
func (s *Store) turnAway(requests []*request) []*request {
	need := takes(requests, 4<<10)
	free, short := s.short(need)
	if !short {
		s.full.Store(false)
		return requests
	}
	why := fmt.Errorf("%w: %d MiB are free, %d MiB are kept free", ErrFull, free>>20, (reserve+need)>>20)
	return slices.DeleteFunc(requests, func(r *request) bool {
		if r.batch == nil || s.unchanging(r.batch) {
			return false
		}
		s.full.Store(true)
		r.answer(nil, why)
		return true
	})
}

// short tells whether too little room is left for so many bytes, and how much there is.
func (s *Store) short(need int64) (free uint64, short bool) {
	free, err := s.opts.Free()
	return free, err == nil && free < uint64(reserve+need)
}

// Full tells whether something was turned away because there was too little room on the disk, and there still is. LookForRoom keeps it true.
func (s *Store) Full() bool { return s.full.Load() }

// LookForRoom looks whether there is room again, where there was none. It is to be called now and then.
func (s *Store) LookForRoom() {
	if _, short := s.short(0); !short {
		s.full.Store(false)
	}
}

// unchanging tells whether a batch asks for nothing but what stands.
func (s *Store) unchanging(b *Batch) bool {
	if b.Key != "" || b.Progress != nil {
		return false
	}
	for i := range b.Changes {
		c := &b.Changes[i]
		if c.Complaint {
			return false
		}
		for j := range c.Subjects {
			stands, err := s.Standing(c.Subjects[j : j+1])
			if err != nil || !c.Stands(stands) {
				return false
			}
		}
	}
	return true
}
