package rarity

import "sync/atomic"

// The tables are open-addressing ones over hashes, which are spread evenly already, with a bound: three in four
// slots are used, then nothing new is taken.

// full is how many of so many slots are used at most.
func full(slots int) int { return slots / 4 * 3 }

// counts are numbers by hash. One goroutine adds, any number of them look.
type counts struct {
	ids []atomic.Uint64 // 0: free
	n   []atomic.Uint32
	len int // of the adding goroutine
}

func newCounts(slots int) *counts {
	return &counts{ids: make([]atomic.Uint64, slots), n: make([]atomic.Uint32, slots)}
}

// slot is where a hash is, or would be.
func (c *counts) slot(id uint64) (at int, there bool) {
	mask := len(c.ids) - 1
	for at = int(id) & mask; ; at = (at + 1) & mask {
		switch c.ids[at].Load() {
		case id:
			return at, true
		case 0:
			return at, false
		}
	}
}

// of is the number of a hash.
func (c *counts) of(id uint64) int {
	if c == nil {
		return 0
	}
	at, _ := c.slot(id)
	return int(c.n[at].Load())
}

// room tells whether a hash is there or may be added.
func (c *counts) room(id uint64) bool {
	_, there := c.slot(id)
	return there || c.len < full(len(c.ids))
}

// add counts a hash once more. There must be room.
func (c *counts) add(id uint64) {
	at, there := c.slot(id)
	c.n[at].Add(1)
	if !there {
		c.len++
		c.ids[at].Store(id)
	}
}

// shared are those that are more than 1.
func (c *counts) shared() map[uint64]uint16 {
	all := map[uint64]uint16{}
	if c == nil {
		return all
	}
	for at := range c.ids {
		if n := c.n[at].Load(); n > 1 {
			all[c.ids[at].Load()] = uint16(n)
		}
	}
	return all
}

// set is a set of hashes. It is of one goroutine.
type set struct {
	ids []uint64
	len int
}

func newSet(slots int) set { return set{ids: make([]uint64, slots)} }

func (s *set) slot(id uint64) int {
	mask := len(s.ids) - 1
	at := int(id) & mask
	for s.ids[at] != 0 && s.ids[at] != id {
		at = (at + 1) & mask
	}
	return at
}

func (s *set) has(id uint64) bool { return s.ids[s.slot(id)] == id }

// add takes a hash that is not there yet; false where it is full.
func (s *set) add(id uint64) bool {
	if s.len >= full(len(s.ids)) {
		return false
	}
	s.len++
	s.ids[s.slot(id)] = id
	return true
}

// tally is a number by hash. It is of one goroutine.
type tally struct {
	set
	n []uint16
}

func newTally(slots int) tally { return tally{newSet(slots), make([]uint16, slots)} }

// more counts a hash once more; false where it was counted so often already, or where it is new and does not fit.
func (t *tally) more(id uint64, most uint16) bool {
	if !t.has(id) && !t.add(id) {
		return false
	}
	at := t.slot(id)
	if t.n[at] >= most {
		return false
	}
	t.n[at]++
	return true
}
